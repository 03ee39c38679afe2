"""Scheduled maintenance: which state may follow which, and what the clock brings about by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from majorops.domain.enums import MaintenanceStatus

LONGEST = timedelta(days=14)
AHEAD = timedelta(days=366)
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
