"""Failed attempts, and acts of strangers, in a window of 15 minutes, counted in the database: one count for all processes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from majorops.db import db
from majorops.models import SignInThrottle

WINDOW = timedelta(minutes=15)
# What a key begins with → failures that pause it. Many people may share one address (an office, a VPN).
LIMITS = {"email": 10, "from": 30, "setup": 10, "subscribe": 20, "subscriber": 3}


def sign_in_keys(email: str, address: str) -> list[str]:
    return [f"email:{email}", f"from:{address}"]


def setup_keys(address: str) -> list[str]:
    return [f"setup:{address}"]


def paused_until(keys: list[str], now: datetime, *, lock: bool = False) -> datetime | None:
    """When the next attempt counts, or None when it counts now. `lock`: other attempts wait for this verb."""
    wanted = select(SignInThrottle).where(SignInThrottle.key.in_(keys)).order_by(SignInThrottle.key)
    rows = db.session.scalars(wanted.with_for_update() if lock else wanted)
    ends = [row.window_started_at + WINDOW for row in rows if row.failures >= LIMITS[row.key.split(":")[0]]]
    return max((end for end in ends if end > now), default=None)


def count_failure(keys: list[str], now: datetime) -> None:
    """Count one failure for each key. Only inside a verb."""
    # Whole windows go first: every verb locks them in the same order, and the table stays small.
    db.session.execute(delete(SignInThrottle).where(SignInThrottle.window_started_at <= now - WINDOW))
    for key in sorted(keys):
        row = db.session.get(SignInThrottle, key, with_for_update=True)
        if row is None:
            row = SignInThrottle(key=key, failures=0, window_started_at=now)
            db.session.add(row)
        row.failures += 1


def forget_failures(key: str) -> None:
    """A right password ends the count of its e-mail; the count of the address stays."""
    db.session.execute(delete(SignInThrottle).where(SignInThrottle.key == key))
