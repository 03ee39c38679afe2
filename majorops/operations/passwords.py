"""Local passwords: the rule for them, Argon2id, and a check that takes as long for nobody as for somebody."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from majorops.domain.errors import Invalid

HASHER = PasswordHasher()  # Argon2id
NOBODY = HASHER.hash(secrets.token_urlsafe())  # checked for unknown addresses, so that they take as long
SHORTEST, LONGEST = 12, 200


def hash_password(password: str, email: str) -> str:
    """The hash of an acceptable password. Raises Invalid with the rule as one sentence."""
    if not SHORTEST <= len(password) <= LONGEST or password.strip().lower() == email:
        raise Invalid(
            {"password": f"A password has {SHORTEST} to {LONGEST} characters and is not the e-mail address."}
        )
    return HASHER.hash(password)


@dataclass(frozen=True)
class Proof:
    """What a typed password proved: the stored hash that it belongs to, and that hash with today's parameters."""

    matched: str | None = None
    renewed: str | None = None


def prove(password: str, stored: str | None) -> Proof:
    """Check a typed password. `stored`: the account's hash; without one it proves nothing, after the same work."""
    try:
        HASHER.verify(stored or NOBODY, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return Proof()
    if stored is None or len(password) > LONGEST:
        return Proof()
    return Proof(stored, HASHER.hash(password) if HASHER.check_needs_rehash(stored) else None)
