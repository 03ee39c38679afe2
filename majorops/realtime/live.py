"""One process's part in keeping screens live.

It publishes to its own streams at once, and to the other processes by the relay.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable
from typing import cast

from majorops.domain.events import Signal
from majorops.realtime.hub import Hub, Viewer
from majorops.realtime.messages import (
    EVERYWHERE,
    LONGEST,
    Again,
    Editing,
    Message,
    People,
    SignedOut,
    Stale,
    decode,
    encode,
)
from majorops.realtime.presence import Person, Presence
from majorops.realtime.relays import Relay
from majorops.realtime.sessions import Sessions

log = logging.getLogger(__name__)

# seconds between signs of life, to readers and to other processes, who forget our people after a minute
BEAT = 15.0
SHORT = 0.3  # seconds to gather who comes and goes, before anybody asks
PEOPLE = (Signal.PEOPLE,)
ANY_INCIDENT = "incidents"  # the topic of whoever wants each change of each incident


class Live:
    """`publish` works in every process; streams exist where `start` was called.

    They belong to the server's event loop.
    """

    def __init__(self, relay: Relay):
        self.relay = relay
        self.hub: Hub | None = None
        self.presence = Presence()
        self._origin = secrets.token_hex(6)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due: dict[str, bool] = {}  # topics whose people changed, not published yet; whether ours did
        self._repeat: asyncio.TimerHandle | None = None
        self.is_connected = True
        self._listeners: dict[str, Callable[[], None]] = {}
        # Which of some sessions have ended; called on any thread.
        self.find_over: Callable[[set[str]], set[str]] = lambda sessions: set()
        self.sessions = Sessions(self._find_over, self._end_over)

    def add_listener(self, topic: str, listener: Callable[[], None]) -> None:
        """Have `listener` called, soon and on the event loop, when the topic is stale or may be."""
        self._listeners[topic] = listener

    # From any thread; nothing here may raise, the change is saved already.

    def publish(self, topic: str, version: int = 0, signals: Iterable[Signal] = ()) -> None:
        """A topic has this version now, or something changed that has none. From any thread; never raises."""
        self._send(Stale(self._origin, topic, version, tuple(signals)))

    def publish_editing(self, topic: str, person: int, field: str) -> None:
        """A person edits a field of the topic; empty when they stopped. From any thread; never raises."""
        self._send(Editing(self._origin, topic, person, field))

    def publish_sign_out(self) -> None:
        """A session has ended: its streams end too, in every process. From any thread; never raises."""
        self._send(SignedOut(self._origin, EVERYWHERE))

    def people(self, topic: str) -> list[Person]:
        """Who looks at the topic, by any process, and which field each of them edits; by name."""
        return self.presence.people(topic)

    def _send(self, message: Message) -> None:
        try:
            self._deliver(message)
            self.relay.send(encode(message))
        except Exception:
            log.exception("a change was not published to open screens; they will ask")

    def _deliver(self, message: Message) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._handle, message)

    def _on_message(self, text: str | bytes) -> None:
        message = decode(text)
        if message is None:  # another version of the program says something: what it was is asked for
            log.warning("unreadable text from another process: %.80r", text)
            self._deliver(Again(self._origin, EVERYWHERE))
        elif message.origin != self._origin:
            self._deliver(message)

    def _on_connection(self, is_up: bool) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._handle_connection, is_up)

    # On the event loop.

    def start(self) -> Hub:
        """Open for streams, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self.hub = Hub()
        self.relay.start(self._on_message, self._on_connection)
        self._repeat = self._loop.call_later(BEAT, self._beat)
        return self.hub

    @property
    def _hub(self) -> Hub:
        """The hub, for what runs on the loop: there is one from the start on."""
        return cast(Hub, self.hub)

    def close(self) -> None:
        """End the streams. From a signal handler use `loop.call_soon_threadsafe`."""
        if self.hub:
            self.hub.close()

    def stop(self) -> None:
        """Leave the relay; blocks as `Relay.stop` does."""
        if self._repeat:
            self._repeat.cancel()
        self.sessions.stop()
        self._loop = None
        self.relay.stop()

    def _handle(self, message: Message) -> None:
        match message:
            case Stale():
                name = ANY_INCIDENT if message.topic.isdecimal() else message.topic
                if name in self._listeners:
                    self._listeners[name]()
                self._hub.publish(message.topic, message.version, message.signals)
                if name == ANY_INCIDENT and message.version:
                    self._hub.publish(ANY_INCIDENT)
            case SignedOut():
                self.sessions.check(self._hub.sessions())
            case Again():
                self._call_listeners()
                self.sessions.check(self._hub.sessions())
                self._hub.publish(message.topic)
            case Editing():
                self.presence.set_editing(message.topic, message.person, message.field)
                self._people_changed(message.topic)
            case People():
                if self.presence.set_elsewhere(message.origin, message.topic, message.people):
                    self._people_changed(message.topic)

    def _handle_connection(self, is_up: bool) -> None:
        self.is_connected = is_up
        self._hub.publish_connection("up" if is_up else "down")
        if is_up:  # what the others said meanwhile is lost
            self._call_listeners()
            self._hub.publish(EVERYWHERE)
            self._send_people(*self.presence.topics())

    def _call_listeners(self) -> None:
        for listener in self._listeners.values():
            listener()

    def join(self, viewer: Viewer) -> None:
        """A stream was opened: its topic's screens are told soon, and its session is looked up once more."""
        self._hub.add(viewer)
        self.sessions.check({viewer.session} - {""})  # its ticket may be older than the sign-out
        self.presence.joined(viewer.topic, viewer.person, viewer.name)
        if not self.is_connected:
            viewer.set_connection("down")
        self._people_changed(viewer.topic, ours=True)

    def leave(self, viewer: Viewer) -> None:
        """A stream was closed: its topic's screens are told soon."""
        self._hub.remove(viewer)
        self.presence.left(viewer.topic, viewer.person, viewer.name)
        self._people_changed(viewer.topic, ours=True)

    def _people_changed(self, topic: str, ours: bool = False) -> None:
        if self._loop is None:
            return
        if topic not in self._due:
            # A crowd that comes and goes must not make everybody ask all the time.
            self._loop.call_later(max(SHORT, self._hub.count(topic) * 0.02), self._show_people, topic)
        self._due[topic] = ours or self._due.get(topic, False)

    def _show_people(self, topic: str) -> None:
        ours = self._due.pop(topic)
        self._hub.publish(topic, signals=PEOPLE)
        if ours:
            self._send_people(topic)

    def _send_people(self, *topics: str) -> None:
        for topic in topics:
            people = self.presence.here(topic)
            while len((text := encode(People(self._origin, topic, people))).encode()) > LONGEST:
                people = people[: len(people) // 2]
            self.relay.send(text)

    def _find_over(self, sessions: set[str]) -> set[str]:
        return self.find_over(sessions)

    def _end_over(self, sessions: set[str]) -> None:
        if self.hub:
            self.hub.end(sessions)

    def _beat(self) -> None:
        self._hub.beat()
        self.sessions.check(self._hub.sessions())  # those that ended by time, or whose end did not reach us
        for topic in self.presence.forget_the_silent():
            self._hub.publish(topic, signals=PEOPLE)
        self._send_people(*self.presence.topics())
        if self._loop is not None:
            self._repeat = self._loop.call_later(BEAT, self._beat)
