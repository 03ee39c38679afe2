"""The weekly digest of a person who wants it: when it goes, what is due then, and in which words.

Deadlines of a review are those of domain §10.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from majorops.domain.after_action import WITHIN
from majorops.domain.enums import ReviewState
from majorops.domain.quiet_hours import local
from majorops.domain.review import PUBLISH_WITHIN, REVIEW_AFTER
from majorops.domain.text import count

MORNING = time(8)  # of a Monday, in the person's zone
WEEK = timedelta(days=7)
LATE = timedelta(days=1)  # what could not go by then is left out: the next one tells of its own week
LINES_MOST = 30  # of a part; the rest is counted


def next_monday(now: datetime, time_zone: str) -> datetime:
    """When the next digest goes: the first Monday 08:00 of this zone after `now`, in UTC."""
    here = local(now, time_zone)
    monday = here.date() - timedelta(days=here.weekday())
    times = (datetime.combine(monday + WEEK * n, MORNING, here.tzinfo).astimezone(UTC) for n in (0, 1))
    return next(at for at in times if at > now)


def week_before(at: datetime, time_zone: str) -> datetime:
    """Where the week begins that a digest of this moment tells of: 08:00 there, seven days before."""
    here = local(at, time_zone)
    return datetime.combine(here.date() - WEEK, MORNING, here.tzinfo).astimezone(UTC)


def span_words(at: datetime, time_zone: str) -> str:
    """What a digest of this moment tells of, as a sentence of times in this zone."""
    start, end = local(week_before(at, time_zone), time_zone), local(at, time_zone)
    last = at.date() + WEEK - timedelta(days=1)
    return (
        f"From Monday {start:%-d %b %H:%M} to Monday {end:%-d %b %H:%M}, {time_zone}. "
        f"Due: until {last:%-d %b}, or overdue."
    )


def review_due(
    state: ReviewState,
    *,
    is_required: bool,
    resolved_at: datetime,
    scheduled_at: datetime | None,
    held_at: datetime | None,
    published_at: datetime | None,
) -> tuple[str, datetime] | None:
    """What a review waits for and by when; None for nothing. Each time None for not yet."""
    if held_at and state is ReviewState.HELD:
        return "publish it", held_at + PUBLISH_WITHIN
    if published_at and state is ReviewState.PUBLISHED:
        return "look at its actions again", published_at + REVIEW_AFTER
    if state in (ReviewState.HELD, ReviewState.PUBLISHED, ReviewState.REVIEWED):
        return None
    if scheduled_at:
        return "hold the After Action", scheduled_at
    return ("schedule the After Action", resolved_at + WITHIN) if is_required else None


def due_words(due: date, today: date) -> str:
    """`due 8 Dec`, `due today`, `due 8 Dec, 3 days late`."""
    late = (today - due).days
    if late == 0:
        return "due today"
    return f"due {due:%-d %b}" + (f", {count(late, 'day')} late" if late > 0 else "")


@dataclass(frozen=True)
class Line:
    """One thing that the digest tells of, and the page of it, a path of ours."""

    text: str
    path: str


@dataclass(frozen=True)
class Section:
    """A part of the digest. `name`: as its subject says it, after the number; `path`: of all of them.

    `late`: how many are overdue; `more`: how many are there beside `lines`.
    """

    heading: str
    name: str
    path: str
    lines: tuple[Line, ...]
    late: int = 0
    more: int = 0

    @property
    def total(self) -> int:
        """How many things it tells of."""
        return len(self.lines) + self.more

    @property
    def title(self) -> str:
        """Its heading with its numbers: `Reviews due: 3, 1 overdue`."""
        return f"{self.heading}: {self.total:,}" + (f", {self.late:,} overdue" if self.late else "")


def section(heading: str, name: str, path: str, lines: Sequence[Line], late: int = 0) -> Section:
    """A part with at most LINES_MOST of these lines; the others are counted. `name` may hold a plural {s}."""
    shown, plural = tuple(lines[:LINES_MOST]), "" if len(lines) == 1 else "s"
    return Section(heading, name.format(s=plural), path, shown, late, len(lines) - len(shown))


def summary(sections: Sequence[Section]) -> str:
    """`2 opened, 1 review due`: what there is, in one line; empty for nothing."""
    return ", ".join(f"{one.total:,} {one.name}" for one in sections)
