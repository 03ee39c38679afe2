"""Paging: who is called for a role, and whom after that, until somebody is on it.

The one on call, the same once more, the deputy, the incident's leader; how long each has stands in the
settings by Box (guide, phase 1: "Page or direct-message the on-call SRE").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from functools import lru_cache

from majorops.domain.enums import AlarmLevel
from majorops.domain.parsing import required_time
from majorops.domain.text import clean_line

SHIFTS_MOST = 500
PERSON_LONGEST = 254
DEPUTY = "deputy"


class Call(IntEnum):
    """Which call of a page it is."""

    FIRST = 1
    AGAIN = 2
    DEPUTY = 3
    LEADER = 4

    @property
    def label(self) -> str:
        """What is done by it, before a name: `Paged again`."""
        return {Call.FIRST: "Paged", Call.AGAIN: "Paged again"}.get(self, f"Paged the {self.name.lower()}")


def following(call: Call, known: Collection[Call]) -> Call | None:
    """The call after this one, of those for which there is somebody (`known`); None for no further one."""
    return next((one for one in Call if one > call and one in known), None)


def wait_of(level: AlarmLevel, minutes: Iterable[int]) -> timedelta:
    """How long the one who is called has to answer; `minutes`: for Box 0, 1, 2 and 3."""
    return timedelta(minutes=list(minutes)[level])


@dataclass(frozen=True)
class Shift:
    """Who is on call from when until when; `person`: a name or an e-mail address."""

    person: str
    starts_at: datetime
    ends_at: datetime
    is_deputy: bool = False


def on_call(shifts: Iterable[Shift], now: datetime, *, deputy: bool = False) -> Shift | None:
    """The shift that holds now, of several the one that began last; None for nobody.

    What begins at the same moment: the one that stands last, so that a calendar overrides what was typed.
    """
    here = [one for one in shifts if one.starts_at <= now < one.ends_at and one.is_deputy is deputy]
    return max(reversed(here), key=lambda one: one.starts_at, default=None)


def read_shifts(text: str) -> list[Shift]:
    """Shifts as people type them, one a line: `2026-11-30 09:00 to 2026-12-07 09:00 lena@example.org`.

    Times in UTC; `deputy` at the end of a line makes it the deputy's. Raises ValueError with the line.
    """
    found: list[Shift] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = clean_line(raw)
        if not line:
            continue
        if len(found) >= SHIFTS_MOST:
            raise ValueError(f"{SHIFTS_MOST} shifts are the most.")
        try:
            found.append(_read_shift(line))
        except ValueError as problem:
            raise ValueError(f"Line {number}: {problem}") from None
    return found


@lru_cache(64)
def kept_shifts(text: str) -> tuple[Shift, ...]:
    """Shifts as they are kept: a line that cannot be read is passed over, a page must not fail over it."""
    found: list[Shift] = []
    for line in text.splitlines():
        with suppress(ValueError):
            found.append(_read_shift(clean_line(line)))
    return tuple(found)


def _read_shift(line: str) -> Shift:
    first, is_between, rest = line.partition(" to ")
    words = rest.split()
    if not is_between or len(words) < 3:
        raise ValueError("write it as 2026-11-30 09:00 to 2026-12-07 09:00 name@example.org.")
    starts_at, ends_at = required_time(first), required_time(" ".join(words[:2]))
    is_deputy = words[-1].lower() == DEPUTY and len(words) > 3
    person = " ".join(words[2:-1] if is_deputy else words[2:])
    if ends_at <= starts_at:
        raise ValueError("it ends after it begins.")
    if len(person) > PERSON_LONGEST:
        raise ValueError(f"at most {PERSON_LONGEST} characters for the person.")
    return Shift(person, starts_at, ends_at, is_deputy)


def shift_lines(shifts: Iterable[Shift]) -> str:
    """Shifts as `read_shifts` reads them, the first one first."""
    return "\n".join(
        f"{one.starts_at:%Y-%m-%d %H:%M} to {one.ends_at:%Y-%m-%d %H:%M} {one.person}"
        f"{f' {DEPUTY}' if one.is_deputy else ''}"
        for one in sorted(shifts, key=lambda one: (one.starts_at, one.is_deputy, one.person))
    )


def span_words(span: timedelta) -> str:
    """`42 s`, `3 min 05 s`."""
    minutes, seconds = divmod(max(round(span.total_seconds()), 0), 60)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
