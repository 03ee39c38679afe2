"""What a process publishes reaches the streams of every process:
one contract in process, over PostgreSQL, over Redis.
"""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from majorops.domain.events import Signal
from majorops.realtime import Live, Relay, Stale
from majorops.realtime.hub import CROWD, Change, Hub, Viewer
from majorops.realtime.messages import LONGEST, Again, Editing, People, decode, encode
from majorops.realtime.presence import FORGET, Presence
from tests.loops import run
from tests.realtime.test_relays import PostgresRelays, RedisRelays, until
from tests.waiting import LIMIT


class OneProcess:
    """Both ends are the same process."""

    def __init__(self, request):
        self.live = None

    def end(self):
        return Relay()


class Process:
    """A process with an event loop of its own."""

    def __init__(self, relay: Relay):
        self.live = Live(relay)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.run(self.live.start)

    def run(self, act, *args):
        async def on_loop():
            return act(*args)

        return asyncio.run_coroutine_threadsafe(on_loop(), self.loop).result(5)

    def open(self, topic: str, person: int = 1, name: str = "Maya") -> Viewer:
        viewer = self.run(Viewer, topic, person, name)
        self.run(self.live.join, viewer)
        return viewer

    def change(self, viewer: Viewer, seconds: float = LIMIT) -> Change | None:
        """What a stream says next, but for who is here; None for a silence of so long."""

        async def wait():
            for _ in range(1_000):
                for name, data in await viewer.events():
                    if name == "stale" and (data.version, data.signals) != (0, ("people",)):
                        return data

        async def at_most():
            try:
                return await asyncio.wait_for(wait(), seconds)
            except TimeoutError:
                return None

        return asyncio.run_coroutine_threadsafe(at_most(), self.loop).result(2 * LIMIT)

    def stop(self) -> None:
        self.run(self.live.close)
        self.live.stop()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture(params=[OneProcess, PostgresRelays, RedisRelays])
def processes(request):
    """Two processes on one relay; in process they are one."""
    relay = request.param(request)
    first = Process(relay.end())
    second = first if request.param is OneProcess else Process(relay.end())
    if second is not first:  # until both listen
        probe = second.open("probe", 99)
        until(lambda: first.live.publish("probe", 1) or second.change(probe, 0.1))
    yield first, second
    for process in {first, second}:
        process.stop()


def test_what_one_publishes_the_streams_of_the_other_say_within_a_second(processes):
    first, second = processes
    viewer, elsewhere = second.open("42"), second.open("43")
    first.live.publish("42", 17)
    assert second.change(viewer) == Change(17, (), 0)
    assert second.change(elsewhere, 0.2) is None


def test_everywhere_is_every_topic(processes):
    first, second = processes
    viewers = [second.open(topic) for topic in ("42", "43")]
    first.live.publish("*", signals=[Signal.POSTURE])
    assert [second.change(viewer).signals for viewer in viewers] == [("posture",), ("posture",)]


def test_who_is_here_and_what_they_edit(processes):
    first, second = processes
    first.open("42", 1, "Maya Okafor")
    second.open("42", 2, "Omar Haddad")
    for process in processes:
        until(lambda p=process: [who.name for who in p.live.people("42")] == ["Maya Okafor", "Omar Haddad"])
    first.live.publish_editing("42", 2, "title")
    for process in processes:
        until(lambda p=process: [who.field for who in p.live.people("42")] == ["", "title"])
    first.live.publish_editing("42", 2, "")
    until(lambda: not any(who.field for who in second.live.people("42")))


def test_who_leaves_is_gone_and_edits_nothing(processes):
    first, second = processes
    viewer = second.open("42", 2, "Omar Haddad")
    first.open("42", 1, "Maya Okafor")
    until(lambda: len(first.live.people("42")) == 2)
    first.live.publish_editing("42", 2, "title")
    second.run(second.live.leave, viewer)
    until(lambda: [(who.name, who.field) for who in first.live.people("42")] == [("Maya Okafor", "")])


@pytest.mark.parametrize("kind", [PostgresRelays, RedisRelays])
def test_a_process_without_streams_publishes_too(kind, request):
    """The command line: what waits is sent before it ends."""
    relay = kind(request)
    server, command = Process(relay.end()), Live(relay.end())
    viewer = server.open("42")
    until(lambda: command.publish("42", 3) or server.change(viewer, 0.1))
    command.publish("42", 4)
    command.relay.stop()
    assert server.change(viewer).version == 4
    server.stop()


def test_a_relay_that_raises_hurts_nobody():
    class Broken(Relay):
        def send(self, text):
            raise OSError("no connection")

    Live(Broken()).publish("42", 1)


# One stream


def test_a_slow_reader_costs_a_version_and_a_set_of_signals_however_much_happens():
    async def act():
        viewer = Viewer("42", 1, "Maya")
        for version in range(100_000):
            viewer.add([f"signal {version % 14}"], version, 0)
        told = await viewer.events()
        viewer.beat()
        return told, await viewer.events()

    told, later = run(act)
    assert len(told) == 1
    assert told[0][1].version == 99_999
    assert len(told[0][1].signals) == 14
    assert later == []


def test_what_comes_twice_or_too_late_is_said_once():
    async def act():
        viewer = Viewer("42", 1, "Maya")
        for version in (2, 2, 1):
            viewer.add([], version, 0)
        first = await viewer.events()
        viewer.add([], 2, 0)
        viewer.beat()
        return first, await viewer.events()

    first, second = run(act)
    assert [data.version for _, data in first] == [2]
    assert second == []


def test_that_something_may_be_lost_is_not_hidden_by_a_version_that_comes_with_it():
    async def act():
        viewer = Viewer("42", 1, "Maya")
        viewer.add([], 7, 0)
        viewer.add([], 0, 0)
        viewer.add([Signal.PEOPLE], 0, 0)
        first = await viewer.events()
        viewer.add([], 8, 0)
        return first, await viewer.events()

    first, second = run(act)
    assert first == [("stale", Change(0, ("people",), 0))]
    assert second == [("stale", Change(8, (), 0))]


def test_what_another_version_of_the_program_says_is_asked_for(processes):
    _, second = processes
    viewer = second.open("42")
    text = '{"kind": "Stale", "origin": "old", "topic": "42", "regions": ["panel"], "version": 7}'
    second.run(second.live._on_message, text)
    assert second.change(viewer) == Change(0, (), 0)


def test_a_crowd_is_asked_to_come_one_after_another():
    async def act():
        hub = Hub()
        viewers = [Viewer("42", n, "") for n in range(CROWD + 100)]
        for viewer in viewers:
            hub.add(viewer)
        hub.publish("42", 1)
        return await asyncio.gather(*(viewer.events() for viewer in viewers))

    told = run(act)
    assert {events[0][1].spread for events in told} == {1_500}


# Texts between processes


@pytest.mark.parametrize(
    "message",
    [
        Stale("a", "42", 3),
        Stale("a", "*", signals=("posture",)),
        People("a", "42", ((1, "Maya"),)),
        Editing("a", "42", 1, "title"),
        Again("a", "*"),
    ],
)
def test_messages_come_back_as_they_were_sent(message):
    assert decode(encode(message)) == message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "17",
        "{",
        b"\xff\xfe",
        '{"kind": "Stale"}',
        '{"kind": "Gone", "origin": "a", "topic": "1"}',
        json.dumps({"kind": "Stale", "origin": "a", "topic": "1", "signals": "panel", "version": 1}),
        json.dumps({"kind": "Stale", "origin": "a", "topic": "1", "signals": [1], "version": 1}),
        json.dumps({"kind": "Stale", "origin": "a", "topic": "1", "signals": [], "version": -1}),
        json.dumps({"kind": "Stale", "origin": "a", "topic": "1", "signals": [], "version": True}),
        json.dumps({"kind": "Stale", "origin": "a", "topic": 1, "signals": [], "version": 1}),
        json.dumps({"kind": "Stale", "origin": "a", "topic": "1", "signals": ["x"] * 501, "version": 1}),
        json.dumps({"kind": "People", "origin": "a", "topic": "1", "people": [[1]]}),
        json.dumps({"kind": "People", "origin": "a", "topic": "1", "people": [[1, "Maya"]] * 501}),
        json.dumps({"kind": "Editing", "origin": "a", "topic": "1", "person": 2**53, "field": ""}),
        json.dumps({"kind": "Editing", "origin": "a", "topic": "1", "person": 1.0, "field": ""}),
        json.dumps({"kind": "Again", "origin": "a", "topic": "x" * 201}),
        json.dumps({"kind": ["Again"], "origin": "a", "topic": "1"}),
        json.dumps({"origin": "a", "topic": "1"}),
        json.dumps({"kind": "Again", "origin": "a", "topic": "1", "more": 1}),
        "[" * 100_000,
        '{"kind":' * 100_000,
    ],
)
def test_a_text_that_is_not_what_it_says_is_nothing(text):
    assert decode(text) is None


@pytest.mark.parametrize("name", ["A name of the usual length", "名" * 120])
def test_a_full_house_fits_into_one_text(name):
    texts = []
    relay = Relay()
    relay.send = texts.append
    live = Live(relay)
    for number in range(500):
        live.presence.joined("42", number, name)
    live._send_people("42")
    assert 2_000 < len(texts[0].encode()) <= LONGEST


# Who is here


def test_people_of_a_process_that_died_are_forgotten():
    now = [0.0]
    presence = Presence(lambda: now[0])
    presence.set_elsewhere("other", "42", ((2, "Omar"),))
    presence.set_editing("42", 2, "title")
    now[0] = FORGET - 1
    assert presence.forget_the_silent() == []
    now[0] = FORGET + 1
    assert presence.forget_the_silent() == ["42"]
    assert presence.people("42") == []


def test_two_tabs_are_one_person_and_closing_one_leaves_the_other():
    presence = Presence()
    presence.joined("42", 1, "Maya")
    presence.joined("42", 1, "Maya")
    presence.set_editing("42", 1, "title")
    presence.left("42", 1, "Maya")
    assert [(who.name, who.field) for who in presence.people("42")] == [("Maya", "title")]
    presence.left("42", 1, "Maya")
    assert presence.people("42") == []


def test_stopping_is_quick(processes):
    first, _ = processes
    first.open("42")
    first.run(first.live.close)
