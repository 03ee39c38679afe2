"""Which state of maintenance may follow which, and what the clock brings about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from majorops.domain.enums import MaintenanceStatus as S
from majorops.domain.enums import Repeat
from majorops.domain.maintenance import (
    NEXT,
    due,
    move_refusal,
    next_occurrence,
    occurrence,
    repeat_errors,
    time_errors,
)

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize(("status", "to"), list(product(S, S)))
def test_moves(status, to):
    allowed = {
        (S.PLANNED, S.RUNNING),
        (S.PLANNED, S.CANCELLED),
        (S.RUNNING, S.VERIFYING),
        (S.RUNNING, S.DONE),
        (S.VERIFYING, S.DONE),
        (S.VERIFYING, S.RUNNING),
    }
    refusal = move_refusal(status, to)
    assert (refusal == "") == ((status, to) in allowed)
    assert refusal == "" or refusal.startswith(f"It is {status.label.lower()}.")
    assert set(NEXT) == set(S)


@pytest.mark.parametrize(
    ("starts", "ends", "wrong"),
    [
        (HOUR, 2 * HOUR, set()),
        (-HOUR, HOUR, set()),  # begun already, entered late
        (HOUR, HOUR + 14 * DAY, set()),
        (HOUR, HOUR + 14 * DAY + timedelta(seconds=1), {"ends_at"}),
        (366 * DAY, 367 * DAY, set()),
        (367 * DAY, 368 * DAY, {"starts_at"}),
        (HOUR, HOUR, {"ends_at"}),
        (2 * HOUR, HOUR, {"ends_at"}),
        (-2 * HOUR, timedelta(), {"ends_at"}),
        (None, HOUR, {"starts_at"}),
        (HOUR, None, {"ends_at"}),
        (None, None, {"starts_at", "ends_at"}),
    ],
)
def test_times(starts, ends, wrong):
    moments = [None if one is None else NOW + one for one in (starts, ends)]
    assert set(time_errors(*moments, NOW)) == wrong


@pytest.mark.parametrize(
    ("status", "is_automatic", "minutes", "to"),
    [
        (S.PLANNED, True, -1, None),
        (S.PLANNED, True, 0, S.RUNNING),
        (S.PLANNED, True, 59, S.RUNNING),
        (S.PLANNED, True, 60, S.DONE),  # nobody was there at all
        (S.PLANNED, False, 0, None),
        (S.PLANNED, False, 600, None),
        (S.RUNNING, True, -30, None),  # begun early by hand, or the clock stepped back
        (S.RUNNING, True, 59, None),
        (S.RUNNING, True, 60, S.DONE),
        (S.RUNNING, False, 600, None),
        (S.VERIFYING, True, 30, None),
        (S.VERIFYING, True, 60, S.DONE),
        (S.DONE, True, 0, None),
        (S.CANCELLED, True, 30, None),
        (S.CANCELLED, True, 600, None),
    ],
)
def test_what_the_clock_calls_for(status, is_automatic, minutes, to):
    assert due(status, is_automatic, NOW, NOW + HOUR, NOW + timedelta(minutes=minutes)) is to


MONDAY = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "repeats", "every", "number", "expected"),
    [
        (MONDAY, Repeat.WEEKS, 1, 1, "2026-11-30T22:00"),
        (MONDAY, Repeat.WEEKS, 3, 2, "2027-01-04T22:00"),
        (MONDAY, Repeat.MONTHS, 1, 2, "2027-01-23T22:00"),
        (datetime(2027, 1, 31, 22, tzinfo=UTC), Repeat.MONTHS, 1, 1, "2027-02-28T22:00"),
        (datetime(2027, 1, 31, 22, tzinfo=UTC), Repeat.MONTHS, 1, 2, "2027-03-31T22:00"),
        (datetime(2027, 10, 31, 22, tzinfo=UTC), Repeat.MONTHS, 4, 1, "2028-02-29T22:00"),
    ],
)
def test_when_it_comes_again(first, repeats, every, number, expected):
    assert occurrence(first, repeats, every, number) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_what_was_missed_is_left_out():
    rule = (MONDAY, Repeat.WEEKS, 1)
    assert next_occurrence(*rule, 0, MONDAY) == 1
    assert next_occurrence(*rule, 0, MONDAY + timedelta(days=30)) == 5
    assert next_occurrence(*rule, 7, MONDAY) == 8  # cancelled long before: not the same one again


@pytest.mark.parametrize(
    ("repeats", "every", "hours", "sentence"),
    [
        (Repeat.WEEKS, 0, 1, "A number of weeks from 1 to 52."),
        (Repeat.WEEKS, 53, 1, "A number of weeks from 1 to 52."),
        (Repeat.MONTHS, None, 1, "A number of months from 1 to 12."),
        (Repeat.WEEKS, 1, 7 * 24 + 1, "It has to end before the next one begins."),
        (Repeat.WEEKS, 1, 7 * 24, None),
        (Repeat.NEVER, None, 1, None),
    ],
)
def test_a_rule_that_cannot_be(repeats, every, hours, sentence):
    errors = repeat_errors(repeats, every, MONDAY, MONDAY + timedelta(hours=hours))
    assert errors.get("repeat_every") == sentence
