"""Who is on call, who is called next, and how shifts are read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.enums import AlarmLevel
from majorops.domain.paging import (
    Call,
    Shift,
    following,
    kept_shifts,
    on_call,
    read_shifts,
    shift_lines,
    span_words,
    wait_of,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_who_is_on_call_is_the_one_whose_shift_began_last():
    shifts = [
        Shift("week", NOON - 48 * HOUR, NOON + 48 * HOUR),
        Shift("day", NOON - HOUR, NOON + HOUR),
        Shift("over", NOON - 2 * HOUR, NOON),
        Shift("stand-in", NOON - HOUR, NOON + HOUR, is_deputy=True),
    ]
    assert on_call(shifts, NOON).person == "day"
    assert on_call(shifts, NOON, deputy=True).person == "stand-in"
    assert on_call(shifts, NOON + HOUR).person == "week"
    assert on_call(shifts, NOON + HOUR, deputy=True) is None


def test_the_next_call_is_one_for_which_there_is_somebody():
    assert following(Call.FIRST, {Call.AGAIN, Call.LEADER}) is Call.AGAIN
    assert following(Call.AGAIN, {Call.AGAIN, Call.LEADER}) is Call.LEADER
    assert following(Call.LEADER, set(Call)) is None
    assert [call.label for call in Call] == ["Paged", "Paged again", "Paged the deputy", "Paged the leader"]


def test_each_box_has_its_time():
    assert wait_of(AlarmLevel.BOX_3, (15, 10, 5, 3)) == timedelta(minutes=3)
    assert wait_of(AlarmLevel.BOX_0, (15, 10, 5, 3)) == timedelta(minutes=15)


def test_shifts_are_read_as_they_are_typed_and_written_back():
    typed = """
    2026-11-30 09:00 to 2026-12-07 09:00 lena@example.org
    2026-11-23 09:00 to 2026-11-30 09:00 Omar Haddad deputy
    """
    found = read_shifts(typed)
    assert [(one.person, one.is_deputy) for one in found] == [
        ("lena@example.org", False),
        ("Omar Haddad", True),
    ]
    assert read_shifts(shift_lines(found)) == sorted(found, key=lambda one: one.starts_at)
    assert read_shifts("") == []


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("lena", "Line 1: write it as"),
        ("\n2026-11-30 09:00 to 2026-12-07 09:00", "Line 2: write it as"),
        ("2026-11-30 09:00 to 2026-11-30 09:00 lena", "it ends after it begins"),
        ("2026-13-30 09:00 to 2026-12-07 09:00 lena", "Line 1: "),
        (f"2026-11-30 09:00 to 2026-12-07 09:00 {'x' * 255}", "at most 254"),
        ("2026-11-30 09:00 to 2026-12-07 09:00 lena\n" * 501, "500 shifts are the most"),
    ],
)
def test_what_is_no_shift_is_said_with_its_line(typed, why):
    with pytest.raises(ValueError, match=why):
        read_shifts(typed)


def test_lines_that_cannot_be_read_any_more_are_passed_over():
    kept = "2026-11-30 09:00 to 2026-12-07 09:00 lena@example.org"
    assert [one.person for one in kept_shifts(f"1-01-01 00:00 to x y z\n{kept}\n to  \n")] == [
        "lena@example.org"
    ]
    assert len(kept_shifts(f"{kept}\n" * 501)) == 501


def test_a_calendar_overrides_what_was_typed():
    assert (
        on_call([Shift("typed", NOON, NOON + HOUR), Shift("calendar", NOON, NOON + HOUR)], NOON).person
        == "calendar"
    )


def test_spans_are_said_in_seconds_and_minutes():
    assert span_words(timedelta(seconds=42)) == "42 s"
    assert span_words(timedelta(seconds=185)) == "3 min 05 s"
    assert span_words(timedelta(seconds=-1)) == "0 s"
