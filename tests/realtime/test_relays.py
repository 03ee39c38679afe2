"""One contract for the wires between processes: two ends, as two processes would have them."""

from __future__ import annotations

from io import StringIO
from threading import Event, Lock

import pytest
from sqlalchemy import text

from majorops.realtime import PostgresRelay, RedisRelay, Relay
from majorops.realtime.messages import LONGEST
from majorops.realtime.relays import AGAIN, WAITING, ThreadedRelay
from tests.conftest import autocommit, named_database
from tests.waiting import wait_for

KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'majorops'"


class Relays:
    """How a test makes ends of one relay, cuts it, and mends it."""

    def end(self) -> Relay:
        raise NotImplementedError

    def cut(self) -> None:
        raise NotImplementedError

    def mend(self) -> None:
        raise NotImplementedError


class PostgresRelays(Relays):
    def __init__(self, request):
        self.server = request.getfixturevalue("postgres")
        with autocommit(self.server) as connection:
            if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = 'relay'")):
                connection.execute(text("CREATE DATABASE relay"))

    def end(self):
        return PostgresRelay(
            named_database(self.server, "relay").replace("postgresql+psycopg://", "postgresql://")
        )

    def cut(self):
        with autocommit(self.server) as connection:
            connection.execute(text("ALTER DATABASE relay ALLOW_CONNECTIONS false"))
            connection.execute(text(KILL))

    def mend(self):
        with autocommit(self.server) as connection:
            connection.execute(text("ALTER DATABASE relay ALLOW_CONNECTIONS true"))


class RedisRelays(Relays):
    def __init__(self, request):
        self.server = request.getfixturevalue("redis_server")

    def end(self):
        return RedisRelay(self.server.url, secret="tests")

    def cut(self):
        self.server.kill()

    def mend(self):
        self.server.start()


class End:
    """One end, and what came out of it."""

    def __init__(self, relay: Relay):
        self.relay, self.heard, self.lines, self._lock = relay, [], [], Lock()
        relay.start(self._hear, self.lines.append)

    def _hear(self, text: str | bytes) -> None:
        with self._lock:
            self.heard.append(text if isinstance(text, str) else text.decode())


def until(condition) -> None:
    wait_for(condition, "what was sent over the relay")


@pytest.fixture(params=[PostgresRelays, RedisRelays])
def relay(request):
    return request.param(request)


@pytest.fixture
def ends(relay):
    """Two ends that hear each other."""
    first, second = End(relay.end()), End(relay.end())
    until(lambda: first.relay.send("ready?") or (first.heard and second.heard))
    first.relay.send("all")
    until(lambda: "all" in first.heard and "all" in second.heard)  # nothing else is on its way
    first.heard.clear()
    second.heard.clear()
    yield first, second
    relay.mend()
    for end in (first, second):
        end.relay.stop()


def test_what_one_sends_all_hear_once_and_in_order(ends):
    first, second = ends
    for n in range(50):
        first.relay.send(f"text {n}")
    first.relay.send("the end")
    until(lambda: "the end" in second.heard)
    assert second.heard == [*(f"text {n}" for n in range(50)), "the end"]


def test_what_is_sent_is_heard(ends):
    first, second = ends
    first.relay.send("now")
    until(lambda: second.heard == ["now"])


def test_the_longest_text_and_odd_characters_arrive_whole(ends):
    first, second = ends
    longest = ("é'\"\\%s" * LONGEST)[: LONGEST // 2]
    first.relay.send(longest)
    until(lambda: second.heard)
    assert second.heard == [longest]


def test_a_relay_that_is_cut_says_so_and_sending_goes_on(ends, relay):
    first, second = ends
    relay.cut()
    until(lambda: first.lines[:1] == [False] and second.lines[:1] == [False])
    for n in range(3_000):
        first.relay.send(f"lost {n}")  # neither waits nor raises, however much there is
    relay.mend()
    until(lambda: first.lines == [False, True] and second.lines == [False, True])
    until(lambda: first.relay.send("after") or "after" in second.heard)  # one may meet a full outbox


class Halting(ThreadedRelay):
    """A relay whose sending end is down for its first tries; the listening ends of others stay up."""

    def __init__(self, refusals: int):
        super().__init__()
        self.refusals, self.arrived, self.may_connect = refusals, [], Event()

    def connect(self):
        self.may_connect.wait(5)
        self.refusals -= 1
        if self.refusals >= 0:
            raise ConnectionError("refused")
        return StringIO()

    def publish(self, connection, text):
        self.arrived.append(text)


@pytest.mark.parametrize(("refusals", "texts"), [(3, 2), (0, WAITING + 2)])
def test_who_may_have_missed_a_text_is_told_to_look_again(refusals, texts):
    relay = Halting(refusals)
    for n in range(texts):
        relay.send(f"text {n}")
    relay.may_connect.set()
    until(lambda: AGAIN in relay.arrived)
    assert relay.arrived.count(AGAIN) == 1
    relay.stop()


def test_an_end_that_cannot_connect_says_so_once_and_stops():
    for relay in (
        PostgresRelay("postgresql://nobody@127.0.0.1:9/none"),
        RedisRelay("redis://127.0.0.1:9/0", secret="tests"),
    ):
        end = End(relay)
        relay.send("nobody hears this")
        until(lambda end=end: end.lines == [False])
        relay.stop()
