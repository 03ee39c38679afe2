"""Acts that waited in a browser: done once however often they are sent, with the time they were made."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from majorops import operations
from majorops.db import db
from majorops.domain.errors import Conflict
from majorops.models import CanReport, TimelineEvent
from majorops.operations import RequestMeta
from majorops.operations.edit import edit_field, record_discarded_edit
from majorops.operations.timeline import add_note
from majorops.operations.tracks import report_can

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def incident(cast, clock):
    incident = cast.open()
    clock.tick(minutes=10)
    return incident


def entries(incident, kind: str) -> list[TimelineEvent]:
    return db.session.scalars(
        select(TimelineEvent).filter_by(incident_id=incident.id, kind=kind).order_by(TimelineEvent.seq)
    ).all()


def test_sent_twice_done_once(incident, cast, clock):
    who = {"actor": cast.maya, "now": clock(), "request_meta": RequestMeta(KEY)}
    for _ in range(3):
        add_note(incident, "heard", **who)
    assert len(entries(incident, "note.logged")) == 1


def test_a_can_report_sent_twice_is_one_report(incident, cast, clock):
    who = {"actor": cast.rita, "now": clock(), "request_meta": RequestMeta(KEY)}
    for _ in range(2):
        report_can(incident, team="App", conditions="5xx", **who)
    assert len(db.session.scalars(select(CanReport)).all()) == 1


def test_a_replayed_edit_is_no_conflict_with_what_came_after_it(incident, cast, clock):
    edit_field(
        incident,
        "title",
        "mine",
        was=incident.title,
        actor=cast.maya,
        now=clock(),
        request_meta=RequestMeta(KEY),
    )
    edit_field(incident, "title", "theirs", was="mine", actor=cast.omar, now=clock())
    edit_field(
        incident, "title", "mine", was="x", actor=cast.maya, now=clock(), request_meta=RequestMeta(KEY)
    )
    assert incident.title == "theirs"
    with pytest.raises(Conflict):
        edit_field(incident, "title", "mine", was="x", actor=cast.maya, now=clock())


def test_made_and_arrived(incident, cast, clock):
    made = clock() - timedelta(minutes=4)
    add_note(incident, "heard", actor=cast.maya, now=clock(), request_meta=RequestMeta(KEY, made))
    entry = entries(incident, "note.logged")[0]
    assert (entry.made_at, entry.at) == (made, clock())


@pytest.mark.parametrize(
    "claimed",
    [timedelta(seconds=1), timedelta(days=365), timedelta(minutes=-11), timedelta(hours=-25)],
    ids=["in a second", "in a year", "before the incident was opened", "yesterday"],
)
def test_a_time_that_cannot_be_is_not_kept(incident, cast, clock, claimed):
    add_note(
        incident, "heard", actor=cast.maya, now=clock(), request_meta=RequestMeta(KEY, clock() + claimed)
    )
    assert entries(incident, "note.logged")[0].made_at is None


def test_two_processes_with_one_key_meet_in_the_index(incident, cast, clock, monkeypatch):
    """Both looked before either had written: the database decides,
    and the second one sees it on its second run.
    """
    who = {"actor": cast.maya, "now": clock(), "request_meta": RequestMeta(KEY)}
    add_note(incident, "heard", **who)
    looks = iter([False, True])
    monkeypatch.setattr(operations, "_is_known", lambda session, request_meta: next(looks))
    assert add_note(incident, "heard", **who) is None
    assert len(entries(incident, "note.logged")) == 1


def test_the_index_is_there(incident, cast, clock):
    add_note(incident, "heard", actor=cast.maya, now=clock(), request_meta=RequestMeta(KEY))
    row = entries(incident, "note.logged")[0]
    copy = {c.key: getattr(row, c.key) for c in TimelineEvent.__table__.columns} | {"id": None, "seq": 999}
    with pytest.raises(IntegrityError):
        db.session.execute(
            TimelineEvent.__table__.insert().values({k: v for k, v in copy.items() if k != "id"})
        )
    db.session.rollback()


def test_the_loser_of_a_conflict_stays_in_the_record_internal(incident, cast, clock):
    edit_field(incident, "description", "omar says", was=incident.description, actor=cast.omar, now=clock())
    record_discarded_edit(incident, "description", "maya says", actor=cast.maya, now=clock())
    (entry,) = entries(incident, "edit.discarded")
    assert (entry.detail, entry.visibility.value, entry.actor_name) == (
        "maya says",
        "internal",
        "Maya Okafor",
    )
    assert incident.description == "omar says"
    record_discarded_edit(
        incident, "description", " omar says ", actor=cast.maya, now=clock()
    )  # the same: nothing is lost
    assert len(entries(incident, "edit.discarded")) == 1


# After the commit


@pytest.fixture
def told(app, monkeypatch):
    heard = []
    monkeypatch.setitem(app.extensions, "after_commit", [heard.extend])
    return heard


def test_listeners_hear_what_was_recorded_after_it_is_saved(incident, cast, clock, told):
    edit_field(incident, "title", "new title", was=incident.title, actor=cast.maya, now=clock())
    (entry,) = told
    assert (entry.incident_id, entry.kind, entry.field) == (incident.id, "field.changed", "title")
    assert entry.seq == incident.version


def test_a_refused_verb_tells_nobody(incident, cast, clock, told):
    with pytest.raises(Conflict):
        edit_field(incident, "title", "new title", was="never seen", actor=cast.maya, now=clock())
    assert told == []


def test_a_listener_that_raises_undoes_nothing(incident, cast, clock, app, monkeypatch):
    def broken(entries):
        raise RuntimeError("the connection is down")

    monkeypatch.setitem(app.extensions, "after_commit", [broken])
    add_note(incident, "heard", actor=cast.maya, now=clock())
    assert len(entries(incident, "note.logged")) == 1
