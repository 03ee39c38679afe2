"""How urgent a timebox looks (design §2): one rule for tracks, timeboxes and asks."""

from __future__ import annotations

from datetime import datetime, timedelta

SOON = timedelta(minutes=5)


def tone(due_at: datetime | None, minutes: int, now: datetime) -> str:
    """`green`, `amber` from five minutes or a third left, `red` once it has run out; empty without one.

    `minutes`: of the whole timebox; the longer of the two counts.
    """
    if due_at is None:
        return ""
    left = due_at - now
    if left <= timedelta():
        return "red"
    return "amber" if left <= _soon(minutes) else "green"


def turns_at(due_at: datetime | None, minutes: int, now: datetime) -> datetime | None:
    """When `tone` says something else by time alone, or None."""
    if due_at is None or now >= due_at:
        return None
    return due_at - _soon(minutes) if due_at - now > _soon(minutes) else due_at


def _soon(minutes: int) -> timedelta:
    return max(SOON, timedelta(minutes=minutes) / 3)
