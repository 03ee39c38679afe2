"""Signed texts that carry when they were signed, for machines whose clocks differ a little.

itsdangerous refuses what was signed later than now. Two seconds between two machines would sign people
out, and so would a clock that is set back.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer

log = logging.getLogger(__name__)

LEEWAY = 120  # seconds by which clocks may differ
REMEMBERED = 600.0  # seconds for which a text from further ahead is spoken of


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
