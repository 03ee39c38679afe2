"""When the After Action is held: the times that one press offers (guide, phase 8: within 72 hours)."""

from __future__ import annotations

from datetime import datetime, timedelta

WITHIN = timedelta(hours=72)
OFFERED = {"tomorrow": "Tomorrow 10:00", "48h": "In 48 h"}


def offered_at(choice: str, now: datetime) -> datetime | None:
    """The time, in UTC and without seconds, that a key of `OFFERED` stands for; None for any other text."""
    minute = now.replace(second=0, microsecond=0)
    if choice == "tomorrow":
        return (minute + timedelta(days=1)).replace(hour=10, minute=0)
    return minute + timedelta(hours=48) if choice == "48h" else None
