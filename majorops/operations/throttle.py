"""Failed attempts, and acts of strangers, in a window of 15 minutes.

Counted in the database: one count for all processes.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select

from majorops.db import changed_rows, db
from majorops.models import SignInThrottle, User

WINDOW = timedelta(minutes=15)
# What a key begins with → failures that pause it.
LIMITS = {
    "pair": 10,
    "known": 10,
    "setup": 10,
    "subscribe": 20,
    "subscriber": 3,
    "second": 10,
    "passkey": 20,
    "prove": 10,
    "reset": 3,
    "resets": 20,
    "mailed": 10,
}
# A person may fail so often from one address, a few times only while somebody guesses: from many
# addresses at this e-mail, or from this address at many e-mails. Nobody is paused for what others do:
# each pair has tries of its own.
TIGHT = 3
GUESSING = {"email": 50, "from": 30}
BROWSER_KNOWN_FOR = timedelta(days=180)


@dataclass(frozen=True)
class KnownBrowser:
    """That this browser signed in to the account before.

    Worth nothing once the password is another one (`mark`).
    """

    user_id: int
    mark: str
    name: str  # one browser's own, by which its failures are counted
    at: datetime


def mark_of(user_id: int, password_hash: str | None) -> str:
    """A text that changes with the password: with a new one no browser is known any more."""
    return hashlib.sha256(f"{user_id} {password_hash or ''}".encode()).hexdigest()[:16]


def remember(user: User, now: datetime) -> KnownBrowser:
    """What the browser of somebody who just signed in keeps."""
    return KnownBrowser(user.id, mark_of(user.id, user.password_hash), secrets.token_hex(8), now)


def name_of(
    browsers: list[KnownBrowser], user_id: int | None, password_hash: str | None, now: datetime
) -> str:
    """The browser's name where it is known to this account; empty where it is not."""
    for known in browsers:
        is_young = known.at > now - BROWSER_KNOWN_FOR
        if known.user_id == user_id and is_young and known.mark == mark_of(known.user_id, password_hash):
            return known.name
    return ""


def place(address: str) -> str:
    """An address as it is counted: whoever has one of IPv6 has the 2^64 beside it too."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:40]
    if known.version == 4:
        return str(known)
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, 64), strict=False))


def sign_in_keys(email: str, address: str, browser: str) -> list[str]:
    """What a failed sign-in counts for.

    A known browser counts by itself: no stranger's failure reaches it.
    """
    if browser:
        return [f"known:{email}|{browser}"]
    where = place(address)
    return [f"pair:{email}|{where}", f"email:{email}", f"from:{where}"]


def sign_in_paused_until(keys: list[str], now: datetime, *, lock: bool = False) -> datetime | None:
    """When the next sign-in counts, or None when it counts now; `keys`: of `sign_in_keys`.

    `lock`: as in `paused_until`.
    """
    rows = {row.key: row for row in _rows(keys, lock) if row.window_started_at + WINDOW > now}
    own = rows.get(keys[0])
    is_guessing = any(
        rows[key].failures >= GUESSING[key.partition(":")[0]] for key in keys[1:] if key in rows
    )
    most = TIGHT if is_guessing else LIMITS[keys[0].partition(":")[0]]
    return own.window_started_at + WINDOW if own and own.failures >= most else None


def forget_person(email: str) -> int:
    """Lift every pause of this e-mail; returns how many counts there were. Part of an operation."""
    key = SignInThrottle.key
    own = or_(
        key == f"email:{email}",
        *(key.startswith(f"{kind}:{email}|", autoescape=True) for kind in ("pair", "known")),
    )
    return changed_rows(delete(SignInThrottle).where(own))


def pauses_of(email: str, now: datetime) -> list[datetime]:
    """Until when tries of this e-mail are paused, one for each address that is; the earliest first."""
    prefix = SignInThrottle.key.startswith(f"pair:{email}|", autoescape=True)
    since = SignInThrottle.window_started_at > now - WINDOW
    keys = db.session.scalars(select(SignInThrottle.key).where(prefix, since)).all()
    ends = (
        sign_in_paused_until(sign_in_keys(email, key.rpartition("|")[2].partition("/")[0], ""), now)
        for key in keys
    )
    return sorted(end for end in ends if end)


def setup_keys(address: str) -> list[str]:
    """What a wrong first-run code counts for: the address it came from."""
    return [f"setup:{address}"]


def paused_until(keys: list[str], now: datetime, *, lock: bool = False) -> datetime | None:
    """When the next attempt counts, or None when it counts now.

    `lock`: other attempts wait for this operation.
    """
    ends = [
        row.window_started_at + WINDOW
        for row in _rows(keys, lock)
        if row.failures >= LIMITS[row.key.split(":")[0]]
    ]
    return max((end for end in ends if end > now), default=None)


def _rows(keys: list[str], lock: bool) -> list[SignInThrottle]:
    if lock and db.engine.dialect.name == "postgresql":
        # A row that is not there yet cannot be locked: of guesses sent at once the first would all find none.
        for key in sorted(keys):
            db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    wanted = select(SignInThrottle).where(SignInThrottle.key.in_(keys)).order_by(SignInThrottle.key)
    return list(db.session.scalars(wanted.with_for_update() if lock else wanted))


def count_failure(keys: list[str], now: datetime) -> None:
    """Count one failure for each key. Only inside an operation."""
    # Whole windows go first: every operation locks them in the same order, and the table stays small.
    db.session.execute(delete(SignInThrottle).where(SignInThrottle.window_started_at <= now - WINDOW))
    for key in sorted(keys):
        row = db.session.get(SignInThrottle, key, with_for_update=True)
        if row is None:
            row = SignInThrottle(key=key, failures=0, window_started_at=now)
            db.session.add(row)
        row.failures += 1


def forget_failures(keys: list[str]) -> None:
    """A right password ends the counts of its e-mail, here and as a whole; that of the address stays."""
    own = [key for key in keys if not key.startswith("from:")]
    db.session.execute(delete(SignInThrottle).where(SignInThrottle.key.in_(own)))
