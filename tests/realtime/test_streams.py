"""Event streams of the real server: who may listen, what is heard, and readers who behave badly."""

from __future__ import annotations

import queue
import signal
import socket

import pytest
import requests

from majorops.realtime import Ticket, Tickets
from majorops.realtime.streams import PER_PERSON
from tests.conftest import SECRET
from tests.server import Person
from tests.waiting import wait_for


@pytest.fixture
def maya(server):
    return Person(server)


@pytest.fixture
def path(maya):
    return maya.open()


def save(person: Person, path: str, value: str, was: str = "") -> int:
    """Save a description; the incident's version afterwards."""
    answer = person.post(f"{path}/fields/description", value=value, was=was)
    assert answer.status_code == 200, answer.text
    return int(answer.headers["X-Version"])


def is_changed_within(stream, version: int, seconds: float) -> bool:
    """Whether the stream says this version before it is silent for so long."""
    try:
        return bool(stream.change(version, seconds))
    except queue.Empty:
        return False


def test_a_change_is_a_version_and_carries_no_content(maya, path):
    stream = maya.listen(path)
    stream.next("beat")
    version = save(maya, path, "a text that must not be pushed")
    change = stream.change(version)  # the opening itself may come by
    assert change == {"version": version, "signals": [], "spread": 0, "regions": ["*"]}
    assert maya.get(f"{path}/changes", headers={"X-Version": "0"}).text.count("must not be pushed") >= 1


def test_each_incident_has_its_own_stream(maya, path):
    other = maya.open("ledger-db")
    stream = maya.listen(other)
    stream.next("beat")
    save(maya, path, "elsewhere")
    further = save(maya, path, "further than the other is", "elsewhere")
    assert is_changed_within(stream, further, 1) is False
    stream.change(save(maya, other, "here"))


@pytest.mark.parametrize("ticket", ["", "nonsense", "x" * 5_000, "WzEsMiwzXQ.aaaa.bbbb"])
def test_without_a_ticket_nothing(maya, path, ticket):
    assert maya.listen(path, ticket).answer.status_code == 403


def test_a_long_query_is_no_crash(server, path):
    assert requests.get(f"{server.url}{path}/stream?{'a=1&' * 1000}").status_code == 403


def test_a_ticket_signed_for_something_else_is_none(maya, path):
    forged = Tickets(["another secret another secret another"]).issue(Ticket("1", 1, "Maya"))
    assert maya.listen(path, forged).answer.status_code == 403


def test_a_ticket_grows_old(maya, path, monkeypatch):
    from itsdangerous import timed

    monkeypatch.setattr(timed.time, "time", lambda: 1_700_000_000)
    old = Tickets([SECRET]).issue(Ticket("1", 1, "Maya"))
    monkeypatch.undo()
    assert maya.listen(path, old).answer.status_code == 403


@pytest.mark.parametrize("nick", ["xin", None])
def test_who_may_not_read_the_fireground_gets_no_ticket(server, maya, path, nick):
    http = Person(server, nick).http if nick else requests.Session()
    answer = http.get(f"{server.url}{path}/changes", headers={"HX-Request": "true"})
    assert answer.status_code in (401, 403)
    assert "X-Ticket" not in answer.headers


def test_the_ticket_stands_in_no_address_that_others_get(maya, path):
    assert "no-store" in maya.get(path).headers["Cache-Control"]


def test_hundreds_of_streams_of_one_person_are_refused_and_others_listen(server, maya, path):
    omar, ticket = Person(server, "omar"), maya.ticket(path)
    streams = [maya.listen(path, ticket) for _ in range(PER_PERSON)]
    for stream in streams:
        stream.next("beat")
    assert {maya.listen(path, ticket).answer.status_code for _ in range(100)} == {429}
    assert omar.listen(path).answer.status_code == 200
    streams.pop().close()
    # The place is free again as soon as the server sees that the reader left.
    wait_for(
        lambda: maya.listen(path, ticket).answer.status_code == 200, "a closed stream that counts no more"
    )


def test_a_reader_who_never_reads_delays_nobody(server, maya, path):
    deaf = []
    for _ in range(10):
        line = socket.create_connection(("127.0.0.1", server.port))
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        line.sendall(f"GET {path}/stream?ticket={maya.ticket(path)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        deaf.append(line)
    omar = Person(server, "omar")
    stream = omar.listen(path)
    stream.next("beat")
    was = ""
    for n in range(30):
        save(maya, path, f"text {n}", was)
        stream.next("stale")
        was = f"text {n}"
    for line in deaf:
        line.close()


def test_who_sends_a_form_slowly_holds_nobody(server):
    head = (
        "POST /login HTTP/1.1\r\n"
        "Host: x\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: 8\r\n\r\n"
    )
    slow = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(40)]
    for line in slow:
        line.sendall(f"{head}email".encode())
    assert requests.get(f"{server.url}/healthz", timeout=60).status_code == 200
    slow[0].sendall(b"=ab")
    assert slow[0].recv(100).startswith(b"HTTP/1.1 400")
    for line in slow:
        line.close()
    assert requests.get(f"{server.url}/login", timeout=60).status_code == 200


def test_other_methods_and_addresses_are_no_streams(server, maya, path):
    assert maya.http.post(f"{server.url}{path}/stream").status_code == 405
    assert maya.get("/admin/incidents/x/stream").status_code == 404


def test_a_restart_is_quick_and_ends_the_streams(server, maya, path, capfd):
    streams = [maya.listen(path) for _ in range(5)]
    for stream in streams:
        stream.next("beat")
    assert server.stop(signal.SIGTERM) in (0, -signal.SIGTERM)
    for stream in streams:
        stream.next("bye")
    assert "Traceback" not in capfd.readouterr().err


def test_who_is_here(server, maya, path):
    omar = Person(server, "omar")
    assert "presence__who" not in omar.get(path).text  # alone: nobody to name
    mine, his = maya.listen(path), omar.listen(path)
    mine.next("beat"), his.next("beat")

    def seen() -> str:
        return omar.get(f"{path}/changes?region=presence").text

    wait_for(lambda: 'title="Maya Okafor"' in seen(), "the name of who is here")
    assert maya.post(f"{path}/presence", field="title").status_code == 204
    wait_for(lambda: 'data-on="f-title"' in seen(), "the field that she edits")
    assert maya.post(f"{path}/presence", field="<script>").status_code == 204
    assert "data-on" not in omar.get(f"{path}/changes?region=presence").text


def is_over_within(stream, seconds: float = 10.0) -> bool:
    """Whether the stream ends before it is silent for so long."""
    try:
        stream.next("over", seconds)
    except queue.Empty:
        return False
    return True


def test_streams_end_at_sign_out_and_their_tickets_open_nothing(server, maya, path):
    omar = Person(server, "omar")
    ticket = maya.ticket(path)
    hers, his = [maya.listen(path, ticket), maya.listen(path)], omar.listen(path)
    for stream in (*hers, his):
        stream.next("beat")
    assert maya.post("/logout").status_code == 303
    assert all(is_over_within(stream) for stream in hers)
    late = maya.listen(path, ticket)
    assert late.answer.status_code == 403
    assert is_changed_within(his, save(omar, path, "he goes on"), 10)


def test_streams_of_an_account_that_is_switched_off_end(server, maya, path):
    ada, omar = Person(server, "ada"), Person(server, "omar")
    his = omar.listen(path)
    his.next("beat")
    from majorops import clock, create_app
    from majorops.db import db
    from majorops.domain.access import SYSTEM
    from majorops.models import User
    from majorops.operations.accounts import set_active

    app = create_app({"DATABASE_URL": server.database_url, "SECRET_KEY": SECRET})
    with app.app_context():  # another process on the same database
        user = db.session.query(User).filter_by(email="omar@example.org").one()
        set_active(user, False, actor=SYSTEM, now=clock.now())
        db.session.remove()
        db.engine.dispose()
    app.extensions["live"].stop()
    assert is_over_within(his, 20)
    assert ada.get(path).status_code == 200
