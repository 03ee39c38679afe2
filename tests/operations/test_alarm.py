"""The alarm level as an act: each Box tells whom domain §2 names, once per rise."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.vocab import AccountRole, AlarmLevel, DeliveryState, Notice, Severity
from majorops.models import Delivery, TimelineEvent, User
from majorops.operations import catalogue, incident
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
        (Severity.MEDIUM, ["Omar Haddad"], ["Rita Moreau"], "Box 1: 1 MIM on standby, 1 system owner asked for"),
        (
            Severity.HIGH,
            ["Omar Haddad", "Sol"],
            ["Rita Moreau"],
            "Box 2: 1 stakeholder notified, 1 MIM on standby, 1 system owner asked for",
        ),
        (
            Severity.CRITICAL,
            ["Omar Haddad", "Sol", "Xin Zhao"],
            ["Rita Moreau"],
            "Box 3: 1 executive notified, 1 stakeholder notified, 1 MIM on standby, 1 system owner asked for",
        ),
    ],
)  # fmt: skip
def test_opening_tells_whom_the_box_calls_for(people, severity, alarmed, asked, title):
    people.open(severity=severity)
    assert told() == alarmed  # Maya opened it: she knows
    assert told(Notice.ROLE) == asked
    assert titles() == ([title] if title else [])


def test_a_rise_adds_what_the_new_level_adds(people, clock):
    case = people.open(severity=Severity.HIGH)
    incident.change_severity(case, Severity.CRITICAL, actor=people.maya, now=clock.tick(minutes=5))
    assert told() == ["Omar Haddad", "Sol", "Xin Zhao"]
    assert titles()[1].startswith("Box 3: 1 executive notified")
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
    assert len(sent) < 45
    assert len(told()) == 63
