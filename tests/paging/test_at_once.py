"""Several people and several workers at one page in the same second."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import CommandRole, Severity
from majorops.models import Incident, Page, TimelineEvent
from majorops.operations import paging
from tests.operations.test_at_once import at_once

SRE = CommandRole.SRE


def count(kind: str) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(TimelineEvent.id)).filter_by(kind=kind))


@pytest.fixture
def number(cast) -> int:
    return cast.open(severity=Severity.CRITICAL).id


def page(cast, clock, number: int) -> int:
    who = {"actor": cast.maya, "now": clock()}
    return paging.page_role(db.session.get(Incident, number), SRE, whom="rita@example.org", **who).id


def test_two_page_for_one_role(app, cast, clock, number):
    results = at_once(app, lambda n: page(cast, clock, number), 4)
    assert sorted(type(result).__name__ for result in results) == ["Conflict"] * 3 + ["int"]
    assert db.session.scalar(select(func.count(Page.id))) == 1


def test_two_are_on_it(app, cast, clock, number):
    row, people = page(cast, clock, number), [cast.rita, cast.omar]

    def press(n):
        paging.answer_page(db.session.get(Incident, number), row, actor=people[n], now=clock())
        return people[n].name

    results = at_once(app, press, 2)
    [winner] = [result for result in results if isinstance(result, str)]
    [told] = [str(result) for result in results if not isinstance(result, str)]
    assert told.startswith(f"{winner} is on it since ")
    assert count("page.answered") == 1


def test_two_workers_call_on_once(app, cast, clock, number):
    page(cast, clock, number)
    clock.tick(minutes=3)
    at_once(app, lambda n: paging.call_due(clock()), 3)
    assert count("page.called") == 2


def test_a_worker_calls_on_while_somebody_is_on_it(app, cast, clock, number):
    row = page(cast, clock, number)
    clock.tick(minutes=3)

    def act(n):
        if n:
            return paging.call_due(clock())
        return paging.answer_page(db.session.get(Incident, number), row, actor=cast.rita, now=clock())

    at_once(app, act, 3)
    assert (count("page.answered"), count("page.called") in (1, 2)) == (1, True)
    paging.call_due(clock.tick(minutes=30))
    assert count("page.called") in (1, 2)
    assert paging.call_next(db.session.get(Incident, number), row, actor=SYSTEM, now=clock()) is False
