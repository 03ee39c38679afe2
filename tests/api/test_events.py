"""Events for programs: pages by cursor, and the stream of the real server."""

from __future__ import annotations

import json
import queue
import signal
import threading
from datetime import UTC, datetime, timedelta

import pytest
import requests

from majorops.api import feed
from majorops.api.feed import Heights, Item, Position
from majorops.asgi.programs import PER_TOKEN, Listener, Programs
from majorops.db import db
from majorops.domain.access import Permission
from majorops.models import ApiToken
from majorops.operations import timeline
from majorops.operations.catalogue import add_system
from majorops.operations.tokens import alive_among, revoke_token
from tests.loops import run
from tests.server import Person, add_token
from tests.waiting import LIMIT

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


def page(program, after=None) -> dict:
    return program.get("/events" + ("" if after is None else f"?after={after}")).json


def titles(found: dict) -> list[str]:
    return [one["entry"]["title"] for one in found["events"]]


def test_a_page_begins_now_or_after_the_cursor(cast, maya, who):
    incident = cast.open(systems=["payments-api"])
    begun = page(maya)
    assert (begun["events"], begun["more"]) == ([], False)
    timeline.add_note(incident, "seen from outside", **who)
    found = page(maya, begun["next"])
    (one,) = found["events"]
    assert one["entry"]["title"] == "seen from outside"
    assert (one["incident"], one["systems"]) == (incident.id, ["payments-api"])
    if found["next"] == one["id"]:  # with one writer; with many it may come twice
        assert page(maya, found["next"])["events"] == []
    assert page(maya, 2**31 - 1)["events"] == []
    refused = maya.get("/events?after=x")
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "after")


def test_a_token_of_one_system_hears_of_that_system(cast, program, who):
    theirs, other = cast.open(systems=["payments-api"]), cast.open(systems=["ledger-db"])
    add_system(name="payments-api", actor=cast.ada, now=who["now"])
    narrow = program("maya", system="payments-api")
    after = page(narrow)["next"]
    timeline.add_note(other, "of ledger", **who)
    timeline.add_note(theirs, "of payments", **who)
    assert titles(page(narrow, after)) == ["of payments"]
    assert titles(page(program("maya"), after)) == ["of ledger", "of payments"]


def test_a_cursor_that_is_far_back_reads_the_newest_in_pages(cast, maya, who, monkeypatch):
    incident = cast.open()
    for number in range(6):
        timeline.add_note(incident, f"note {number}", **who)
    monkeypatch.setattr(feed, "SETTLED", timedelta(0))
    monkeypatch.setattr(feed, "KEPT", 4)
    monkeypatch.setattr(feed, "READ_MOST", 3)
    first = page(maya, 0)
    assert (titles(first), first["more"]) == (["note 2", "note 3", "note 4"], True)
    second = page(maya, first["next"])
    assert (titles(second), second["more"]) == (["note 5"], False)


def test_what_comes_into_sight_late_is_told_and_nothing_twice():
    def items(*numbers: int) -> list[Item]:
        return [Item(number, frozenset(), "") for number in numbers]

    position = Position(10, timedelta(seconds=15))
    assert [one.id for one in position.take(items(11, 13), NOON)] == [11, 13]
    assert (position.settled, position.told) == (10, {11, 13})
    late = position.take(items(11, 12, 13), NOON + timedelta(seconds=3))
    assert [one.id for one in late] == [12]
    assert position.take(items(14), NOON + timedelta(seconds=15)) == items(14)
    assert (position.settled, position.told) == (13, {14})
    assert position.take(items(9, 14), NOON + timedelta(seconds=30)) == []
    assert (position.settled, position.told) == (14, set())


def test_a_cursor_stops_at_what_was_in_sight_a_while_ago_whatever_time_an_entry_has():
    heights, lag = Heights(), timedelta(seconds=15)
    assert heights.settled(20, NOON, lag) == 0  # this process saw nothing before
    assert heights.settled(22, NOON + timedelta(seconds=5), lag) == 0
    assert heights.settled(22, NOON + timedelta(seconds=15), lag) == 20
    assert heights.settled(30, NOON + timedelta(seconds=20), lag) == 22
    assert heights.settled(30, NOON + timedelta(hours=1), lag) == 30
    assert heights.settled(31, NOON + timedelta(hours=1), timedelta(0)) == 31


def test_which_tokens_are_worth_something_still(cast, clock, program, app):
    numbers = [1, 2, 3]
    for scopes in (["incident:read"], ["timeline:note"], ["incident:read"]):
        program("maya", scopes)
    read = Permission.INCIDENT_READ
    assert alive_among(numbers, read, clock()) == {1, 3}
    row = db.session.get_one(ApiToken, 3)
    revoke_token(row, actor=cast.maya, now=clock())
    assert alive_among(numbers, read, clock()) == {1}


class Stream:
    """A program that listens to the real server; `next`: of what it hears, whatever begins so."""

    def __init__(self, url: str, token: str, **headers: str):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        asked = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"} | named
        self.answer = requests.get(f"{url}/api/v1/events", headers=asked, stream=True, timeout=LIMIT)
        self._lines: queue.Queue[str] = queue.Queue()
        if self.answer.status_code == 200:
            threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            for line in self.answer.iter_lines(chunk_size=1, decode_unicode=True):
                self._lines.put(line)
        except (requests.RequestException, AttributeError):
            pass
        self._lines.put("over")

    def next(self, begins: str) -> str:
        for line in iter(lambda: self._lines.get(timeout=LIMIT), "over"):
            if line.startswith(begins):
                return line.removeprefix(begins).strip()
        return "over"

    def event(self) -> dict:
        return json.loads(self.next("data:"))


def test_who_begins_to_listen_during_a_reading_is_not_taken_for_one_whose_token_ended(app, cast):
    programs = Programs(app, app.extensions["live"])

    async def read():
        first, second, third = (Listener(n, cast.maya, Position(0, timedelta(0))) for n in (1, 2, 3))
        programs._listeners |= {first, second}

        async def look(act, *given):
            programs._listeners.add(third)
            return [], {1}

        programs._in_thread, programs._is_due = look, True
        await programs._read_for_all()
        return [one.is_over for one in (first, second, third)]

    assert run(read) == [False, True, False]
    programs.stop()


@pytest.fixture
def person(server):
    return Person(server)


def note(person: Person, path: str, text: str) -> None:
    assert person.post(f"{path}/notes", text=text).status_code in (200, 303)


def test_the_stream_says_what_happens_and_goes_on_from_its_cursor(server, person):
    _, token = add_token(server.database_url)
    stream = Stream(server.url, token)
    assert stream.answer.headers["Content-Type"].startswith("text/event-stream")
    began = stream.next("id:")
    path = person.open("payments-api")
    assert stream.event()["entry"]["kind"] == "incident.opened"
    again = Stream(server.url, token, Last_Event_ID=began)
    assert again.event()["entry"]["kind"] == "incident.opened"
    note(person, path, "heard by both")
    for one in (stream, again):
        heard = iter(one.event, None)
        assert next(found for found in heard if found["entry"]["title"] == "heard by both")


def test_the_stream_of_a_token_of_one_system_says_that_system_alone(server, person):
    _, token = add_token(server.database_url, system="payments-api")
    stream = Stream(server.url, token)
    stream.next("id:")
    note(person, person.open("ledger-db"), "of ledger")
    person.open("payments-api")
    assert stream.event()["systems"] == ["payments-api"]


def test_a_revoked_token_hears_nothing_more(server, person):
    number, token = add_token(server.database_url)
    stream = Stream(server.url, token)
    stream.next("id:")
    assert person.post(f"/admin/account/tokens/{number}/revoke").status_code in (200, 303)
    path = person.open("payments-api")
    note(person, path, "not for it")
    assert stream.next("data:") == "over"
    assert Stream(server.url, token).answer.status_code == 401


@pytest.mark.parametrize(
    ("cursor", "nick", "status"), [("x", "maya", 422), ("9" * 12, "maya", 422), ("", "xin", 403)]
)
def test_what_cannot_be_streamed_is_a_problem(server, cursor, nick, status):
    _, token = add_token(server.database_url, nick)
    refused = Stream(server.url, token, Last_Event_ID=cursor).answer
    assert (refused.status_code, refused.json()["status"]) == (status, status)
    assert refused.headers["Content-Type"] == "application/problem+json"


def test_streams_of_a_token_are_counted(server, person):
    _, token = add_token(server.database_url)
    streams = [Stream(server.url, token) for _ in range(PER_TOKEN)]
    assert {one.answer.status_code for one in streams} == {200}
    assert Stream(server.url, token).answer.status_code == 429
    assert person.get("/admin/incidents").status_code == 200


def test_a_server_that_starts_again_goes_on_from_the_cursor(server, person):
    _, token = add_token(server.database_url)
    stream = Stream(server.url, token)
    began = stream.next("id:")
    path = person.open("payments-api")
    assert server.stop() in (0, -signal.SIGTERM)
    assert stream.next("nothing") == "over"
    server.start()
    note(person, path, "after the restart")
    again = Stream(server.url, token, Last_Event_ID=began)
    heard = [found["entry"]["kind"] for found in (again.event(), again.event())]
    assert heard[0] == "incident.opened"
