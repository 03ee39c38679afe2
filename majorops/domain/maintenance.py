"""Scheduled maintenance: which state may follow which, and what the clock brings about by itself."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta
from itertools import count

from majorops.domain.enums import MaintenanceStatus, Repeat

LONGEST = timedelta(days=14)
AHEAD = timedelta(days=366)
MOST_APART = {Repeat.WEEKS: 52, Repeat.MONTHS: 12}  # a year, as for what is planned by hand
S = MaintenanceStatus
NEXT: dict[MaintenanceStatus, tuple[MaintenanceStatus, ...]] = {
    S.PLANNED: (S.RUNNING, S.CANCELLED),
    S.RUNNING: (S.VERIFYING, S.DONE),
    S.VERIFYING: (S.DONE, S.RUNNING),
    S.DONE: (),
    S.CANCELLED: (),
}
RUNNING = frozenset({S.RUNNING, S.VERIFYING})
OVER = frozenset({S.DONE, S.CANCELLED})
AHEAD_OR_RUNNING = frozenset(S) - OVER  # asked for by name: no index answers "not over"


def move_refusal(status: MaintenanceStatus, to: MaintenanceStatus) -> str:
    """Why maintenance cannot go from one state to the other; empty when it can."""
    if to in NEXT[status]:
        return ""
    return f"It is {status.label.lower()}. It cannot be set to {to.label.lower()}."


def time_errors(starts_at: datetime | None, ends_at: datetime | None, now: datetime) -> dict[str, str]:
    """What is wrong with the planned times, by field; empty when nothing is."""
    errors = {}
    if starts_at is None:
        errors["starts_at"] = "Say when it begins, in UTC, such as 2026-11-25 22:00."
    elif starts_at > now + AHEAD:
        errors["starts_at"] = "It begins within a year."
    if ends_at is None:
        errors["ends_at"] = "Say when it ends, in UTC, such as 2026-11-25 23:30."
    elif ends_at <= now:
        errors["ends_at"] = "The end lies ahead."
    elif starts_at and not starts_at < ends_at <= starts_at + LONGEST:
        errors["ends_at"] = "The end lies after the start, at most 14 days."
    return errors


def due(
    status: MaintenanceStatus, is_automatic: bool, starts_at: datetime, ends_at: datetime, now: datetime
) -> MaintenanceStatus | None:
    """The state that the clock calls for now; None while it stays.

    What was missed altogether goes straight to done.
    """
    if not is_automatic or status in OVER:
        return None
    if now >= ends_at:
        return S.DONE
    return S.RUNNING if status is S.PLANNED and now >= starts_at else None


def span(starts_at: datetime, ends_at: datetime) -> str:
    """`2026-11-25 22:00 to 23:30 UTC`; the day of the end where it is another."""
    layout = "%H:%M" if starts_at.date() == ends_at.date() else "%Y-%m-%d %H:%M"
    return f"{starts_at:%Y-%m-%d %H:%M} to {ends_at.strftime(layout)} UTC"


def repeat_errors(
    repeats: Repeat, every: int | None, starts_at: datetime | None, ends_at: datetime | None
) -> dict[str, str]:
    """What is wrong with how it comes again (`every`: weeks or months), by field; empty when nothing is."""
    if repeats is Repeat.NEVER:
        return {}
    most = MOST_APART[repeats]
    if every is None or not 1 <= every <= most:
        return {"repeat_every": f"A number of {repeats.value} from 1 to {most}."}
    shortest = timedelta(weeks=every) if repeats is Repeat.WEEKS else timedelta(days=28 * every)
    if starts_at and ends_at and ends_at - starts_at > shortest:
        return {"repeat_every": "It has to end before the next one begins."}
    return {}


def occurrence(first: datetime, repeats: Repeat, every: int, number: int) -> datetime:
    """The time of the occurrence `number` (0 is the first) of what comes again each `every` weeks or months.

    Of months the same day at the same time UTC; in a month that lacks the day, its last one.
    """
    if repeats is Repeat.WEEKS:
        return first + timedelta(weeks=every * number)
    years, month = divmod(first.month - 1 + every * number, 12)
    year, month = first.year + years, month + 1
    return first.replace(year=year, month=month, day=min(first.day, monthrange(year, month)[1]))


def next_occurrence(first: datetime, repeats: Repeat, every: int, number: int, now: datetime) -> int:
    """The number of the occurrence after `number` that lies ahead of `now`: what was missed is left out."""
    later = count(number + 1)
    return next(one for one in later if occurrence(first, repeats, every, one) > now)
