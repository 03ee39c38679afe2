"""When the weekly digest goes, and what of a review is due."""

from datetime import UTC, date, datetime, timedelta

import pytest

from majorops.domain.enums import ReviewState
from majorops.domain.weekly import (
    Line,
    due_words,
    next_monday,
    review_due,
    section,
    span_words,
    summary,
    week_before,
)


def utc(*at):
    return datetime(*at, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        (utc(2026, 11, 29, 12), "UTC", utc(2026, 11, 30, 8)),
        (utc(2026, 11, 30, 7, 59), "UTC", utc(2026, 11, 30, 8)),
        (utc(2026, 11, 30, 8), "UTC", utc(2026, 12, 7, 8)),
        (utc(2026, 11, 29, 12), "Europe/Berlin", utc(2026, 11, 30, 7)),
        (utc(2026, 11, 29, 23, 30), "Asia/Tokyo", utc(2026, 12, 6, 23)),  # Monday 08:30 there already
        (utc(2026, 3, 24, 12), "Europe/Berlin", utc(2026, 3, 30, 6)),  # the clocks change in between
        (utc(2026, 11, 29, 12), "Nowhere/Lost", utc(2026, 11, 30, 8)),
    ],
)
def test_the_next_monday_at_eight_where_the_person_is(now, zone, expected):
    assert next_monday(now, zone) == expected


def test_the_week_begins_at_the_same_hour_there():
    assert week_before(utc(2026, 3, 30, 6), "Europe/Berlin") == utc(2026, 3, 23, 7)
    assert week_before(utc(2026, 11, 30, 8), "UTC") == utc(2026, 11, 23, 8)


@pytest.mark.parametrize(
    ("state", "given", "expected"),
    [
        ("collecting", {}, ("schedule the After Action", timedelta(hours=72))),
        ("collecting", {"is_required": False}, None),
        ("collecting", {"scheduled_at": 20}, ("hold the After Action", timedelta(hours=20))),
        (
            "draft_sent",
            {"scheduled_at": 20, "is_required": False},
            ("hold the After Action", timedelta(hours=20)),
        ),
        ("held", {"scheduled_at": 20, "held_at": 21}, ("publish it", timedelta(hours=21 + 48))),
        ("published", {"published_at": 30}, ("look at its actions again", timedelta(hours=30, days=30))),
        ("reviewed", {"published_at": 30}, None),
        ("held", {}, None),
    ],
)
def test_what_a_review_waits_for_and_by_when(state, given, expected):
    end = utc(2026, 11, 20)
    times = {name: end + timedelta(hours=at) for name, at in given.items() if name.endswith("_at")}
    whole = {"is_required": True, "scheduled_at": None, "held_at": None, "published_at": None}
    found = review_due(ReviewState(state), resolved_at=end, **{**whole, **given, **times})
    assert found == (expected and (expected[0], end + expected[1]))


def test_the_week_in_words():
    assert span_words(utc(2026, 3, 30, 6), "Europe/Berlin") == (
        "From Monday 23 Mar 08:00 to Monday 30 Mar 08:00, Europe/Berlin. Due: until 5 Apr, or overdue."
    )


def test_due_in_words():
    words = [due_words(date(2026, 11, day), date(2026, 11, 20)) for day in (21, 20, 19, 8)]
    assert words == ["due 21 Nov", "due today", "due 19 Nov, 1 day late", "due 8 Nov, 12 days late"]


def test_a_long_part_is_cut_and_the_rest_counted():
    long = section("Reviews due", "review{s} due", "/x", [Line(f"{n}", "/y") for n in range(31)], late=2)
    assert (len(long.lines), long.more, long.total) == (30, 1, 31)
    assert long.title == "Reviews due: 31, 2 overdue"
    one = section("Opened", "opened", "/x", [Line("a", "/y")])
    assert one.title == "Opened: 1"
    assert section("Reviews due", "review{s} due", "/x", [Line("a", "/y")]).name == "review due"
    assert summary([one, long]) == "1 opened, 31 reviews due"
    assert summary([]) == ""
