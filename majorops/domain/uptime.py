"""How a system was day by day, and what counts as down-time: one rule for bars, percentages and months.

The shares are those that readers of status pages know (Statuspage's): a major outage counts whole, a partial
one by 30 %, degraded performance and what leaves systems operational (Low) do not count. Each leaves its mark
on the day all the same. Where incidents overlap, the worst counts, once. Maintenance is no incident.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TypeAlias

from majorops.domain.enums import SystemStatus

ONE_DAY = timedelta(days=1)
HUNDRED = 100
# Per cent of the time.
COUNTS = {
    SystemStatus.OPERATIONAL: 0,
    SystemStatus.MAINTENANCE: 0,
    SystemStatus.UNKNOWN: 0,
    SystemStatus.DEGRADED: 0,
    SystemStatus.PARTIAL: 30,
    SystemStatus.MAJOR: 100,
}


class Mark(StrEnum):
    """What a day's bar shows; the worst last."""

    NONE = "none"  # before the system existed
    OPERATIONAL = "operational"
    MINOR = "minor"  # an incident ran, the system was operational
    DEGRADED = "degraded"
    PARTIAL = "partial"
    MAJOR = "major"


MARKS = {
    SystemStatus.OPERATIONAL: Mark.MINOR,
    SystemStatus.MAINTENANCE: Mark.MINOR,
    SystemStatus.UNKNOWN: Mark.MINOR,
    SystemStatus.DEGRADED: Mark.DEGRADED,
    SystemStatus.PARTIAL: Mark.PARTIAL,
    SystemStatus.MAJOR: Mark.MAJOR,
}
RANK = {mark: place for place, mark in enumerate(Mark)}


@dataclass(frozen=True)
class Span:
    """From `start` to `end` an incident said that the system was so; `incident`: its number."""

    start: datetime
    end: datetime
    status: SystemStatus
    incident: int = 0


@dataclass(frozen=True)
class Day:
    """A day with incidents: its worst mark, for how long any ran, down-time that counts, whose it was."""

    mark: Mark
    lasted: timedelta
    down: timedelta
    incidents: tuple[int, ...]


def days_with_incidents(spans: Iterable[Span], first: datetime, last: datetime) -> dict[date, Day]:
    """UTC day → what was, for the days that incidents touch between two times.

    A span without length counts for its day.
    """
    pieces: dict[date, list[Span]] = defaultdict(list)
    for span in spans:
        start, end = max(span.start, first), min(span.end, last)
        while start <= end:
            day = start.astimezone(UTC).date()
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + ONE_DAY
            pieces[day].append(Span(start, min(end, midnight), span.status, span.incident))
            if midnight >= end:
                break
            start = midnight
    return {day: _day(found) for day, found in pieces.items()}


Down: TypeAlias = tuple[datetime, datetime, int]
"""From when until when a system was down, and by how many per cent that counts."""


def down_in(spans: Iterable[Down], periods: Sequence[tuple[datetime, datetime]]) -> list[timedelta]:
    """How much of each period counts as down-time: as the days of `days_with_incidents` together.

    `periods`: at least one, in the order of time, none into another. Each span is looked at once, not once
    a day.
    """
    turns = sorted(turn for start, end, counts in spans for turn in ((start, 1, counts), (end, -1, counts)))
    found = [timedelta(0) for _ in periods]
    running: Counter[int] = Counter()
    place, since = 0, periods[0][0]
    for at, step, counts in turns:
        worst = max((one for one, many in running.items() if many), default=0)
        while worst and since < at and place < len(periods):
            start, end = periods[place]
            found[place] += max(min(at, end) - max(since, start), timedelta(0)) * worst / HUNDRED
            if at <= end:
                break
            place += 1
        running[counts] += step
        since = at
    return found


def percentage(down: timedelta, known: timedelta) -> float | None:
    """Per cent of the time that counts as up, cut to two digits: what was not whole is never 100.

    `known`: the time that the system existed; None for none.
    """
    if known <= timedelta(0):
        return None
    return int((1 - down / known) * HUNDRED * HUNDRED + 1e-6) / HUNDRED


def _day(pieces: Sequence[Span]) -> Day:
    mark = max((MARKS[piece.status] for piece in pieces), key=RANK.__getitem__)
    numbers = tuple(sorted({piece.incident for piece in pieces}, reverse=True))
    lasted = down = timedelta(0)
    if len(pieces) == 1:
        lasted = pieces[0].end - pieces[0].start
        return Day(mark, lasted, lasted * COUNTS[pieces[0].status] / HUNDRED, numbers)
    times = sorted({time for piece in pieces for time in (piece.start, piece.end)})
    for start, end in pairwise(times):
        here = [COUNTS[piece.status] for piece in pieces if piece.start <= start and piece.end >= end]
        if here:
            lasted += end - start
            down += (end - start) * max(here) / HUNDRED
    return Day(mark, lasted, down, numbers)
