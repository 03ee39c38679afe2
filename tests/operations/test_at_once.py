"""Several people in the same second, as threads with sessions of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import make_transient_to_detached

from majorops.db import db
from majorops.domain.enums import Phase, Severity
from majorops.domain.errors import Conflict, NotFound
from majorops.models import Incident, TimelineEvent
from majorops.operations import OPERATIONS, operation
from majorops.operations.incident import open_incident
from majorops.operations.phase import advance_phase
from majorops.operations.timeline import add_note


def at_once(app, work, times: int) -> list:
    """The results (or exceptions) of `work(n)`, run in threads at the same time."""

    def one(n: int):
        with app.app_context():
            try:
                return work(n)
            except Conflict as problem:
                return problem

    db.session.rollback()
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_two_press_advance(app, cast, clock):
    number = cast.open().id
    people = [cast.maya, cast.omar]

    def press(n):
        incident = db.session.get(Incident, number)
        advance_phase(incident, actor=people[n], now=clock(), expected=Phase.ALERT)
        return "advanced"

    results = at_once(app, press, 2)
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "str"]
    told = next(str(result) for result in results if isinstance(result, Conflict))
    assert "advanced to 2 Gather at 14:00:00" in told
    assert db.session.get(Incident, number, populate_existing=True).phase is Phase.GATHER


def test_one_form_sent_many_times_at_once(app, cast, clock):
    def send(n):
        given = {"title": "t", "severity": Severity.LOW, "systems": ["a"], "request_key": "one"}
        return open_incident(**given, actor=cast.maya, now=clock()).id

    assert set(at_once(app, send, 6)) == {1}
    assert db.session.scalar(select(func.count(Incident.id))) == 1


def test_ten_people_write_and_nothing_is_lost(app, cast, clock):
    number = cast.open().id

    def write(n):
        for m in range(5):
            add_note(db.session.get(Incident, number), f"{n}-{m}", actor=cast.rita, now=clock())

    at_once(app, write, 10)
    rows = (
        select(TimelineEvent.seq, TimelineEvent.title)
        .filter_by(incident_id=number)
        .order_by(TimelineEvent.seq)
    )
    entries = db.session.execute(rows).all()
    assert [seq for seq, _ in entries] == list(range(1, len(entries) + 1))
    assert {title for _, title in entries} >= {f"{n}-{m}" for n in range(10) for m in range(5)}


def test_who_meets_others_twice_is_told_to_try_again(cast, clock):
    number, runs = cast.open().id, []

    @operation(needs=None)
    def collide(*, actor, now):
        runs.append(now)
        first = db.session.scalar(select(TimelineEvent.seq).filter_by(incident_id=number))
        given = {"kind": "note.logged", "type": "action", "visibility": "internal", "title": "x"}
        given |= {"phase": Phase.ALERT, "actor_name": actor.name, "at": now}
        db.session.add(TimelineEvent(incident_id=number, seq=first, **given))

    OPERATIONS.pop("test_at_once.collide")
    with pytest.raises(Conflict, match=r"Somebody changed this at the same moment\. Nothing was saved"):
        collide(actor=cast.maya, now=clock())
    assert len(runs) == 2


def test_an_incident_that_is_not_there_any_more(cast, clock):
    gone = Incident(id=999)
    make_transient_to_detached(gone)
    db.session.add(gone)
    with pytest.raises(NotFound, match="There is no such incident"):
        add_note(gone, "heard", actor=cast.maya, now=clock())
