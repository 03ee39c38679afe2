"""When the server is well, and what people do when it is not: pure rules over what was measured."""

from __future__ import annotations

from datetime import datetime, timedelta

AGAIN = timedelta(hours=1)  # after a backup that failed
GIVEN_UP = timedelta(hours=6)  # after the start of a backup that never ended: its process died


def backup_is_due(
    started_at: datetime, ended_at: datetime | None, has_failed: bool, every: timedelta, now: datetime
) -> bool:
    """Whether the next timed backup is due, after the newest one that was begun.

    One that failed is tried again after an hour, one that never ended after six; both at `every` if that is
    sooner.
    """
    if ended_at is None:
        return now - started_at >= min(every, GIVEN_UP)
    return now - started_at >= (min(every, AGAIN) if has_failed else every)
