"""The open streams of this process. Everything here runs on the event loop's thread."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from functools import partial
from typing import NamedTuple

from majorops.realtime.messages import EVERYWHERE

CROWD = 50  # streams of a topic above which screens are asked to come one after another
PACE_MS = 15  # what one screen's request may take
SLICE = 100  # streams woken in one go: requests in the threads want to run too
BETWEEN = 0.01  # seconds from one slice to the next


class Change(NamedTuple):
    """What a stream says of a change. Without a version: ask whatever is shown, as something may be lost.

    `spread`: milliseconds within which a screen asks at a moment of its own choice.
    """

    version: int
    signals: tuple[str, ...]
    spread: int


class Viewer:
    """One open stream.

    What waits for it is a version and a set of signals, so a reader who never reads costs no more than one
    who does. `person`: the number of the account; `session`: the hash of its token, or empty.
    """

    def __init__(self, topic: str, person: int, name: str, session: str = ""):
        self.topic, self.person, self.name, self.session = topic, person, name, session
        self.is_over = False
        self._wake = asyncio.Event()
        self._has_changed = self._asks_all = False
        self._signals: set[str] = set()
        self._version = self._newest = 0
        self._spread_ms = 0
        self._connection: str | None = None

    def add(self, signals: Collection[str], version: int, spread_ms: int) -> None:
        """Keep a change for the next `events`; `version` 0: it has none; `spread_ms`: as in `Change`."""
        if version and version <= self._newest:
            return  # came twice, or was overtaken: who asks after the newer one gets the older one too
        self._has_changed = True
        self._asks_all = self._asks_all or not (version or signals)
        self._newest = max(version, self._newest)
        self._signals.update(signals)
        self._version, self._spread_ms = max(version, self._version), spread_ms
        self._wake.set()

    def set_connection(self, state: str) -> None:
        """Keep for the next `events` that the relay is `up` or `down`; only the last one is told."""
        self._connection = state
        self._wake.set()

    def end(self) -> None:
        """Let the stream end: whoever waits in `events` gets what there is, and sees `is_over`."""
        self.is_over = True
        self._wake.set()

    def beat(self) -> None:
        """Let `events` return although there is nothing: the stream then sends that it is alive."""
        self._wake.set()

    async def events(self) -> list[tuple[str, str | Change]]:
        """What came since the last call, as (event, data), as soon as there is any.

        Empty for a beat and at the end.
        """
        await self._wake.wait()
        self._wake.clear()
        found: list[tuple[str, str | Change]] = []
        if self._connection:
            found.append(("connection", self._connection))
        if self._has_changed:
            # A version that the screen shows already would hide that something may be lost.
            version = 0 if self._asks_all else self._version
            found.append(("stale", Change(version, tuple(sorted(self._signals)), self._spread_ms)))
        self._has_changed, self._asks_all, self._signals = False, False, set()
        self._version, self._connection = 0, None
        return found


class Hub:
    """The open streams by their topic."""

    def __init__(self) -> None:
        self._topics: dict[str, set[Viewer]] = defaultdict(set)
        self._persons: Counter[int] = Counter()
        self.is_closing = False

    def add(self, viewer: Viewer) -> None:
        """Count a stream in: from now on it is told of its topic."""
        self._topics[viewer.topic].add(viewer)
        self._persons[viewer.person] += 1

    def remove(self, viewer: Viewer) -> None:
        """Count a stream out that was added; it is told nothing more."""
        self._topics[viewer.topic].discard(viewer)
        if not self._topics[viewer.topic]:
            del self._topics[viewer.topic]
        self._persons[viewer.person] -= 1
        if not self._persons[viewer.person]:
            del self._persons[viewer.person]

    def count(self, topic: str | None = None, person: int | None = None) -> int:
        """Open streams: of a topic, of a person, or all."""
        if person is not None:
            return self._persons[person]
        return len(self._topics.get(topic, ())) if topic else self._persons.total()

    def publish(self, topic: str, version: int = 0, signals: Collection[str] = ()) -> None:
        """A topic has this version now, or something changed that has none (`version` 0).

        Streams are told SLICE at a time; of a topic with more than CROWD their screens ask one after another.
        """
        topics = list(self._topics) if topic == EVERYWHERE else [topic]
        for name in topics:
            viewers = self._topics.get(name, ())
            spread = (len(viewers) - CROWD) * PACE_MS if len(viewers) > CROWD else 0
            add = partial(Viewer.add, signals=signals, version=version, spread_ms=spread)
            self._in_slices(list(viewers), add)

    def beat(self) -> None:
        """Have every stream send that it is alive: readers take a long silence for a dead connection."""
        self._in_slices([viewer for viewers in self._topics.values() for viewer in viewers], Viewer.beat)

    @staticmethod
    def _in_slices(viewers: list[Viewer], act: Callable[[Viewer], None]) -> None:
        def run(start: int) -> None:
            for viewer in viewers[start : start + SLICE]:
                act(viewer)

        run(0)
        for number, start in enumerate(range(SLICE, len(viewers), SLICE), 1):
            asyncio.get_running_loop().call_later(number * BETWEEN, run, start)

    def publish_connection(self, state: str) -> None:
        """The relay between the processes is `up` or `down`."""
        for viewers in self._topics.values():
            for viewer in viewers:
                viewer.set_connection(state)

    def sessions(self) -> set[str]:
        """The sessions that have a stream here."""
        return {one.session for viewers in self._topics.values() for one in viewers if one.session}

    def end(self, sessions: set[str]) -> None:
        """End the streams of these sessions."""
        for viewers in list(self._topics.values()):
            for viewer in list(viewers):
                if viewer.session in sessions:
                    viewer.end()

    def close(self) -> None:
        """End every stream, so that a restart is quick."""
        self.is_closing = True
        for viewers in list(self._topics.values()):
            for viewer in list(viewers):
                viewer.end()
