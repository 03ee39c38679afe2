"""Local passwords: the rule for them, Argon2id, and a check that takes as long for nobody as for somebody."""

from __future__ import annotations

import os
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from majorops.domain.errors import Busy, Invalid

HASHER = PasswordHasher()  # Argon2id
NOBODY = HASHER.hash(secrets.token_urlsafe())  # checked for unknown addresses, so that they take as long
SHORTEST, LONGEST = 12, 200
AT_ONCE, WAITING = (
    2,
    16,
)  # passwords that are checked, and that wait for it; each check takes 64 MB and all cores
BEHIND = 15  # how much the scheduler prefers everything else to a check


def _stand_behind() -> None:
    """On Linux each thread, and those that Argon2 starts for it, has a priority of its own."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BEHIND)


_checks = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords", initializer=_stand_behind)
_places = threading.BoundedSemaphore(AT_ONCE + WAITING)


def hash_password(password: str, email: str) -> str:
    """The hash of an acceptable password; `email` in lower case. Raises Invalid with the rule."""
    if not SHORTEST <= len(password) <= LONGEST or password.strip().lower() == email:
        raise Invalid(
            {"password": f"A password has {SHORTEST} to {LONGEST} characters and is not the e-mail address."}
        )
    return HASHER.hash(password)


@dataclass(frozen=True)
class Proof:
    """What a typed password proved; both None when nothing.

    `matched`: the stored hash that it belongs to; `renewed`: a hash with today's parameters, None where the
    stored one has them.
    """

    matched: str | None = None
    renewed: str | None = None


def prove(password: str, stored: str | None) -> Proof:
    """Check a typed password; `stored`: the account's hash, None where there is no account or password.

    Without one it proves nothing, after the same work. Two are checked at once, the others in turn. Raises
    Busy when 16 wait already.
    """
    if not _places.acquire(blocking=False):
        raise Busy("Too many people sign in at this moment. Try again in 5 seconds.")
    try:
        return _checks.submit(_prove, password, stored).result()
    finally:
        _places.release()


def _prove(password: str, stored: str | None) -> Proof:
    try:
        HASHER.verify(stored or NOBODY, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return Proof()
    if stored is None or len(password) > LONGEST:
        return Proof()
    return Proof(stored, HASHER.hash(password) if HASHER.check_needs_rehash(stored) else None)
