"""What counts as down-time, in one table, and how a system was day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from majorops.domain.enums import SystemStatus as S
from majorops.domain.uptime import COUNTS, MARKS, Mark, Span, days_with_incidents, down_in, percentage

DAY = datetime(2026, 11, 17, tzinfo=UTC)
FIRST, LAST = DAY - timedelta(days=10), DAY + timedelta(days=10)


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


@pytest.mark.parametrize(
    ("status", "mark", "down"),
    [
        (S.OPERATIONAL, Mark.MINOR, 0),  # three hours of a Low leave their mark, and count for nothing
        (S.UNKNOWN, Mark.MINOR, 0),
        (S.DEGRADED, Mark.DEGRADED, 0),
        (S.PARTIAL, Mark.PARTIAL, 0.9),
        (S.MAJOR, Mark.MAJOR, 3),
    ],
)
def test_three_hours_of_each(status, mark, down):
    found = days_with_incidents([Span(at(1), at(4), status, 7)], FIRST, LAST)
    assert set(found) == {DAY.date()}
    one = found[DAY.date()]
    assert (one.mark, one.lasted, one.down, one.incidents) == (mark, hours(3), hours(down), (7,))


@pytest.mark.parametrize(
    ("spans", "lasted", "down"),
    [
        ([(0, 4, S.MAJOR), (2, 6, S.MAJOR)], 6, 6),  # never twice
        ([(0, 4, S.PARTIAL), (2, 6, S.MAJOR)], 6, 4.6),  # the worst of each moment
        ([(0, 1, S.MAJOR), (5, 6, S.MAJOR)], 2, 2),  # not what lies between
        ([(0, 6, S.OPERATIONAL), (1, 2, S.MAJOR)], 6, 1),
    ],
)
def test_what_overlaps_counts_once(spans, lasted, down):
    given = [Span(at(start), at(end), status, n) for n, (start, end, status) in enumerate(spans)]
    one = days_with_incidents(given, FIRST, LAST)[DAY.date()]
    assert (one.lasted, one.down) == (hours(lasted), hours(down))


def test_a_span_is_parted_at_midnight_and_cut_to_the_time_asked_for():
    found = days_with_incidents([Span(at(-3), at(50), S.MAJOR, 1)], at(-1), at(30))
    assert {day: one.lasted for day, one in found.items()} == {
        date(2026, 11, 16): hours(1),
        date(2026, 11, 17): hours(24),
        date(2026, 11, 18): hours(6),
    }
    assert days_with_incidents([Span(at(0), at(24), S.MAJOR, 1)], FIRST, LAST).keys() == {DAY.date()}
    assert days_with_incidents([Span(at(0), at(1), S.MAJOR, 1)], at(2), LAST) == {}


def test_a_moment_leaves_its_mark():
    assert (
        days_with_incidents([Span(at(1), at(1), S.PARTIAL, 1)], FIRST, LAST)[DAY.date()].mark is Mark.PARTIAL
    )


@pytest.mark.parametrize(
    ("down", "known", "shown"),
    [
        (timedelta(0), hours(24), 100.0),
        (timedelta(seconds=1), timedelta(days=90), 99.99),  # what was not whole is never 100
        (hours(6), hours(24), 75.0),
        (hours(24), hours(24), 0.0),
        (timedelta(0), timedelta(0), None),
    ],
)
def test_percentages_are_cut_and_never_flatter(down, known, shown):
    assert percentage(down, known) == shown


def test_every_status_has_its_share_and_its_mark():
    assert set(COUNTS) == set(MARKS) == set(S)


def test_periods_by_hand():
    periods = [(at(0), at(10)), (at(10), at(24)), (at(30), at(40))]
    spans = [(at(-5), at(2), 100), (at(8), at(12), 30), (at(11), at(13), 100), (at(23), at(31), 100)]
    assert down_in(spans, periods) == [hours(2 + 0.6), hours(0.3 + 2 + 1), hours(1)]
    assert down_in([], periods) == [hours(0)] * 3


@pytest.mark.parametrize("seed", range(20))
def test_months_have_the_down_time_of_their_days(seed):
    random = Random(seed)
    spans = []
    for number in range(random.randrange(1, 40)):
        start = FIRST + timedelta(minutes=random.randrange(-3000, 30000))
        end = start + timedelta(minutes=random.choice([0, 5, 90, 3000]))
        spans.append(Span(start, end, random.choice(list(COUNTS)), number))
    days = days_with_incidents(spans, FIRST, LAST)
    middle = FIRST + timedelta(days=9)
    expected = [
        sum((one.down for day, one in days.items() if (day < middle.date()) is is_first), timedelta(0))
        for is_first in (True, False)
    ]
    counting = [(span.start, span.end, COUNTS[span.status]) for span in spans if COUNTS[span.status]]
    assert down_in(counting, [(FIRST, middle), (middle, LAST)]) == expected
