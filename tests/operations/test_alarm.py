"""The alarm level as an act: each Box tells whom domain §2 names, once per rise."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import (
    AccountRole,
    AlarmLevel,
    ChannelKind,
    DeliveryState,
    Notice,
    Severity,
    Visibility,
)
from majorops.domain.errors import Conflict, Invalid
from majorops.fireground import reads
from majorops.models import Delivery, Incident, TimelineEvent, User
from majorops.operations import alarm, catalogue, coaching, delivery, incident, outcome
from tests.counting import queries


@pytest.fixture
def people(cast, clock):
    """The cast and a stakeholder; Rita owns payments-api."""
    db.session.add(
        User(email="sol@example.org", name="Sol", role=AccountRole.STAKEHOLDER, created_at=clock())
    )
    db.session.commit()
    owner = {"owner": "rita@example.org"}
    catalogue.add_system(name="payments-api", description="", **owner, actor=SYSTEM, now=clock())
    return cast


def told(notice: Notice = Notice.ALARM) -> list[str]:
    return sorted(db.session.scalars(select(Delivery.recipient).filter_by(notice=notice)))


def titles() -> list[str]:
    return list(db.session.scalars(select(TimelineEvent.title).filter_by(kind="alarm.raised")))


@pytest.mark.parametrize(
    ("severity", "alarmed", "asked", "title"),
    [
        (Severity.LOW, [], [], None),
        (Severity.MEDIUM, ["Omar Haddad"], ["Rita Moreau"], "Box 1: 2 queued"),
        (
            Severity.HIGH,
            ["Omar Haddad", "Sol"],
            ["Rita Moreau"],
            "Box 2: 3 queued",
        ),
        (
            Severity.CRITICAL,
            ["Omar Haddad", "Sol", "Xin Zhao"],
            ["Rita Moreau"],
            "Box 3: 4 queued",
        ),
    ],
)
def test_opening_tells_whom_the_box_calls_for(people, severity, alarmed, asked, title):
    people.open(severity=severity)
    assert told() == alarmed  # Maya opened it: she knows
    assert told(Notice.ROLE) == asked
    assert titles() == ([title] if title else [])


def test_the_entry_says_whom_it_calls(people):
    people.open()
    entry = db.session.scalar(select(TimelineEvent).filter_by(kind="alarm.raised"))
    assert entry.detail.startswith("Called: 1 executive, 1 stakeholder, 1 MIM on standby, 1 system owner.\n")


def test_nobody_is_notified_before_a_message_was_delivered(people, app, clock):
    """The words at the moment of the act: queued, or no channel; never that somebody was told."""
    xin = db.session.get(User, people.xin.user_id)
    given = {"kind": ChannelKind.WEBHOOK, "address": "https://chat.example.org/x"}
    channel = delivery.add_channel(email=xin.email, **given, actor=SYSTEM, now=clock())
    people.open()
    app.config["SMTP_URL"] = None
    people.open()
    delivery.save_channel(channel, address=channel.address, is_active=False, actor=SYSTEM, now=clock())
    people.open()
    assert titles() == ["Box 3: 4 queued", "Box 3: 1 queued, 3 have no channel", "Box 3: 4 have no channel"]


def test_where_nobody_has_an_account_it_says_so(app, clock):
    incident.open_incident(title="t", severity=Severity.HIGH, systems=["a"], actor=SYSTEM, now=clock())
    assert titles() == ["Box 2: nobody to tell: no other MIM, stakeholder or executive has an account"]


def coach(people, nick: str = "maya") -> list[str]:
    return [nudge.what for nudge in reads.standing_nudges(people.fireground(1, nick))]


def test_nobody_could_be_told_is_the_loudest_nudge_of_phase_1(people, app, clock):
    app.config["SMTP_URL"] = None
    case = people.open()
    nudge = reads.standing_nudges(people.fireground(1))[0]
    assert nudge.what == "Nobody could be told: no channel"
    assert nudge.is_red
    assert nudge.why == "Call Omar Haddad, Rita Moreau, Sol and 1 more. A message that goes out ends this."
    maya, ada = people.browser("maya"), people.browser("ada")
    assert "Told by phone" in maya.get("/admin/incidents/1").text
    assert "/admin/reach" not in maya.get("/admin/incidents/1").text
    assert "/admin/reach" in ada.get("/admin/incidents/1").text
    people.bring_to(case, 2)
    assert "Nobody could be told: no channel" in coach(people)
    coaching.note_called(case, actor=people.maya, now=clock())
    assert "Nobody could be told: no channel" not in coach(people)
    entry = db.session.scalar(select(TimelineEvent).filter_by(kind="people.called"))
    assert entry.title == "Told by phone, as no message went out: 4 people"
    app.config["SMTP_URL"] = "smtp://127.0.0.1:9"
    people.open()
    assert reads.standing_nudges(people.fireground(2)) == []
    with pytest.raises(Conflict):
        coaching.note_called(db.session.get(Incident, 2), actor=people.maya, now=clock())


def test_a_drill_and_box_0_have_nobody_to_tell(people, app):
    app.config["SMTP_URL"] = None
    people.open(is_drill=True)
    people.open(severity=Severity.LOW)
    assert [reads.standing_nudges(view) for view in people.firegrounds()] == [[], []]


def test_a_rise_adds_what_the_new_level_adds(people, clock):
    case = people.open(severity=Severity.HIGH)
    incident.change_severity(case, Severity.CRITICAL, actor=people.maya, now=clock.tick(minutes=5))
    assert told() == ["Omar Haddad", "Sol", "Xin Zhao"]
    assert titles()[1] == "Box 3: 2 queued"  # the owner is asked for once more
    assert case.alarm_level_at == clock()


def test_the_box_alone_may_be_raised_and_going_down_tells_nobody(people, clock):
    case = people.open(severity=Severity.MEDIUM)
    incident.set_alarm_level(case, AlarmLevel.BOX_3, actor=people.maya, now=clock())
    assert told() == ["Omar Haddad", "Sol", "Xin Zhao"]
    incident.set_alarm_level(case, AlarmLevel.BOX_1, actor=people.maya, now=clock())
    assert len(titles()) == 2
    incident.set_alarm_level(case, AlarmLevel.BOX_2, actor=people.maya, now=clock())
    assert told() == ["Omar Haddad", "Sol", "Sol", "Xin Zhao"]  # another rise is another act


def test_the_same_form_sent_twice_tells_once(people):
    for _ in range(2):
        people.open(request_key="one-form")
    assert told() == ["Omar Haddad", "Sol", "Xin Zhao"]


def test_a_drill_tells_nobody_and_keeps_whom_it_would_have_told(people):
    people.open(is_drill=True)
    assert set(db.session.scalars(select(Delivery.state))) == {DeliveryState.QUIET}


def test_names_stay_out_of_the_timeline(people):
    people.open()
    entry = db.session.scalar(select(TimelineEvent).filter_by(kind="alarm.raised"))
    assert "Xin" not in entry.title + entry.detail
    assert "Service Manager" in entry.detail


def test_a_crowd_costs_no_query_each(people, clock):
    for n in range(60):
        user = {"email": f"s{n}@example.org", "name": f"S{n}", "role": AccountRole.STAKEHOLDER}
        db.session.add(User(**user, created_at=clock()))
    db.session.commit()
    with queries() as sent:
        people.open()
    assert len(sent) < 60
    assert len(told()) == 63


def test_severity_and_box_change_once_with_a_reason_that_stays_internal(people, clock):
    case, who = people.open(severity=Severity.MEDIUM), {"actor": people.maya, "now": clock()}
    before = case.version
    incident.change_severity(case, Severity.MEDIUM, reason="the same", **who)
    incident.set_alarm_level(case, AlarmLevel.BOX_1, **who)
    assert case.version == before
    with pytest.raises(Invalid, match="Medium gives Box 1; it can only be raised"):
        incident.set_alarm_level(case, AlarmLevel.BOX_0, **who)
    incident.change_severity(case, Severity.LOW, reason="one desk alone", **who)
    given = db.session.scalar(select(TimelineEvent).filter_by(kind="reason.given"))
    assert (given.detail, given.visibility) == ("one desk alone", Visibility.INTERNAL)


def settle(act: str, states: list[DeliveryState], clock) -> list[str]:
    """The act's messages end so, as the worker says it, by recipient; the entries of outcomes then."""
    rows = db.session.scalars(select(Delivery).order_by(Delivery.recipient)).all()
    for row, state in zip(rows, states, strict=True):
        row.state, row.last_error = state, "no route" if state is DeliveryState.FAILED else ""
    db.session.commit()
    outcome.tell_outcome(1, act, clock())
    return [
        f"{entry.title} {entry.detail}".strip()
        for entry in db.session.scalars(select(TimelineEvent).filter_by(kind="notice.settled"))
    ]


def test_what_became_of_an_alarm_is_an_entry_once_the_last_message_is_settled(people, clock):
    people.open(severity=Severity.MEDIUM)
    act = db.session.scalar(select(Delivery.act).filter_by(notice=Notice.ALARM))
    sent, failed = DeliveryState.SENT, DeliveryState.FAILED
    assert settle(act, [sent, DeliveryState.SENDING], clock) == []
    first = "Alarm of 14:00 UTC: 1 told, 1 could not be reached no route"
    assert settle(act, [sent, failed], clock) == [first]
    assert settle(f"{act}:role", [sent, failed], clock) == [first]  # the last message of each is one act
    assert settle(act, [sent, sent], clock) == [first, "Alarm of 14:00 UTC: all 2 told"]  # sent again


def test_a_drill_and_what_the_ledger_alone_knows_leave_no_outcome(people, clock):
    people.open(severity=Severity.MEDIUM, is_drill=True)
    act = db.session.scalar(select(Delivery.act).filter_by(notice=Notice.ALARM))
    assert settle(act, [DeliveryState.QUIET] * 2, clock) == []
    db.session.execute(update(Delivery).values(notice=Notice.REMINDER))
    assert settle(act, [DeliveryState.SENT] * 2, clock) == []


def test_who_could_not_be_told_is_not_told_of_what_is_over(people, clock):
    opened = people.open(severity=Severity.CRITICAL, is_public=False)
    people.resolve(opened)
    before = told()
    alarm.alarm_who_missed_it(opened, actor=people.maya, now=clock())
    assert told() == before
