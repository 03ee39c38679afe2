"""Reminders: once per occurrence, to who has command, by the same rules as the screen; nudges set aside."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import AccountRole, CommandRole, DeliveryState, Notice, Severity, Visibility
from majorops.domain.errors import Conflict, Invalid, NotFound
from majorops.fireground.regions import nudge
from majorops.models import Delivery, Incident, NoticePolicy, TimelineEvent, User
from majorops.operations import coaching, command, reminders, tracks, updates
from majorops.operations.coach_inputs import coach_inputs
from majorops.operations.incident import open_incident
from tests.counting import queries


@pytest.fixture(autouse=True)
def nothing_looked_at():
    reminders._looked.clear()


def told() -> list[tuple[str, str]]:
    """(recipient, subject) of the reminders in the outbox."""
    rows = select(Delivery).filter_by(notice=Notice.REMINDER).order_by(Delivery.id)
    return [(row.recipient, row.subject) for row in db.session.scalars(rows)]


def test_a_promise_is_reminded_of_at_its_second_and_once(cast, clock):
    incident = cast.open(severity=Severity.LOW)
    updates.post_holding(incident, actor=cast.maya, now=clock())
    clock.tick(minutes=9, seconds=59)
    assert reminders.remind_all(now=clock()) == 0
    clock.tick(seconds=1)
    assert reminders.remind_all(now=clock()) == 1
    assert reminders.remind_all(now=clock.tick(seconds=1)) == 0
    clock.tick(minutes=5)
    assert reminders.remind_all(now=clock()) == 1
    reminders._looked.clear()  # as after a restart
    assert reminders.remind_all(now=clock()) == 0
    assert told() == [
        ("Maya Okafor", "INC-001 Update due in 05:00"),
        ("Maya Okafor", "INC-001 Update overdue 00:01"),
    ]


def test_a_reminder_is_said_to_whoever_keeps_screens_live(cast, clock):
    """It leaves no entry in the timeline: without this the list of what was sent stays as it was."""
    incident, reminded = cast.open(severity=Severity.LOW), []
    updates.post_holding(incident, actor=cast.maya, now=clock())
    clock.tick(minutes=10)
    reminders.remind_all(now=clock(), on_reminder=reminded.append)
    reminders.remind_all(now=clock(), on_reminder=reminded.append)
    assert reminded == [incident.id]


def test_what_changes_meanwhile_is_seen(cast, clock):
    incident = cast.open(severity=Severity.LOW)
    updates.post_holding(incident, actor=cast.maya, now=clock())
    reminders.remind_all(now=clock())
    clock.tick(minutes=9)
    promise = {"visibility": Visibility.PUBLIC, "next_update_eta": clock.now.replace(minute=40)}
    updates.publish_update(incident, "known", **promise, actor=cast.maya, now=clock())
    clock.tick(minutes=5)
    assert reminders.remind_all(now=clock()) == 0


def test_who_took_over_is_the_one_reminded(cast, clock):
    incident = cast.open(severity=Severity.LOW)
    updates.post_holding(incident, actor=cast.maya, now=clock())
    command.assign_role(incident, CommandRole.MIM, "Omar Haddad", actor=cast.maya, now=clock())
    clock.tick(minutes=10)
    reminders.remind_all(now=clock())
    assert [name for name, _ in told()] == ["Omar Haddad"]


def test_a_drill_stays_quiet(cast, clock):
    cast.open(severity=Severity.LOW, is_drill=True)
    clock.tick(minutes=20)
    assert reminders.remind_all(now=clock()) == 1
    assert set(db.session.scalars(select(Delivery.state))) == {DeliveryState.QUIET}


def test_the_policy_of_a_role_is_heeded(cast, clock):
    db.session.add(NoticePolicy(role=AccountRole.MIM, notice=Notice.REMINDER, is_on=False))
    db.session.commit()
    cast.open(severity=Severity.LOW)
    clock.tick(minutes=20)
    reminders.remind_all(now=clock())
    assert told() == []


def test_an_account_that_is_off_is_not_told(cast, clock):
    cast.open(severity=Severity.LOW)
    db.session.get(User, cast.maya.user_id).is_active = False
    db.session.commit()
    clock.tick(minutes=20)
    reminders.remind_all(now=clock())
    assert told() == []


class TestSettingAside:
    @pytest.fixture
    def incident(self, cast, clock) -> Incident:
        incident = cast.open(severity=Severity.LOW)
        clock.tick(minutes=20)
        return incident

    def nudge(self, cast, incident):
        return nudge.build(cast.fireground(incident.id)).shown

    def test_dismissed_it_does_not_come_back(self, cast, clock, incident):
        key = self.nudge(cast, incident).key
        coaching.rest_nudge(incident, key, actor=cast.maya, now=clock())
        clock.tick(hours=1)
        assert self.nudge(cast, incident) is None
        assert reminders.remind_all(now=clock()) == 0

    def test_snoozed_it_is_back_after_five_minutes(self, cast, clock, incident):
        key = self.nudge(cast, incident).key
        coaching.rest_nudge(incident, key, is_snooze=True, actor=cast.maya, now=clock())
        clock.tick(minutes=4, seconds=59)
        assert self.nudge(cast, incident) is None
        clock.tick(seconds=1)
        assert self.nudge(cast, incident).key == key

    def test_red_does_not_snooze(self, cast, clock, incident):
        updates.post_holding(incident, actor=cast.maya, now=clock())
        clock.tick(minutes=15)
        with pytest.raises(Invalid, match="Red ones do not snooze"):
            coaching.rest_nudge(
                incident, self.nudge(cast, incident).key, is_snooze=True, actor=cast.maya, now=clock()
            )

    def test_one_that_is_settled_is_refused(self, cast, clock, incident):
        key = self.nudge(cast, incident).key
        updates.post_holding(incident, actor=cast.maya, now=clock())
        with pytest.raises(Conflict, match="settled already"):
            coaching.rest_nudge(incident, key, actor=cast.omar, now=clock())


def test_watching_costs_five_queries_however_long_the_record(cast, clock):
    incident = cast.full_house()
    assert incident.title  # read afresh
    with queries() as sent:
        coach_inputs(incident)
    assert len(sent) <= 5


def test_a_timebox_that_ran_out_is_an_entry_once(cast, clock):
    incident = cast.open(severity=Severity.LOW)
    track = {"team": "App", "owner": "Rita", "goal": "roll back", "minutes": 5}
    tracks.open_track(incident, **track, actor=cast.maya, now=clock())
    tracks.gather(incident, ["Database"], 5, actor=cast.maya, now=clock())
    clock.tick(minutes=5)
    for _ in range(2):
        reminders.remind_all(now=clock.tick(seconds=1))
    titles = db.session.scalars(select(TimelineEvent.title).filter_by(kind="timebox.expired")).all()
    assert titles == [
        "Timebox expired: roll back (App). Extend or escalate",
        "Timebox expired: Conditions from Database",  # it can only be closed
    ]


def test_that_it_was_opened_late_is_confirmed_once(cast, clock):
    began = clock()
    clock.tick(minutes=25)
    incident = cast.open(severity=Severity.LOW, detected_at=began)
    coaching.confirm_late(incident, actor=cast.maya, now=clock())
    titles = db.session.scalars(select(TimelineEvent.title).filter_by(kind="opened.late")).all()
    assert titles == ["Opened 25 min after the problem began"]
    for settled in (incident, cast.open(severity=Severity.LOW)):  # kept already; not late at all
        with pytest.raises(Conflict, match="This is settled already"):
            coaching.confirm_late(settled, actor=cast.maya, now=clock())


def test_while_nobody_has_command_every_mim_is_reminded(cast, clock):
    given = {"title": "t", "severity": Severity.LOW, "systems": ["a"]}
    open_incident(**given, actor=SYSTEM, now=clock())
    clock.tick(minutes=10)
    reminders.remind_all(now=clock())
    assert {name for name, _ in told()} == {"Maya Okafor", "Omar Haddad"}


def test_what_ended_or_is_gone_stops_nobody_elses_reminder(cast, clock, monkeypatch):
    for _ in range(2):
        updates.post_holding(cast.open(severity=Severity.LOW), actor=cast.maya, now=clock())
    reminders.remind_all(now=clock())
    cast.resolve(cast.open(severity=Severity.LOW))
    reminders._looked[3] = (0, None)
    clock.tick(minutes=10)
    real = reminders.remind

    def remind(incident, **who):
        if incident.id == 1:
            raise NotFound("There is no such incident.")
        return real(incident, **who)

    monkeypatch.setattr(reminders, "remind", remind)
    assert reminders.remind_all(now=clock()) == 1
    assert [subject for _, subject in told()] == ["INC-002 Update due in 05:00"]
    assert set(reminders._looked) == {1, 2}
    assert reminders._remind_one(999, clock()) == 0
