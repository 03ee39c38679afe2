"""When the After Action is held: the times that one press offers (guide, phase 8: within 72 hours).

And when whoever was MIM is reminded that it is not: not scheduled, or passed without a review.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from majorops.domain.enums import ReviewState

WITHIN = timedelta(hours=72)
OFFERED = {"tomorrow": "Tomorrow 10:00", "48h": "In 48 h"}
LASTS = timedelta(hours=1)
AHEAD = timedelta(days=90)  # a date further away is a slip of the pen
UNSCHEDULED = timedelta(hours=24)  # after the close
NUDGED_EVERY = timedelta(days=1)
NUDGES_MOST = 5
MET = frozenset({ReviewState.HELD, ReviewState.PUBLISHED, ReviewState.REVIEWED})


def offered_at(choice: str, now: datetime) -> datetime | None:
    """The time, in UTC and without seconds, that a key of `OFFERED` stands for; None for any other text."""
    minute = now.replace(second=0, microsecond=0)
    if choice == "tomorrow":
        return (minute + timedelta(days=1)).replace(hour=10, minute=0)
    return minute + timedelta(hours=48) if choice == "48h" else None


def date_refusal(at: datetime, now: datetime) -> str:
    """Why the After Action is not held at this time; empty when it can be."""
    if at <= now:
        return "The After Action lies ahead: choose a later time."
    return "" if at <= now + AHEAD else f"Within 90 days: by {now + AHEAD:%Y-%m-%d}."


def nudge_at(
    state: ReviewState,
    *,
    is_required: bool,
    resolved_at: datetime | None,
    scheduled_at: datetime | None,
    nudges: int,
    nudged_at: datetime | None = None,
) -> datetime | None:
    """When whoever was MIM is reminded next; None for never.

    A day after a required close with no date, and from the end of a meeting on that left no review; then once
    a day, five times at most. `nudged_at`: the last time.
    """
    if resolved_at is None or state in MET or nudges >= NUDGES_MOST:
        return None
    if scheduled_at is not None:
        first = scheduled_at + LASTS
    elif is_required:
        first = resolved_at + UNSCHEDULED
    else:
        return None
    return max(first, nudged_at + NUDGED_EVERY) if nudged_at else first
