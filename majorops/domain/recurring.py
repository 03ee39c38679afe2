"""When an event repeats: by the day or by the week, as calendars of shifts do (RFC 5545, 3.3.10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

STEPS = {"DAILY": timedelta(days=1), "WEEKLY": timedelta(days=7)}
WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LOOKED_AT = 20_000  # times of one event that says how many there are


@dataclass(frozen=True)
class Every:
    """How an event repeats. `frequency`: DAILY or WEEKLY; another one counts once.

    `count`: how many times, 0 for no end; `until`: the last one is not later; `days`: on these of the week,
    empty for that of the first one; `without`: not at these times.
    """

    frequency: str
    interval: int = 1
    count: int = 0
    until: datetime | None = None
    days: tuple[str, ...] = ()
    without: frozenset[datetime] = frozenset()


def starts(first: datetime, every: Every | None, since: datetime, before: datetime) -> list[datetime]:
    """The times from `since` on and before `before` at which an event begins, in the zone of `first`.

    It repeats by the clock on the wall, whatever daylight saving does.
    """
    found = []
    for at in _all(first, every, since):
        if _utc(at) >= before:
            break
        if _utc(at) >= since and (every is None or at not in every.without):
            found.append(at)
    return found


def _all(first: datetime, every: Every | None, since: datetime) -> Iterator[datetime]:
    """The times in their order, LOOKED_AT at most; those long before `since` only where they count."""
    if every is None or every.frequency not in STEPS or not 1 <= every.interval <= 1_000:
        yield first
        return
    number, step = 0, every.interval * STEPS[every.frequency]
    begin = 0 if every.count else max((since - first) // step - 1, 0)
    for turn in range(begin, begin + LOOKED_AT):
        for at in _of_turn(first, every, turn):
            if (every.until and at > every.until) or (every.count and number >= every.count):
                return
            number += 1
            yield at


def _of_turn(first: datetime, every: Every, turn: int) -> list[datetime]:
    """The times of one day or one week, by how often it was gone on."""
    try:
        at = first + turn * every.interval * STEPS[every.frequency]
        days = sorted(WEEK.index(day) for day in set(every.days) if day in WEEK)
        if not days:
            return [at]
        if every.frequency == "DAILY":
            return [at] if at.weekday() in days else []
        monday = at - timedelta(days=at.weekday())
        return [one for one in (monday + timedelta(days=day) for day in days) if one >= first]
    except OverflowError:  # beyond the last year that there is
        return []


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
