"""One process's part in keeping screens live: tells its own streams at once,
and the other processes over the wire.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import cast

from majorops.realtime.hub import EVERY_REGION, Hub, Viewer
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
SHORT = 0.3  # seconds to gather who comes and goes, before anybody is told
PRESENCE = ("presence",)


class Live:
    """`tell` works in every process; streams exist where `start` was called,
    on the front door's event loop.
    """

    def __init__(self, relay: Relay):
        self.relay = relay
        self.hub: Hub | None = None
        self.presence = Presence()
        self._origin = secrets.token_hex(6)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due: dict[str, bool] = {}  # topics whose people changed and were not told yet; whether ours did
        self._repeat: asyncio.TimerHandle | None = None
        self.is_whole = True
        self._ears: dict[str, Callable[[], None]] = {}
        # Which of some sessions have ended; called on any thread.
        self.find_over: Callable[[set[str]], set[str]] = lambda sessions: set()
        self.sessions = Sessions(self._find_over, self._end_over)

    def listen(self, topic: str, ear: Callable[[], None]) -> None:
        """Have `ear` called, soon and on the event loop, when the topic is stale or may be."""
        self._ears[topic] = ear

    # From any thread; nothing here may raise, the change is saved already.

    def tell(self, topic: str, regions, version: int = 0) -> None:
        """Regions of a topic are stale since this version."""
        self._send(Stale(self._origin, topic, tuple(regions), version))

    def tell_editing(self, topic: str, person: int, field: str) -> None:
        """A person edits a field of the topic; empty when they stopped."""
        self._send(Editing(self._origin, topic, person, field))

    def tell_signed_out(self) -> None:
        """A session has ended: its streams end too, in every process."""
        self._send(SignedOut(self._origin, EVERYWHERE))

    def people(self, topic: str) -> list[Person]:
        return self.presence.people(topic)

    def _send(self, message: Message) -> None:
        try:
            self._here(message)
            self.relay.send(encode(message))
        except Exception:
            log.exception("a change was not told to open screens; they will ask")

    def _here(self, message: Message) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._take, message)

    def _heard(self, text: str | bytes) -> None:
        message = decode(text)
        if message is None:
            log.warning("unreadable text on the wire between processes: %.80r", text)
        elif message.origin != self._origin:
            self._here(message)

    def _line(self, is_up: bool) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._take_line, is_up)

    # On the event loop.

    def start(self) -> Hub:
        """Open for streams, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self.hub = Hub()
        self.relay.start(self._heard, self._line)
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
        """Leave the wire; blocks for up to two seconds."""
        if self._repeat:
            self._repeat.cancel()
        self.sessions.stop()
        self._loop = None
        self.relay.stop()

    def _take(self, message: Message) -> None:
        match message:
            case Stale():
                if message.topic in self._ears:
                    self._ears[message.topic]()
                self._hub.tell(message.topic, message.regions, message.version)
            case SignedOut():
                self.sessions.check(self._hub.sessions())
            case Again():
                self._call_all()
                self.sessions.check(self._hub.sessions())
                self._hub.tell(message.topic, (EVERY_REGION,))
            case Editing():
                self.presence.edits(message.topic, message.person, message.field)
                self._people_changed(message.topic)
            case People():
                if self.presence.heard(message.origin, message.topic, message.people):
                    self._people_changed(message.topic)

    def _take_line(self, is_up: bool) -> None:
        self.is_whole = is_up
        self._hub.tell_line("up" if is_up else "down")
        if is_up:  # what the others said meanwhile is lost
            self._call_all()
            self._hub.tell(EVERYWHERE, (EVERY_REGION,))
            self._tell_people(*self.presence.topics())

    def _call_all(self) -> None:
        for ear in self._ears.values():
            ear()

    def join(self, viewer: Viewer) -> None:
        self._hub.add(viewer)
        self.sessions.check({viewer.session} - {""})  # its ticket may be older than the sign-out
        self.presence.joined(viewer.topic, viewer.person, viewer.name)
        if not self.is_whole:
            viewer.say_line("down")
        self._people_changed(viewer.topic, ours=True)

    def leave(self, viewer: Viewer) -> None:
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
        self._hub.tell(topic, PRESENCE)
        if ours:
            self._tell_people(topic)

    def _tell_people(self, *topics: str) -> None:
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
        self.sessions.check(self._hub.sessions())  # those that ended by time, or that nobody told of
        for topic in self.presence.forget_the_silent():
            self._hub.tell(topic, PRESENCE)
        self._tell_people(*self.presence.topics())
        if self._loop is not None:
            self._repeat = self._loop.call_later(BEAT, self._beat)
