"""The rules of the Learning Review, of the After Action and of actions (domain §10)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from majorops.domain.actions import (
    Badge,
    badge,
    due_refusal,
    left_open,
    left_turns_at,
    next_reminder,
    vague_verb,
)
from majorops.domain.after_action import date_refusal, nudge_at, offered_at
from majorops.domain.enums import ActionState, ReviewNeed, ReviewState, Severity
from majorops.domain.review import (
    REVIEW_FIELDS,
    attendance,
    due_next,
    missing_texts,
    names_in,
    names_question,
    need_of,
    points,
    step_refusal,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = NOON.date()
C, S, H, P, R = ReviewState


@pytest.mark.parametrize(
    ("severity", "minutes", "impact", "repeats", "need", "reason"),
    [
        (Severity.CRITICAL, 5, False, "", "required", "Critical always asks"),
        (Severity.HIGH, 121, False, "", "required", "2 h 01 min, more than 2 h"),
        (Severity.HIGH, 120, False, "", "not_needed", "no customer impact is recorded"),
        (Severity.HIGH, 120, True, "", "recommended", "customers felt it, and it took 2 h 00 min"),
        (Severity.LOW, 5, False, "INC-031", "required", "repeats the root cause of INC-031"),
        (Severity.MEDIUM, 600, True, "", "not_needed", "Medium, and no repeat"),
    ],
)
def test_whether_a_review_is_needed_and_why(severity, minutes, impact, repeats, need, reason):
    lasted = timedelta(minutes=minutes)
    found = need_of(severity, lasted, has_customer_impact=impact, repeats=repeats)
    assert found.need is ReviewNeed(need)
    assert reason in found.reason
    assert found.is_required == (need == "required")


@pytest.mark.parametrize(
    ("state", "to", "given", "says"),
    [
        (C, S, {"is_resolved": False}, "The incident runs"),
        (C, S, {}, ""),
        (S, S, {}, "draft sent already"),
        (P, H, {}, "published already"),
        (C, H, {}, "Send the draft first"),
        (S, H, {}, ""),
        (C, P, {}, "this review is required"),
        (H, P, {}, ""),
        (H, P, {"missing": ["Root cause"]}, "Write first: Root cause."),
        (C, P, {"is_required": False}, ""),
        (H, R, {}, "Publish it first"),
        (P, R, {"published_at": NOON, "open_actions": 1}, "On 2026-12-23, 30 days after"),
        (P, R, {"published_at": NOON}, ""),
        (P, R, {"published_at": NOON - timedelta(days=30), "open_actions": 3}, ""),
    ],
)
def test_one_step_after_the_other(state, to, given, says):
    answer = step_refusal(state, to, **{"is_resolved": True, "is_required": True, "now": NOON, **given})
    assert says in answer
    assert bool(answer) == bool(says)


def test_texts():
    assert missing_texts({"summary": "x"}) == ["Root cause"]
    assert points("- one\n 2. two\n\n* three\n4 pods died") == ["one", "two", "three", "4 pods died"]
    field = REVIEW_FIELDS["root_cause"]
    assert (field.show("x"), field.mark) == ("x", "review.root_cause")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Maya Okafor rolled back", ["Maya Okafor"]),
        ("okafor pressed it", ["Maya Okafor"]),
        ("Network engineering on call was paged", ["Network engineering on call"]),
        ("The network had no alert", []),  # a team's name is no name of a person
        ("Mayan calendars", []),
        ("Li saw it", []),  # two letters would hit anything
    ],
)
def test_names_of_the_command_team(text, named):
    assert names_in(text, ["Maya Okafor", "Network engineering on call", "Li Wu"]) == named


def test_the_question_about_names():
    assert names_question(["A B", "C D"]) == "This names A B, C D. Say what the system allowed."


def test_attendance():
    found = attendance("Maya Okafor: The alert came late: 4 min\n\n Rita Moreau ")
    assert [(one.name, one.line) for one in found] == [
        ("Maya Okafor", "The alert came late: 4 min"),
        ("Rita Moreau", ""),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (" \n", "Name who attended"),
        (": nobody said that", "Begin each line with a name"),
        ("Maya: one\nmaya: two", "twice"),
        (f"Maya: {'x' * 301}", "at most 300 characters; this has 301"),
        ("\n".join(f"P {n}" for n in range(61)), "At most 60 people; this names 61"),
    ],
)
def test_attendance_that_cannot_be_read(text, says):
    with pytest.raises(ValueError, match=says):
        attendance(text)


CLOSED = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "given", "what", "hours"),
    [
        ("collecting", {"is_required": True}, "After Action", 72),
        ("draft_sent", {"is_required": True}, "After Action", 72),
        ("collecting", {"scheduled_at": CLOSED + timedelta(hours=20)}, "After Action", 21),
        ("collecting", {}, "", 0),
        ("collecting", {"is_required": True, "resolved_at": None}, "", 0),
        ("held", {"held_at": CLOSED + timedelta(hours=20)}, "Publish", 68),
        ("published", {"published_at": CLOSED, "held_at": CLOSED}, "Look again", 30 * 24),
        ("reviewed", {"published_at": CLOSED, "is_required": True}, "", 0),
    ],
)
def test_what_is_next_for_a_review_and_until_when(state, given, what, hours):
    nothing = dict.fromkeys(("scheduled_at", "held_at", "published_at"))
    found = due_next(ReviewState(state), **({"is_required": False, "resolved_at": CLOSED} | nothing | given))
    assert found == ((what, CLOSED + timedelta(hours=hours)) if what else None)


def test_when_the_after_action_may_be():
    assert date_refusal(NOON, NOON) == "The After Action lies ahead: choose a later time."
    assert date_refusal(NOON + timedelta(days=91), NOON) == "Within 90 days: by 2027-02-21."
    assert date_refusal(NOON + timedelta(hours=1), NOON) == ""
    assert offered_at("48h", NOON) == NOON + timedelta(hours=48)
    assert offered_at("tomorrow", NOON) == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert offered_at("never", NOON) is None


@pytest.mark.parametrize(
    ("state", "given", "hours"),
    [
        (C, {}, 24),  # unscheduled a day after a required close
        (C, {"is_required": False}, None),
        (C, {"resolved_at": None}, None),
        (C, {"scheduled_at": NOON + timedelta(hours=30)}, 31),  # the end of the meeting
        (S, {"scheduled_at": NOON + timedelta(hours=30), "is_required": False}, 31),
        (H, {"scheduled_at": NOON + timedelta(hours=30)}, None),
        (C, {"nudges": 1, "nudged_at": NOON + timedelta(hours=24)}, 48),
        (C, {"nudges": 5, "nudged_at": NOON}, None),
    ],
)
def test_when_whoever_was_mim_is_reminded(state, given, hours):
    usual = {"is_required": True, "resolved_at": NOON, "scheduled_at": None, "nudges": 0}
    at = nudge_at(state, **{**usual, **given})
    assert at == (None if hours is None else NOON + timedelta(hours=hours))


@pytest.mark.parametrize("text", ["Investigate the pool", "improve monitoring", "Look: into it"])
def test_a_verb_that_has_no_end_is_asked_about(text):
    assert "has no end that can be seen" in vague_verb(text)


@pytest.mark.parametrize("text", ["Add a retry cap", "Alert on pool above 80%", "", "   "])
def test_a_verb_that_can_be_verified_is_not(text):
    assert vague_verb(text) == ""


def test_when_an_action_may_be_due():
    assert due_refusal(TODAY - timedelta(days=1), TODAY).startswith(
        "The due date lies in the past: 2026-11-22"
    )
    assert due_refusal(date(2030, 1, 1), TODAY) == "Within two years: by 2028-11-22."
    assert due_refusal(TODAY, TODAY) == ""


def test_an_action_is_reminded_of_before_on_the_day_and_then_weekly():
    """Due on 8 December; each at 08:00 UTC."""
    due, now, days = date(2026, 12, 8), NOON, []
    for _ in range(4):
        now = next_reminder(due, now)
        days.append(f"{now:%Y-%m-%d %H}")
    assert days == ["2026-12-01 08", "2026-12-08 08", "2026-12-15 08", "2026-12-22 08"]


@pytest.mark.parametrize(
    ("state", "days", "found"),
    [
        (ActionState.OPEN, 9, Badge("Open")),
        (ActionState.OPEN, 1, Badge("Due in 1 day", "amber")),
        (ActionState.OPEN, 0, Badge("Due today", "amber")),
        (ActionState.OPEN, -12, Badge("12 days late", "red")),
        (ActionState.DONE, -12, Badge("Done", "green")),
        (ActionState.DROPPED, 3, Badge("Dropped")),
    ],
)
def test_how_an_action_stands(state, days, found):
    assert badge(state, TODAY + timedelta(days=days), TODAY) == found


def test_what_an_earlier_incident_left():
    late = TODAY - timedelta(days=12)
    assert left_open("INC-031", 2, late, TODAY) == "INC-031 left 2 actions open, oldest 12 days late"
    assert left_open("INC-031", 1, TODAY, TODAY) == "INC-031 left 1 action open, first due 23 Nov"


@pytest.mark.parametrize(("due", "turns"), [(-12, 1), (-1, 1), (0, 1), (1, 2), (9, 10)])
def test_what_was_left_says_something_else_from_a_midnight_on(due, turns):
    at = left_turns_at(TODAY + timedelta(days=due), TODAY)
    assert (at.date(), at.hour, at.tzinfo) == (TODAY + timedelta(days=turns), 0, UTC)
    before, after = (
        left_open("X", 1, TODAY + timedelta(days=due), at.date() - timedelta(days=n)) for n in (1, 0)
    )
    assert before != after
