"""What we sign and encrypt with the secret key, and with the keys of before while one replaces another.

Signed texts carry when they were signed, for machines whose clocks differ a little.

itsdangerous refuses what was signed later than now. Two seconds between two machines would sign people
out, and so would a clock that is set back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import time
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer

log = logging.getLogger(__name__)

LEEWAY = 120  # seconds by which clocks may differ
REMEMBERED = 600.0  # seconds for which a text from further ahead is spoken of


def keys_of(config: Mapping[str, Any]) -> list[str]:
    """The secret keys, oldest first: each is taken for a signature, the last one signs."""
    return [*config["SECRET_KEY_FALLBACKS"], config["SECRET_KEY"]]


class Sealer:
    """Encrypts short texts for one purpose, with keys that are derived from the secret keys.

    `keys`: of `keys_of`; `purpose`: what is sealed for one cannot be opened for another.
    """

    def __init__(self, keys: list[str], purpose: str):
        derived = [hmac.digest(key.encode(), f"sealed: {purpose}".encode(), hashlib.sha256) for key in keys]
        ciphers = [Fernet(base64.urlsafe_b64encode(key)) for key in reversed(derived)]
        self._newest, self._all = ciphers[0], MultiFernet(ciphers)

    def seal(self, text: str) -> str:
        """The text encrypted with the newest key."""
        return self._newest.encrypt(text.encode()).decode()

    def open(self, sealed: str, max_age: int | None = None) -> str:
        """The text. Raises ValueError for what no key of ours sealed, or is older than `max_age` seconds."""
        try:
            return self._all.decrypt(sealed.encode(), ttl=max_age).decode()
        except InvalidToken:
            raise ValueError("not sealed with one of our keys, or too old") from None

    def is_newest(self, sealed: str) -> bool:
        """Whether the newest key sealed it."""
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True


class Ahead:
    """The newest text of ours that was signed by a clock too far ahead of this machine's."""

    def __init__(self) -> None:
        self._seconds, self._seen_at = 0, float("-inf")

    def note(self, seconds: int) -> None:
        """A text with a right signature came from `seconds` in the future. Logged once in ten minutes."""
        if self.seconds() == 0:
            log.warning(
                "signed %s s in the future: the clocks of the machines differ, people are signed out", seconds
            )
        self._seconds, self._seen_at = seconds, time.monotonic()

    def seconds(self) -> int:
        """How far ahead; 0 when none came within ten minutes."""
        return self._seconds if time.monotonic() - self._seen_at < REMEMBERED else 0

    def forget(self) -> None:
        """As if none had come: `seconds` is 0 again."""
        self._seen_at = float("-inf")


AHEAD = Ahead()


class LeewaySigner(TimestampSigner):
    """Takes what was signed up to LEEWAY in the future; `max_age` is exact for the rest."""

    def unsign(
        self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False
    ) -> Any:  # the value, with the time where `return_timestamp` asks for it
        """The value that was signed, with the time where `return_timestamp` asks for it.

        `max_age`: seconds; None: any age, and any time ahead. Raises SignatureExpired for what is older, or
        from more than LEEWAY ahead, which is noted in AHEAD; BadSignature for any other text.
        """
        value, signed_at = super().unsign(signed_value, return_timestamp=True)
        if max_age is not None:
            age = self.get_timestamp() - int(signed_at.timestamp())
            if age < -LEEWAY:
                AHEAD.note(-age)
            if age > max_age or age < -LEEWAY:
                raise SignatureExpired(f"Signature age {age} s", payload=value, date_signed=signed_at)
        return (value, signed_at) if return_timestamp else value


class Serializer(URLSafeTimedSerializer):
    """URLSafeTimedSerializer with that leeway."""

    default_signer = LeewaySigner
