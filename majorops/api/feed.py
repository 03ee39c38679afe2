"""Events: what was recorded of every incident, in the order of recording, for programs that listen.

Numbers of entries are given before a transaction ends: one with a lower number may come into sight later.
So a cursor stops at what was in sight SETTLED ago; what follows it may come twice, never not at all. The time
of an entry says nothing of that: what is imported or replayed has an old one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from flask import current_app
from pydantic import Field
from sqlalchemy import func, select

from majorops import clock
from majorops.api import shapes
from majorops.api.records import reading
from majorops.api.route import Done
from majorops.api.shapes import Given
from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.text import reference
from majorops.models import AffectedSystem, TimelineEvent

READ_MOST = 500  # entries at once
KEPT = 50_000  # newest entries that a cursor may lie among: more than any day has
SETTLED = timedelta(seconds=15)  # what began before has ended by then, on a database with many writers


class Item(NamedTuple):
    """An entry as it is passed on. `systems`: of its incident, now; `text`: the event as JSON."""

    id: int
    systems: frozenset[str]
    text: str


class Position:
    """How far somebody was told: of everything up to `settled`, and of some entries beyond.

    `lag`: how long after it was told an entry counts as settled (`lag_here`).
    """

    def __init__(self, settled: int, lag: timedelta):
        self.settled, self.lag = settled, lag
        self._beyond: dict[int, datetime] = {}

    @property
    def told(self) -> frozenset[int]:
        """The entries beyond `settled` that were told."""
        return frozenset(self._beyond)

    def take(self, items: Iterable[Item], now: datetime) -> list[Item]:
        """Those of the entries that were not told yet; from now on they are. Settles what is old enough."""
        fresh = [one for one in items if one.id > self.settled and one.id not in self._beyond]
        self._beyond.update((one.id, now) for one in fresh)
        old = [number for number, told_at in self._beyond.items() if told_at <= now - self.lag]
        self.settled = max([self.settled, *old])
        self._beyond = {number: at for number, at in self._beyond.items() if number > self.settled}
        return fresh


class Heights:
    """The highest number in sight, as this process saw it: at most one a second, back to `lag` ago."""

    def __init__(self) -> None:
        self._seen: deque[tuple[datetime, int]] = deque()

    def settled(self, newest: int, now: datetime, lag: timedelta) -> int:
        """Keep what is in sight now; returns what was `lag` ago, 0 where that is not known."""
        if not self._seen or now - self._seen[-1][0] >= timedelta(seconds=1):
            self._seen.append((now, newest))
        if not lag:
            return newest
        found = 0
        while self._seen and self._seen[0][0] <= now - lag:
            found = self._seen.popleft()[1]
        if found:
            self._seen.appendleft((now - lag, found))
        return found


def lag_here() -> timedelta:
    """How long an entry with a lower number may be behind: SQLite has one writer, and so nothing is."""
    return timedelta(0) if db.engine.dialect.name == "sqlite" else SETTLED


class After(Given):
    """Events after this cursor; without one, those from now on."""

    after: Annotated[int, Field(ge=0, lt=2**31)] | None = None


def list_events(given: After, actor: Actor) -> Done:
    """What was recorded after a cursor, and where to go on. An event may come twice: its id is the same."""
    newest, now = newest_number(), clock.now()
    began = start(given.after, newest)
    items = read(began)
    heights = current_app.extensions.setdefault("event_heights", Heights())
    settled = heights.settled(newest, now, lag_here())
    following = max([began, *(one.id for one in items if one.id <= settled)])
    seen = [shapes.Happened.model_validate_json(one.text) for one in items if actor.sees(one.systems)]
    has_more = len(items) == READ_MOST and following > began
    return Done(shapes.EventPage(events=seen, next=following, more=has_more))


def newest_number() -> int:
    """The highest number of an entry in sight; 0 for none. One query."""
    return db.session.scalar(select(func.max(TimelineEvent.id))) or 0


def start(after: int | None, newest: int) -> int:
    """Where a reader begins: at its cursor, or now; never further back than KEPT entries."""
    return newest if after is None else min(max(after, newest - KEPT), newest)


def read(after: int, told: Collection[int] = ()) -> list[Item]:
    """The entries numbered above `after` but `told`, the lowest first, READ_MOST at most. Two queries."""
    rows = select(TimelineEvent).where(TimelineEvent.id > after).order_by(TimelineEvent.id)
    if told:
        rows = rows.where(TimelineEvent.id.not_in(told))
    found = db.session.scalars(rows.limit(READ_MOST)).all()
    systems: dict[int, list[str]] = {one.incident_id: [] for one in found}
    if systems:
        named = select(AffectedSystem.incident_id, AffectedSystem.name)
        for number, name in db.session.execute(named.where(AffectedSystem.incident_id.in_(systems))):
            systems[number].append(name)
    return [_item(one, systems[one.incident_id]) for one in found]


def _item(entry: TimelineEvent, systems: list[str]) -> Item:
    happened = shapes.Happened(
        id=entry.id,
        incident=entry.incident_id,
        reference=reference(entry.incident_id),
        systems=sorted(systems),
        entry=shapes.Entry.model_validate(entry),
    )
    return Item(entry.id, frozenset(systems), happened.model_dump_json())


ROUTES = (
    reading(
        "/events",
        list_events,
        shapes.EventPage,
        "What was recorded, of all incidents; a stream with Accept: text/event-stream",
        "Events",
        After,
    ),
)
