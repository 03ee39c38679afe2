"""Two server processes on one database: what one saves is on the screens of the other;
and what dies comes back.
"""

from __future__ import annotations

import queue
import signal

import pytest
import requests
from sqlalchemy import text

from tests.conftest import autocommit, migrated
from tests.realtime.postgres_server import PostgresServer
from tests.server import Person, Server, Stream, fill
from tests.waiting import LIMIT, wait_for

SCIM_TOKEN = "tests-only-tests-only-tests-only-"


@pytest.fixture(params=["listen", "redis", "file"])
def pair(request, tmp_path):
    """Two servers: PostgreSQL with LISTEN/NOTIFY, with Redis, and one SQLite file."""
    settings = {"SCIM_TOKEN": SCIM_TOKEN}
    if request.param == "redis":
        settings["REDIS_URL"] = request.getfixturevalue("redis_server").url
    if request.param == "file":
        if request.config.getoption("--postgres"):
            pytest.skip("SQLite is the other run")
        url = request.getfixturevalue("database_url")
    else:
        url = request.getfixturevalue("postgres_url")
    fill(url)
    servers = [Server(url, **settings) for _ in range(2)]
    for server in servers:
        server.start()
    yield servers
    for server in servers:
        if server.is_running:
            server.stop()


def description(person: Person, path: str) -> str:
    return person.get(f"{path}/fields/description?rest=1").text


def save(person: Person, path: str, value: str, was: str) -> int:
    """Save a description; the incident's version afterwards."""
    answer = person.post(f"{path}/fields/description", value=value, was=was)
    assert answer.status_code == 200
    return int(answer.headers["X-Version"])


def until_the_relay_carries(person: Person, path: str, stream: Stream) -> None:
    """A relay listens a moment after its server answers: until then a text is lost, which nobody promises."""

    def carried() -> bool:
        answer = person.post(f"{path}/notes", kind="note", text="is it there?")
        assert answer.status_code == 200
        try:
            return bool(stream.change(int(answer.headers["X-Version"]), 1))
        except queue.Empty:
            return False

    wait_for(carried, "the relay between the processes")


def test_a_change_through_one_is_heard_at_the_other(pair):
    maya, omar = Person(pair[0]), Person(pair[1], "omar")
    path = maya.open()
    stream = omar.listen(path)
    stream.next("beat")
    until_the_relay_carries(maya, path, stream)
    was = ""
    for n in range(10):
        stream.change(save(maya, path, f"text {n}", was))
        was = f"text {n}"
        assert was in description(omar, path)


def test_two_processes_number_the_record_without_a_gap(pair):
    maya, omar = Person(pair[0]), Person(pair[1], "omar")
    path = maya.open()
    for n in range(10):
        assert maya.post(f"{path}/notes", kind="note", text=f"maya {n}").status_code == 200
        assert omar.post(f"{path}/notes", kind="note", text=f"omar {n}").status_code == 200
    page = omar.get(path).text
    assert all(f"maya {n}" in page and f"omar {n}" in page for n in range(10))


def test_kill_9_of_a_server_loses_nothing_acknowledged_and_streams_come_back(pair):
    maya, omar = Person(pair[0]), Person(pair[1], "omar")
    path = maya.open()
    save(maya, path, "acknowledged", "")
    pair[0].stop(signal.SIGKILL)
    assert "acknowledged" in description(omar, path)
    stream = omar.listen(path)
    stream.next("beat")
    pair[0].start()
    until_the_relay_carries(maya, path, stream)
    stream.change(save(maya, path, "after the return", "acknowledged"))


@pytest.mark.parametrize("pair", ["redis"], indirect=True)
def test_kill_9_of_redis_screens_are_told_to_ask_and_are_live_again(pair, redis_server):
    maya, omar = Person(pair[0]), Person(pair[1], "omar")
    path = maya.open()
    stream = omar.listen(path)
    stream.next("beat")
    until_the_relay_carries(maya, path, stream)
    redis_server.kill()
    assert stream.next("connection") == "down"
    save(maya, path, "while it was down", "")
    assert "while it was down" in description(omar, path)
    redis_server.start()
    assert stream.next("connection") == "up"
    asked = stream.next("stale")
    assert (asked["version"], asked["signals"]) == (0, [])  # ask: something may have been lost
    until_the_relay_carries(maya, path, stream)
    stream.change(save(maya, path, "after the return", "while it was down"))


@pytest.mark.parametrize("pair", ["listen"], indirect=True)
def test_every_connection_of_the_database_cut_is_healed(pair, postgres):
    maya, omar = Person(pair[0]), Person(pair[1], "omar")
    path = maya.open()
    save(maya, path, "acknowledged", "")
    stream = omar.listen(path)
    stream.next("beat")
    until_the_relay_carries(maya, path, stream)
    with autocommit(postgres) as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )
    assert stream.next("connection") == "down"
    assert stream.next("connection") == "up"
    stream.change(save(maya, path, "after it", "acknowledged"))


def test_kill_9_of_postgres_refuses_clearly_loses_nothing_and_heals():
    postgres = PostgresServer()
    fill(migrated(postgres.url))
    server = Server(postgres.url)
    server.start()
    maya = Person(server)
    path = maya.open()
    save(maya, path, "acknowledged", "")
    stream = maya.listen(path)
    stream.next("beat")
    until_the_relay_carries(maya, path, stream)
    postgres.kill()
    answer = maya.post(f"{path}/fields/description", value="refused", was="acknowledged")
    assert answer.status_code == 503
    assert "Database does not answer" in answer.text
    assert stream.next("connection") == "down"
    postgres.start()
    assert stream.next("connection") == "up"
    assert "acknowledged" in description(maya, path)
    stream.change(save(maya, path, "after the return", "acknowledged"))
    server.stop()
    postgres.stop()


def test_streams_end_at_sign_out_through_the_other_process(pair):
    here, there = pair[0], pair[1]
    maya = Person(here)
    path = maya.open()
    elsewhere = Person(there)
    elsewhere.http.cookies = maya.http.cookies
    elsewhere.token = maya.token
    stream = elsewhere.listen(path)
    stream.next("beat")
    assert maya.post("/logout").status_code == 303
    stream.next("over", 20)


@pytest.mark.parametrize("pair", ["listen", "file"], indirect=True)
def test_whom_a_directory_switches_off_is_out_in_the_other_process_too(pair):
    here, there = pair
    omar = Person(there, "omar")
    path = omar.open()
    stream = omar.listen(path)
    stream.next("beat")
    bearer = {"Authorization": f"Bearer {SCIM_TOKEN}"}
    asked = {"filter": 'userName eq "omar@example.org"'}
    found = requests.get(f"{here.url}/scim/v2/Users", params=asked, headers=bearer, timeout=LIMIT).json()
    operation = {"op": "replace", "value": {"active": False}}
    answer = requests.patch(
        found["Resources"][0]["meta"]["location"],
        json={"Operations": [operation]},
        headers=bearer,
        timeout=LIMIT,
    )
    assert answer.status_code == 200
    stream.next("over", 20)
    assert omar.get(f"{path}/changes").status_code == 401
