"""Events that repeat, by the clock on the wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from majorops.domain.recurring import Every, starts

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 10, 19, 9, tzinfo=BERLIN)
SINCE, BEFORE = datetime(2026, 10, 19, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC)


def days(every: Every | None) -> list[str]:
    return [f"{at:%d %H:%M}" for at in starts(MONDAY, every, SINCE, BEFORE)]


def test_a_shift_begins_at_nine_in_summer_and_in_winter():
    found = starts(MONDAY, Every("WEEKLY"), SINCE, BEFORE)
    assert [f"{at:%m-%d %H:%M}" for at in found] == ["10-19 09:00", "10-26 09:00", "11-02 09:00"]
    assert [at.astimezone(UTC).hour for at in found] == [7, 8, 8]


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (None, ["19 09:00"]),
        (Every("MONTHLY"), ["19 09:00"]),
        (Every("DAILY", interval=0), ["19 09:00"]),
        (Every("WEEKLY", interval=2), ["19 09:00", "02 09:00"]),
        (Every("WEEKLY", count=2), ["19 09:00", "26 09:00"]),
        (Every("WEEKLY", until=MONDAY + timedelta(days=7)), ["19 09:00", "26 09:00"]),
        (Every("WEEKLY", without=frozenset({MONDAY + timedelta(days=7)})), ["19 09:00", "02 09:00"]),
        (Every("WEEKLY", count=3, days=("MO", "FR")), ["19 09:00", "23 09:00", "26 09:00"]),
        (Every("DAILY", count=3, days=("SA", "SU")), ["24 09:00", "25 09:00", "31 09:00"]),
        (Every("WEEKLY", interval=1_000, days=("XX",)), ["19 09:00"]),
    ],
)
def test_how_it_repeats(every, expected):
    assert days(every) == expected


def test_what_began_long_ago_is_not_gone_through():
    long_ago = datetime(1970, 1, 5, 9, tzinfo=UTC)
    found = starts(long_ago, Every("DAILY"), SINCE, BEFORE)
    assert (found[0], found[-1]) == (SINCE.replace(hour=9), BEFORE.replace(day=2, hour=9))
    assert len(starts(long_ago, Every("DAILY", count=10**9), SINCE, BEFORE)) == 0
    assert starts(datetime(9998, 1, 1, tzinfo=UTC), Every("WEEKLY", 1_000), SINCE, BEFORE) == []


def test_beyond_the_last_year_there_is_nothing():
    late = datetime(9999, 12, 1, tzinfo=UTC)
    assert len(starts(late, Every("WEEKLY"), late, datetime(9999, 12, 31, tzinfo=UTC))) == 5
