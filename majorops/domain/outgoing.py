"""Events for programs outside: which kinds there are, who wants which, how they are signed, when tried again.

The form is that of Standard Webhooks (https://www.standardwebhooks.com).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import random
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from hashlib import sha256

from majorops.domain.enums import Visibility
from majorops.domain.events import EventKind

PREFIX = "whsec_"
KEY_BYTES = 32
ROTATES_FOR = timedelta(hours=24)  # for which what is replaced goes on signing beside the new secret
MOST_BYTES = 20_000  # of a body
TEST = "endpoint.test"
# Between the tries, in seconds; after the last one the event is given up, some 75 hours after the first.
PAUSES = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
LONGEST_WAIT = timedelta(days=1)  # that a receiver may ask for by Retry-After
RESTS = (5, 15, 60)  # seconds that an endpoint rests after so many failures in a row
# That an incident became public is itself an internal entry; that it happened is all that is told of it.
TELLS_THE_PUBLIC = frozenset({EventKind.INCIDENT_PUBLISHED.value})


@dataclass(frozen=True)
class OutgoingKind:
    """A kind of event; of an internal one, what is not internal gets only what was made public."""

    name: str
    title: str
    is_internal: bool


KINDS: dict[str, OutgoingKind] = {
    kind.value: OutgoingKind(
        kind.value,
        kind.label,
        kind.visibility is Visibility.INTERNAL and kind.value not in TELLS_THE_PUBLIC,
    )
    for kind in EventKind
}
"""Every kind of entry in the timeline is one; a test of an endpoint (TEST) is asked for, not chosen."""


def parts(text: str) -> list[str]:
    """What stands between the commas, each once, without what is empty."""
    return list(dict.fromkeys(filter(None, (part.strip() for part in text.split(",")))))


def kinds_problem(patterns: Iterable[str]) -> str:
    """Why these do not choose kinds, as a sentence for their field; empty when they do.

    A pattern is the name of a kind, or has a `*` for any letters, such as `incident.*`.
    """
    unknown = [one for one in patterns if not any(fnmatchcase(name, one) for name in KINDS)]
    return f"There is no kind of event {unknown[0][:60]}. The page at /api/ lists them." if unknown else ""


def wants(patterns: Collection[str], systems: Collection[str], kind: str, named: Collection[str]) -> bool:
    """Whether who chose these kinds and systems, none for all, wants this kind at an incident that names
    `named`.
    """
    is_chosen = not patterns or any(fnmatchcase(kind, one) for one in patterns)
    return is_chosen and (not systems or not set(systems).isdisjoint(named))


def new_secret() -> str:
    """A new signing secret: `whsec_` and base64 of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def new_id() -> str:
    """What an event is called for ever: `msg_` and 24 letters and digits."""
    return f"msg_{secrets.token_hex(12)}"


def key_of(secret: str) -> bytes:
    """The bytes that sign: what is encoded in a `whsec_…`, else the bytes of the text.

    Channels and subscribers have secrets of before this form.
    """
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def signed(identity: str, at: datetime, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """The headers of Standard Webhooks, with one signature for each secret of `keys`.

    `identity`: the event's own, the same at each try; `at`: the time of this try.
    """
    stamp = str(int(at.timestamp()))
    said = f"{identity}.{stamp}.".encode() + body
    marks = [base64.b64encode(hmac.digest(key_of(key), said, sha256)).decode() for key in keys]
    return {
        "webhook-id": identity,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }


def next_try(attempts: int, asked: timedelta | None) -> timedelta | None:
    """How long to wait after this many tries (from 1), a tenth more or less; None: it is given up.

    `asked`: what the receiver asked for by Retry-After; it is waited for that long at least, a day at most.
    What failed together does not come back together.
    """
    if attempts > len(PAUSES):
        return None
    pause = timedelta(seconds=PAUSES[attempts - 1] * random.uniform(0.9, 1.1))  # noqa: S311 (no secret)
    return max(pause, min(asked or timedelta(), LONGEST_WAIT))


def rest(failures: int, asked: timedelta | None) -> timedelta:
    """How long an endpoint that failed so often in a row (from 1) is left alone with all of its events."""
    pause = timedelta(seconds=RESTS[min(failures, len(RESTS)) - 1])
    return max(pause, min(asked or timedelta(), LONGEST_WAIT))


def retry_after(text: str, now: datetime) -> timedelta | None:
    """How long a receiver asks to be left alone: seconds, or a date of HTTP; None for anything else."""
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:9]))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(until - now, timedelta())
