"""What every integration is made of: what came, how it is verified, and how texts in it are read.

All of it is pure: bytes and headers in, alerts out.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from majorops.domain.alerts import Heard
from majorops.domain.enums import HookVerdict, SourceKind

TOO_OLD = timedelta(minutes=5)
SECRET_HEADER = "X-MajorOps-Secret"  # noqa: S105 (no password)
_FRACTION = re.compile(r"(\.\d{1,6})\d*")


class NotReadError(ValueError):
    """The body is not what this kind of source sends; the text is a sentence for whoever set it up."""


@dataclass(frozen=True)
class Sent:
    """A request of a source.

    `headers`: by their names in lower case; `header` and `mapping`: as the source is set up.
    """

    headers: Mapping[str, str]
    body: bytes
    header: str = ""
    mapping: str = ""

    def json(self) -> Any:
        """The body. Raises NotReadError for what is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise NotReadError("The body is not JSON.") from None

    def object(self) -> dict[str, Any]:
        """The body, which must be an object. Raises NotReadError."""
        found = self.json()
        if not isinstance(found, dict):
            raise NotReadError("The body must be a JSON object.")
        return found


@dataclass(frozen=True)
class Answer:
    """What a source is told: the status of HTTP and a JSON body.

    `kept`: headers that are kept with the delivery, because the answer promised something.
    """

    status: int = 202
    body: Mapping[str, object] = field(default_factory=lambda: {"status": "accepted"})
    kept: Mapping[str, str] = field(default_factory=dict)


def accepted(sent: Sent) -> Answer:
    """The usual answer."""
    return Answer()


@dataclass(frozen=True)
class Integration:
    """A kind of source.

    `parse`: the alerts of a body, in their order; raises NotReadError. `verify`: whether it is from who has
    one of the secrets, and when. `keeps`: headers that `parse` reads, in lower case. `template`: what is
    pasted into the source as its body, empty where it has one of its own.
    """

    kind: SourceKind
    parse: Callable[[Sent], list[Heard]]
    verify: Callable[[Sent, Iterable[str], datetime], HookVerdict]
    answer: Callable[[Sent], Answer] = accepted
    keeps: tuple[str, ...] = ("content-type",)
    template: str = ""


# Verifying, always over the bytes as they came


def is_same(given: str, secrets: Iterable[str]) -> bool:
    """Whether a text is one of the secrets; how long that takes says nothing about them."""
    found = [hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()) for secret in secrets]
    return any(found)


def hex_hmac(secret: str, content: bytes) -> str:
    """HMAC-SHA256 in hexadecimal digits."""
    return hmac.new(secret.encode(), content, sha256).hexdigest()


def by_secret(sent: Sent, secrets: Iterable[str], now: datetime) -> HookVerdict:
    """The secret as a bearer token, as the password of Basic, or in a header of its own."""
    kind, _, given = sent.headers.get("authorization", "").partition(" ")
    found = [sent.headers.get((sent.header or SECRET_HEADER).lower(), "")]
    if kind.lower() == "bearer":
        found.append(given.strip())
    elif kind.lower() == "basic":
        found.append(_password(given))
    known = tuple(secrets)
    return verdict_of([is_same(one, known) for one in found if one])


def verdict_of(found: list[bool]) -> HookVerdict:
    """Accepted where one of several comparisons, all of them made, holds."""
    return HookVerdict.ACCEPTED if any(found) else HookVerdict.WRONG_SECRET


def _password(given: str) -> str:
    try:
        return base64.b64decode(given.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def age_verdict(at: datetime | None, now: datetime) -> HookVerdict:
    """Refused when it was signed more than TOO_OLD ago, or ahead of us by more."""
    is_near = at is not None and abs(now - at) <= TOO_OLD
    return HookVerdict.ACCEPTED if is_near else HookVerdict.TOO_OLD


# Reading


def text_of(value: object) -> str:
    """A value of JSON as one text; empty for none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def texts_of(value: object) -> dict[str, str]:
    """An object of JSON as names and texts; empty for what is none."""
    return {str(name): text_of(text) for name, text in value.items()} if isinstance(value, dict) else {}


def objects_in(value: object) -> list[dict[str, Any]]:
    """The objects of a list; what else is in it is passed over. Empty for no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def object_in(value: object) -> dict[str, Any]:
    """The object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def time_of(value: object) -> datetime | None:
    """A time: ISO 8601, or a number since 1970 in seconds, milliseconds, or finer; None for any other.

    The zero of Go's clock, the year 1, is no time.
    """
    if isinstance(value, bool) or value in (None, ""):
        return None
    try:
        number = float(value) if isinstance(value, (int, float, str)) else None
    except (ValueError, OverflowError):
        number = None
    try:
        if number is not None:
            return _since_1970(number)
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", str(value).strip()))
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.year > 1 else None


def _since_1970(number: float) -> datetime | None:
    for _ in range(3):
        if abs(number) < 1e11:
            break
        number /= 1000
    return datetime.fromtimestamp(number, UTC) if number > 0 else None
