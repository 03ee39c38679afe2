"""The open streams of this process. Everything here runs on the event loop's thread."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict

from majorops.live.messages import EVERYWHERE

EVERY_REGION = "*"
CROWD = 50  # streams of a topic above which screens are asked to come one after another
PACE_MS = 15  # what one screen's request may take


class Viewer:
    """One open stream. What waits for it is a set of names, so a reader who never reads costs no more than one who does."""

    def __init__(self, topic: str, person: int, name: str):
        self.topic, self.person, self.name = topic, person, name
        self.is_over = False
        self._wake = asyncio.Event()
        self._regions: set[str] = set()
        self._version = 0
        self._spread_ms = 0
        self._line: str | None = None

    def add(self, regions, version: int, spread_ms: int) -> None:
        self._regions.update(regions)
        self._version, self._spread_ms = max(version, self._version), spread_ms
        self._wake.set()

    def say_line(self, state: str) -> None:
        self._line = state
        self._wake.set()

    def end(self) -> None:
        self.is_over = True
        self._wake.set()

    async def events(self, timeout: float) -> list[tuple[str, object]]:
        """What came since the last call, as (event, data); empty when nothing did within `timeout` seconds."""
        try:
            await asyncio.wait_for(self._wake.wait(), timeout)
        except TimeoutError:
            return []
        self._wake.clear()
        found: list[tuple[str, object]] = []
        if self._line:
            found.append(("line", self._line))
        if self._regions:
            names = sorted(self._regions)
            found.append(("stale", {"version": self._version, "regions": names, "spread": self._spread_ms}))
        self._regions, self._version, self._line = set(), 0, None
        return found


class Hub:
    """Viewers by topic."""

    def __init__(self):
        self._topics: dict[str, set[Viewer]] = defaultdict(set)
        self._persons: Counter[int] = Counter()
        self.is_closing = False

    def add(self, viewer: Viewer) -> None:
        self._topics[viewer.topic].add(viewer)
        self._persons[viewer.person] += 1

    def remove(self, viewer: Viewer) -> None:
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

    def tell(self, topic: str, regions, version: int = 0) -> None:
        """Regions of a topic are stale."""
        topics = list(self._topics) if topic == EVERYWHERE else [topic]
        for name in topics:
            viewers = self._topics.get(name, ())
            spread = (len(viewers) - CROWD) * PACE_MS if len(viewers) > CROWD else 0
            for viewer in viewers:
                viewer.add(regions, version, spread)

    def tell_line(self, state: str) -> None:
        """The wire to the other processes is `up` or `down`."""
        for viewers in self._topics.values():
            for viewer in viewers:
                viewer.say_line(state)

    def close(self) -> None:
        """End every stream, so that a restart is quick."""
        self.is_closing = True
        for viewers in list(self._topics.values()):
            for viewer in list(viewers):
                viewer.end()
