"""Quiet hours: who is inside, and when they end, in whatever zone and across a change of clocks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from majorops.domain.enums import AlarmLevel, Followed, Notice
from majorops.domain.notices import BRIEFED, is_followed
from majorops.domain.quiet_hours import clock_words, is_woken, local, minute_of, quiet_until

NIGHT = (22 * 60, 7 * 60)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}:00+00:00")


@pytest.mark.parametrize(
    ("now", "hours", "zone", "end"),
    [
        ("2026-11-23 21:59", NIGHT, "UTC", None),
        ("2026-11-23 22:00", NIGHT, "UTC", "2026-11-24 07:00"),
        ("2026-11-24 06:59", NIGHT, "UTC", "2026-11-24 07:00"),
        ("2026-11-24 07:00", NIGHT, "UTC", None),
        ("2026-11-23 21:00", NIGHT, "Europe/Berlin", "2026-11-24 06:00"),
        ("2026-07-23 20:00", NIGHT, "Europe/Berlin", "2026-07-24 05:00"),
        ("2026-10-24 22:00", NIGHT, "Europe/Berlin", "2026-10-25 06:00"),  # the clocks go back in that night
        ("2026-11-23 12:30", (12 * 60, 13 * 60), "UTC", "2026-11-23 13:00"),
        ("2026-11-23 13:00", (12 * 60, 13 * 60), "UTC", None),
        ("2026-11-23 22:00", NIGHT, "Mars/Olympus", "2026-11-24 07:00"),  # a zone that is gone: UTC
        ("2026-11-23 22:00", (None, None), "UTC", None),
        ("2026-11-23 22:00", (60, 60), "UTC", None),
    ],
)
def test_when_they_end(now, hours, zone, end):
    assert quiet_until(at(now), *hours, zone) == (end and at(end))


def test_box_3_wakes_everybody():
    assert [is_woken(level) for level in AlarmLevel] == [False, False, False, True]


@pytest.mark.parametrize(
    ("typed", "minute"),
    [("", None), ("7", 420), ("7:30", 450), ("22:00", 1320), ("00:00", 0), ("23:59", 1439)],
)
def test_a_time_of_day_as_people_type_it(typed, minute):
    assert minute_of(typed) == minute


@pytest.mark.parametrize("typed", ["24:00", "7:60", "7.30", "-1", "seven", "007:00", "²"])
def test_what_is_no_time_of_day(typed):
    with pytest.raises(ValueError, match=typed.replace(".", r"\.")):
        minute_of(typed)


def test_words_and_zones():
    assert clock_words(7 * 60 + 5) == "07:05"
    assert local(at("2026-11-23 22:00"), "Asia/Kolkata").strftime("%H:%M") == "03:30"
    assert local(at("2026-11-23 22:00"), "../../etc/passwd").tzinfo is UTC


def test_a_choice_is_about_briefs_only():
    told = {chosen: {notice for notice in Notice if is_followed(chosen, notice)} for chosen in Followed}
    assert told[Followed.EVERYTHING] == set(Notice)
    assert told[Followed.RESOLUTION] == set(Notice) - BRIEFED | {Notice.RESOLVED}
    assert told[Followed.MILESTONES] == set(Notice) - {Notice.UPDATE}
