"""The After Action as an appointment: told, moved, called off, and missed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import CommandRole, Severity
from majorops.domain.errors import Conflict, Invalid, NotFound
from majorops.models import AuditEntry, Delivery, ReviewPerson, TimelineEvent, User
from majorops.operations import after_action, updates
from majorops.operations.after_action import invite, nudge_due, nudge_mim, review_of, set_after_action
from majorops.operations.calendars import after_action_calendar
from majorops.operations.command import assign_role
from tests.operations.afterwards import draft_sent, held, resolve

BASE = "https://ops.example.org"


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


@pytest.fixture
def incident(cast):
    return cast.open()


def acts(start: str) -> list[tuple[str, str, str]]:
    rows = select(Delivery.act, Delivery.recipient, Delivery.subject).where(Delivery.act.startswith(start))
    return [tuple(row) for row in db.session.execute(rows.order_by(Delivery.id))]


def event(incident) -> dict:
    """The appointment as a calendar reads it."""
    file = after_action_calendar(incident, review_of(incident), BASE)
    return Calendar.from_ical(file).walk("VEVENT")[0]


def test_the_date_of_the_resolution_milestone_is_the_appointment(incident, who, cast):
    assign_role(incident, CommandRole.SRE, "Rita Moreau", **who)
    at = who["now"] + timedelta(hours=20)
    updates.publish_milestone(incident, "Over.", is_resolution=True, after_action_at=at, **who)
    review = review_of(incident)
    assert (review.after_action_at, review.after_action_sequence) == (at, 0)
    told = acts("after_action:")
    assert {recipient for _, recipient, _ in told} == {"Maya Okafor", "Rita Moreau"}
    assert told[0][2] == f"{incident.reference} After Action on 24 Nov 10:00 UTC"
    made = event(incident)
    assert str(made["uid"]) == f"after-action-{incident.id}@ops.example.org"
    assert (int(made["sequence"]), made["dtstart"].dt, str(made["status"])) == (0, at, "CONFIRMED")
    assert made["dtend"].dt - made["dtstart"].dt == timedelta(hours=1)


def test_moving_it_is_one_edit_and_is_told_under_the_same_uid(incident, who):
    first = who["now"] + timedelta(hours=20)
    set_after_action(incident, first, **who)
    uid = str(event(incident)["uid"])
    set_after_action(incident, first, **who)  # the same time: nothing to tell
    set_after_action(incident, first + timedelta(hours=3), was=first.isoformat(), **who)
    made = event(incident)
    assert (str(made["uid"]), int(made["sequence"])) == (uid, 1)
    assert [act for act, _, _ in acts("after_action:")] == ["after_action:1:0", "after_action:1:1"]
    assert acts("after_action:")[1][2].endswith("After Action moved to 24 Nov 13:00 UTC")
    titles = select(TimelineEvent.title).where(TimelineEvent.kind.startswith("after_action."))
    assert db.session.scalars(titles.order_by(TimelineEvent.seq)).all() == [
        "After Action: 2026-11-24 10:00 UTC",
        "After Action moved: 2026-11-24 10:00 › 2026-11-24 13:00 UTC",
    ]


def test_called_off_it_leaves_the_calendars_and_can_be_set_again(incident, who):
    at = who["now"] + timedelta(hours=20)
    set_after_action(incident, at, **who)
    with pytest.raises(Invalid, match="Say why"):
        after_action.call_off_after_action(incident, "", **who)
    after_action.call_off_after_action(incident, "Nobody is there.", **who)
    made = event(incident)
    assert (str(made["status"]), int(made["sequence"])) == ("CANCELLED", 1)
    with pytest.raises(Conflict, match="No After Action is scheduled"):
        after_action.call_off_after_action(incident, "again", **who)
    set_after_action(incident, at, **who)
    assert (str(event(incident)["status"]), int(event(incident)["sequence"])) == ("CONFIRMED", 2)


@pytest.mark.parametrize(
    ("hours", "says"), [(None, "Choose a day"), (-1, "lies ahead"), (24 * 91, "Within 90 days")]
)
def test_times_that_are_not_taken(incident, who, hours, says):
    at = None if hours is None else who["now"] + timedelta(hours=hours)
    with pytest.raises(Invalid, match=says):
        set_after_action(incident, at, **who)


def test_of_two_who_move_it_the_second_reads_where_it_is(incident, who):
    at = who["now"] + timedelta(hours=20)
    set_after_action(incident, at, was="", **who)
    with pytest.raises(Conflict, match="It is set for 2026-11-24 10:00 UTC now"):
        set_after_action(incident, at + timedelta(hours=1), was="", **who)
    after_action.call_off_after_action(incident, "x", **who)
    with pytest.raises(Conflict, match="It was called off"):
        set_after_action(incident, at, was=at.isoformat(), **who)


def test_people_are_added_by_mail_or_name_and_get_the_appointment(incident, who):
    set_after_action(incident, who["now"] + timedelta(hours=20), **who)
    invite(incident, ["RITA@example.org", "xin zhao", "rita@example.org"], **who)
    invite(incident, ["rita@example.org"], **who)  # is there already
    assert {recipient for _, recipient, _ in acts("after_action:")} == {
        "Maya Okafor",
        "Rita Moreau",
        "Xin Zhao",
    }
    added = select(User.name).join(ReviewPerson).where(ReviewPerson.is_added.is_(True)).order_by(User.name)
    assert db.session.scalars(added).all() == ["Rita Moreau", "Xin Zhao"]


def test_people_who_cannot_be_added(incident, who, cast, monkeypatch):
    with pytest.raises(Invalid, match="Name who is added"):
        invite(incident, [], **who)
    with pytest.raises(Invalid, match=r"No account has the e-mail or name nobody\."):
        invite(incident, ["nobody"], **who)
    twin = User(email="x2@example.org", name="Xin Zhao", role=cast.xin.role, created_at=who["now"])
    db.session.add(twin)
    db.session.commit()
    with pytest.raises(Invalid, match="Several accounts are called Xin Zhao: give the e-mail"):
        invite(incident, ["Xin Zhao"], **who)
    monkeypatch.setattr(after_action, "PEOPLE_MOST", 1)
    with pytest.raises(Invalid, match="At most 1 people"):
        invite(incident, ["rita@example.org"], **who)


def test_unscheduled_a_day_after_the_close_whoever_was_mim_is_reminded_five_times(incident, who, clock):
    resolve(incident, who)
    nudge_due(clock.tick(hours=23))
    assert acts("review_nudge:") == []
    for _ in range(8):
        nudge_due(clock.tick(days=1))
        nudge_due(clock())
    told = acts("review_nudge:")
    assert [act for act, _, _ in told] == [f"review_nudge:1:0:{n}" for n in range(1, 6)]
    assert {(recipient, subject) for _, recipient, subject in told} == {
        ("Maya Okafor", f"{incident.reference} After Action is not scheduled")
    }
    assert len(db.session.scalars(select(AuditEntry).filter_by(kind="review.nudged")).all()) == 5


def test_passed_without_a_review_is_reminded_too_until_it_is_held(incident, who, clock):
    resolve(incident, who)
    set_after_action(incident, who["now"] + timedelta(hours=20), **who)
    nudge_due(clock.tick(hours=20, minutes=59))
    assert acts("review_nudge:") == []
    nudge_due(clock.tick(minutes=1))
    assert "passed on 24 Nov 10:00 UTC without a review" in acts("review_nudge:")[0][2]
    who["now"] = clock()
    from majorops.operations import reviews

    reviews.send_draft(incident, **who)
    reviews.hold_review(incident, "Maya Okafor", **who)
    nudge_due(clock.tick(days=3))
    assert len(acts("review_nudge:")) == 1


def test_who_is_not_reminded(cast, who, clock):
    """A close that asks for no review, a drill, and one that is held."""
    resolve(cast.open(severity=Severity.LOW), who)
    resolve(cast.open(is_drill=True), who)
    held(cast.open(), who)
    nudge_due(clock.tick(days=4))
    assert acts("review_nudge:") == []


def test_a_mim_without_an_account_is_kept_in_the_audit(cast, who, clock):
    incident = cast.open()
    assign_role(incident, CommandRole.MIM, "Duty manager", **who)
    db.session.execute(db.update(after_action.CommandAssignment).values(user_id=None))
    db.session.commit()
    resolve(incident, who)
    nudge_due(clock.tick(days=2))
    assert acts("review_nudge:") == []
    entry = db.session.scalar(select(AuditEntry).filter_by(kind="review.nudged"))
    assert entry.subject.endswith("nobody with an account")


def test_a_reminder_that_is_not_due(cast, who):
    incident = cast.open()
    with pytest.raises(NotFound):
        nudge_mim(incident, **who)
    resolve(incident, who)
    assert nudge_mim(incident, **who) == 0


def test_there_is_no_calendar_file_without_a_date(incident, who):
    draft_sent(incident, who)
    with pytest.raises(ValueError, match="no After Action is scheduled"):
        after_action_calendar(incident, review_of(incident), BASE)
