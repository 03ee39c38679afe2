"""Machines whose clocks differ, and a clock that is set back, sign nobody out (within two minutes)."""

from __future__ import annotations

import re
import time

import pytest

from majorops.models import Subscriber
from majorops.notifications.links import CONFIRM, link_token, whose
from majorops.realtime import Ticket, Tickets
from majorops.signing import AHEAD, LEEWAY
from tests.conftest import SECRET


@pytest.fixture
def wall(monkeypatch):
    """The clock that signatures go by, moved by hand."""

    class Wall:
        now = float(int(time.time()))

    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: Wall.now)
    yield Wall
    AHEAD.forget()


@pytest.mark.parametrize("ahead", [2, LEEWAY - 1, LEEWAY])
def test_a_session_cookie_from_the_future_within_the_leeway_stays_signed_in(cast, wall, ahead):
    wall.now += ahead
    maya = cast.browser("maya")
    assert maya.get("/admin/incidents").status_code == 200
    wall.now -= ahead
    assert maya.get("/admin/incidents").status_code == 200
    assert AHEAD.seconds() == 0


def test_a_clock_set_back_signs_nobody_out_and_beyond_the_leeway_it_is_told(cast, wall, caplog):
    maya = cast.browser("maya")
    wall.now -= LEEWAY
    assert maya.get("/admin/incidents").status_code == 200
    later = cast.browser("maya")
    wall.now -= LEEWAY + 1
    assert later.get("/admin/incidents").status_code == 303
    assert AHEAD.seconds() == LEEWAY + 1
    assert "clocks of the machines differ" in caplog.text


@pytest.mark.parametrize("ahead", [-LEEWAY, -2, 2, LEEWAY])
def test_a_stream_ticket_of_a_machine_whose_clock_differs_opens_the_stream(wall, ahead):
    tickets, now = Tickets([SECRET]), wall.now
    wall.now = now + ahead
    text = tickets.issue(Ticket("1", 1, "Maya"))
    wall.now = now
    assert tickets.read(text) == Ticket("1", 1, "Maya")
    wall.now = now + ahead + tickets.life + LEEWAY + 1
    assert tickets.read(text) is None


@pytest.mark.parametrize("ahead", [2, LEEWAY])
def test_a_form_drawn_by_a_machine_whose_clock_is_ahead_is_taken(cast, wall, ahead):
    incident = cast.open()
    maya, path = cast.browser("maya"), f"/admin/incidents/{incident.id}"
    wall.now += ahead
    token = re.search(r'name="csrf_token" value="([^"]+)"', maya.get(path).text)[1]
    wall.now -= ahead
    answer = maya.post(f"{path}/notes", data={"csrf_token": token, "kind": "note", "text": "heard"})
    assert answer.status_code == 303


@pytest.mark.parametrize(("ahead", "is_taken"), [(2, True), (LEEWAY, True), (LEEWAY + 1, False)])
def test_a_link_signed_by_a_machine_whose_clock_is_ahead_is_read(app, wall, clock, ahead, is_taken):
    from majorops.db import db
    from majorops.domain.enums import ChannelKind, SubscriberState

    row = Subscriber(kind=ChannelKind.EMAIL, address="vic@example.org", nonce="n", created_at=clock())
    row.state, row.language, row.changed_at, row.failures = SubscriberState.WAITING, "en", clock(), 0
    db.session.add(row)
    db.session.commit()
    wall.now += ahead
    token = link_token([SECRET], CONFIRM, row)
    wall.now -= ahead
    assert (whose([SECRET], CONFIRM, token) is not None) is is_taken
