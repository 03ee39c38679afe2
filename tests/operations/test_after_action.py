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


GUEST = "vic@partner.example"


def guests(start: str = "after_action") -> list[tuple[str, str, str, str]]:
    rows = select(Delivery.act, Delivery.address, Delivery.subject, Delivery.body)
    mine = rows.where(Delivery.act.startswith(start), Delivery.guest_id.is_not(None))
    return [tuple(row) for row in db.session.execute(mine.order_by(Delivery.id))]


def test_an_address_without_an_account_gets_the_appointment_and_nothing_inside(incident, who):
    incident.title, incident.public_title = "INTERNAL pool", "Card payments fail"
    db.session.commit()
    at = who["now"] + timedelta(hours=20)
    set_after_action(incident, at, **who)
    invite(incident, [f" {GUEST.upper()} ".strip(), "rita@example.org", GUEST], **who)
    invite(incident, [GUEST], **who)  # is there already
    set_after_action(incident, at + timedelta(hours=1), **who)
    after_action.call_off_after_action(incident, "INTERNAL reason", **who)
    told = guests()
    assert [(act, address) for act, address, *_ in told] == [
        ("after_action:1:0", GUEST),
        ("after_action:1:1", GUEST),
        ("after_action:1:2", GUEST),
    ]
    for _, _, subject, body in told:
        assert "INTERNAL" not in subject + body
        assert "Maya" not in subject + body
    assert told[0][3].startswith(
        "Card payments fail\n\nYou are added to the After Action, Tuesday, 24 November"
    )
    rows = db.session.scalars(select(TimelineEvent).filter_by(kind="after_action.people")).all()
    assert [(row.title, row.detail) for row in rows] == [
        (f"Added to the After Action: Rita Moreau, {GUEST}", "2 queued")
    ]
    moved = db.session.scalars(select(TimelineEvent).filter_by(kind="after_action.moved")).one()
    assert moved.detail == "3 queued"


def test_of_a_private_incident_a_guest_reads_no_title(cast, who):
    incident = cast.open(title="INTERNAL", is_public=False)
    set_after_action(incident, who["now"] + timedelta(hours=20), **who)
    invite(incident, [GUEST], **who)
    ((_, _, subject, body),) = guests()
    assert body.startswith("You are added")
    assert "INTERNAL" not in subject + body


@pytest.mark.parametrize(
    "typed",
    ["vic@partner", "a@b@c.example", "<b>@x.example", f"{'a' * 250}@x.example", "vic@exa\u202emple.org"],
)
def test_addresses_that_are_none_are_refused_at_their_place(incident, who, typed):
    with pytest.raises(Invalid, match="No account has the e-mail or name"):
        invite(incident, [typed], **who)


def test_guests_are_bounded_and_who_is_refused_changes_nothing(incident, who, monkeypatch):
    monkeypatch.setattr(after_action, "GUESTS_MOST", 1)
    with pytest.raises(Invalid, match="At most 1 people without an account"):
        invite(incident, [GUEST, "wim@partner.example"], **who)
    assert after_action.guests_of(incident) == []


def test_taken_off_they_are_told_once_and_can_come_back(incident, who, cast, clock):
    set_after_action(incident, who["now"] + timedelta(hours=20), **who)
    invite(incident, [GUEST], **who)
    (guest,) = after_action.guests_of(incident)
    who["now"] = clock.tick(minutes=5)
    after_action.take_off_guest(incident, guest.id, **who)
    with pytest.raises(Conflict, match="taken off already"):
        after_action.take_off_guest(incident, guest.id, **who)
    assert [act for act, *_ in guests()] == ["after_action:1:0", "after_action_off:1:0"]
    who["now"] = clock.tick(minutes=5)
    invite(incident, [GUEST], **who)
    assert [act for act, *_ in guests()][2:] == ["after_action:1:0"]
    other = cast.open()
    with pytest.raises(Conflict, match="taken off already"):
        after_action.take_off_guest(other, guest.id, **who)


def test_a_guest_before_there_is_a_date_is_told_when_there_is_one(incident, who):
    invite(incident, [GUEST], **who)
    (guest,) = after_action.guests_of(incident)
    after_action.take_off_guest(incident, guest.id, **who)  # there is nothing to take back
    invite(incident, [GUEST], **who)
    assert guests() == []
    set_after_action(incident, who["now"] + timedelta(hours=20), **who)
    assert [act for act, *_ in guests()] == ["after_action:1:0"]


def test_without_a_mail_server_the_record_says_so(app, incident, who):
    app.config["SMTP_URL"] = None
    set_after_action(incident, who["now"] + timedelta(hours=20), **who)
    invite(incident, [GUEST], **who)
    row = db.session.scalars(select(TimelineEvent).filter_by(kind="after_action.people")).one()
    assert row.detail == "1 has no channel"
    reach = after_action.review_reach(incident, review_of(incident))
    assert {seen.name for seen in reach.values()} == {"NO_CHANNEL"}
