"""Years of past incidents in bulk: what stands there is what the operations would have written."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import DeliveryState, Severity
from majorops.domain.text import reference
from majorops.models import (
    ActionItem,
    Announcement,
    CommandAssignment,
    Delivery,
    Incident,
    Milestone,
    Publication,
    TimelineEvent,
    ValidationCheck,
)
from majorops.operations.incident import open_incident

COUNT = 12


@pytest.fixture
def flask(app):
    return lambda *words: app.test_cli_runner().invoke(args=words)


@pytest.fixture
def past(flask, cast):
    """Past incidents beside one that is older in the database."""
    cast.open(title="already here", severity=Severity.LOW)
    answer = flask("demo", "--history", str(COUNT))
    assert answer.exit_code == 0, answer.output
    return answer.output


def old_ones():
    return db.session.scalars(select(Incident).where(Incident.id > 1).order_by(Incident.id)).all()


def test_history_is_added_to_what_is_there(past, clock):
    assert past == f"{COUNT} resolved incidents added: INC-002 to INC-013\n"
    assert db.session.get(Incident, 1).title == "already here"
    found = old_ones()
    assert len(found) == COUNT
    assert all(one.is_resolved and one.resolved_at < clock() for one in found)
    assert [one.opened_at.date() for one in found] == sorted(one.opened_at.date() for one in found)
    assert (found[-1].opened_at - found[0].opened_at).days > 4 * 365
    assert len({one.title for one in found}) > COUNT / 2
    assert {one.severity for one in found} >= {Severity.HIGH, Severity.MEDIUM, Severity.LOW}


def test_history_is_numbered_as_the_operations_number(past):
    for incident in old_ones():
        rows = select(TimelineEvent).filter_by(incident_id=incident.id).order_by(TimelineEvent.seq)
        entries = db.session.scalars(rows).all()
        assert [entry.seq for entry in entries] == list(range(1, incident.version + 1))
        assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
        later = ("action_item.", "review.", "after_action.")
        live = [entry.kind for entry in entries if not entry.kind.startswith(later)]
        assert (live[0], live[-1]) == ("incident.opened", "response.stood_down")
        said = {entry.publication_id for entry in entries} - {None}
        known = select(Publication.id).filter_by(incident_id=incident.id)
        assert said == set(db.session.scalars(known))
        numbers = select(Milestone.number).filter_by(incident_id=incident.id).order_by(Milestone.number)
        found = db.session.scalars(numbers).all()
        assert found == list(range(1, len(found) + 1))
        held = select(CommandAssignment.until).filter_by(incident_id=incident.id)
        assert None not in db.session.scalars(held).all()
        if found:
            checks = select(ValidationCheck.system).filter_by(incident_id=incident.id)
            assert sorted(db.session.scalars(checks)) == sorted(incident.system_names)


def test_what_large_ones_left_to_be_changed_has_ended(past, clock):
    """Some by the date that was promised first, some after it; of the past nobody is reminded."""
    left = db.session.scalars(select(ActionItem)).all()
    large = [one for one in old_ones() if one.severity in (Severity.CRITICAL, Severity.HIGH)]
    assert {one.incident_id for one in left} == {one.id for one in large}
    for one in left:
        incident = db.session.get(Incident, one.incident_id)
        assert timedelta(days=10) <= one.first_due_on - incident.opened_at.date() <= timedelta(days=12)
        assert one.ended_at > incident.resolved_at
        assert one.remind_at is None
    assert {one.ended_at.date() <= one.first_due_on for one in left} == {True, False}


def test_history_names_nobody_else_s_incident_and_wakes_nobody(past):
    for row in db.session.scalars(select(Delivery).where(Delivery.incident_id > 1)):
        assert str(row.incident_id) in row.act.split(":")
        assert reference(row.incident_id) in row.subject
        days = (row.created_at.date() - row.incident.opened_at.date()).days
        assert 0 <= days <= 2, row.act  # its review is sent round on the next day
        assert row.state in (DeliveryState.SENT, DeliveryState.QUIET, DeliveryState.NO_CHANNEL)
    waiting = select(func.count(Announcement.id)).where(Announcement.incident_id > 1)
    assert db.session.scalar(waiting.where(Announcement.done_at.is_(None))) == 0
    for word in ("73100", "@@", "1996-02"):
        for column in (TimelineEvent.title, TimelineEvent.detail, Delivery.body, Delivery.subject):
            assert db.session.scalar(select(column).where(column.contains(word)).limit(1)) is None, word
    if db.engine.dialect.name == "sqlite":
        assert db.session.execute(text("PRAGMA foreign_key_check")).all() == []


def test_history_is_the_same_each_time_and_work_goes_on_after_it(past, flask, cast, clock):
    first = [(one.title, one.opened_at.time()) for one in old_ones()]
    assert flask("demo", "--history", str(COUNT)).exit_code == 0
    second = [(one.title, one.opened_at.time()) for one in old_ones()[COUNT:]]
    assert second == first
    after = open_incident(title="next", severity=Severity.LOW, systems=["a"], actor=SYSTEM, now=clock())
    assert after.id == 1 + 2 * COUNT + 1
    for address in (f"/admin/incidents/{COUNT}", f"/incidents/{after.id}", "/", "/history"):
        assert cast.browser("maya").get(address).status_code == 200, address


def test_history_before_the_demo_incidents_of_an_empty_database(flask, app):
    answer = flask("demo", "--history", "8")
    assert answer.exit_code == 0, answer.output
    assert "dana@example.org\tmim" in answer.output
    running = db.session.scalars(select(Incident.id).where(Incident.resolved_at.is_(None))).all()
    assert min(running) > 8
    by = select(func.count()).where(TimelineEvent.actor_id.is_(None), TimelineEvent.incident_id <= 8)
    assert db.session.scalar(by) == 0  # the people of the demo have accounts here
