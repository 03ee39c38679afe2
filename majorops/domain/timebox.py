"""How urgent a timebox looks (design §2): one rule for tracks, timeboxes and asks."""

from __future__ import annotations

from datetime import datetime, timedelta

SOON = timedelta(minutes=5)


def tone(due_at: datetime | None, minutes: int, now: datetime) -> str:
    """`green`, `amber` with less than five minutes or a third left, `red` once it has run out; empty without a timebox."""
    if due_at is None:
        return ""
    left = due_at - now
    if left <= timedelta():
        return "red"
    return "amber" if left < max(SOON, timedelta(minutes=minutes) / 3) else "green"
