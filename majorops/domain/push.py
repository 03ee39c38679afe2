"""Push messages to a device (RFC 8030): how urgent, how long of use, what replaces what, where they lead."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import urlsplit

from majorops.domain.addresses import webhook_problem
from majorops.domain.enums import Notice

LONGEST_ADDRESS = 1_000
KEY_BYTES, AUTH_BYTES = 65, 16
HOUR = 3_600
BY_ACT = frozenset(
    {
        Notice.ASK,
        Notice.HANDOVER,
        Notice.ROLE,
        Notice.PAGE,
        Notice.CHANNEL,
        Notice.REVIEW,
        Notice.ACTION,
    }
)
CADENCE = ("soon", "overdue")  # nudges of `domain/coach.py` about the promised update


@dataclass(frozen=True)
class Manner:
    """How a push service treats a message.

    `seconds`: how long it keeps it for a device that is off. `urgency` high wakes a device that sleeps.
    """

    seconds: int
    urgency: str = "normal"


READ_LATER = Manner(24 * HOUR)
MANNERS: dict[Notice, Manner] = {
    Notice.ALARM: Manner(4 * HOUR, "high"),
    Notice.ROLE: Manner(4 * HOUR, "high"),
    Notice.PAGE: Manner(HOUR, "high"),
    Notice.HANDOVER: Manner(HOUR, "high"),
    Notice.ASK: Manner(HOUR, "high"),
    Notice.REMINDER: Manner(HOUR // 2, "high"),
}


def manner(notice: str) -> Manner:
    """As above; what only informs waits a day for its device, and wakes none. `notice`: its value."""
    return next((one for kind, one in MANNERS.items() if kind.value == notice), READ_LATER)


def subject_of(notice: str, act: str) -> str:
    """What a message is about: the newest of one subject takes the place of those before it.

    `notice`: its value; `act`: as in the outbox. Each ask and each hand-over is one of its own, and so is a
    timebox; that an update is overdue takes the place of that it is due soon.
    """
    if about := _nudge(notice, act):
        return "cadence" if about in CADENCE else about
    if notice in BY_ACT:
        return act
    if notice in (Notice.MILESTONE.value, Notice.UPDATE.value):
        return "said"
    return notice


def place(notice: str, act: str) -> str:
    """Where on the fireground it is answered: an anchor such as `#handover`; empty for the top."""
    if notice in (Notice.HANDOVER.value, Notice.PAGE.value):
        return "#handover"
    if notice == Notice.ASK.value:
        return f"#ask-{act.rpartition(':')[2]}"
    about = _nudge(notice, act)
    if about in (*CADENCE, "milestone"):
        return "#composer"
    if about.startswith("ask-"):
        return f"#{about}"
    return "#tracks" if about.startswith(("expired-", "open-", "window", "stalled")) else ""


def _nudge(notice: str, act: str) -> str:
    """`overdue` of `nudge:9:overdue:20261123T143855`; empty for what is no reminder."""
    parts = act.split(":")
    return parts[2] if notice == Notice.REMINDER.value and len(parts) > 2 else ""


def address_problem(address: str) -> str:
    """Why nothing can be sent to this address of a push service; empty when it can be tried.

    Where its name leads is looked up each time.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or not address.isascii() or parts.username:
        return "The push service of this browser has no https:// address."
    if len(address) > LONGEST_ADDRESS:
        return "The address of this browser's push service is too long."
    return webhook_problem(address)


def joined(key: str, auth: str) -> str:
    """What a browser gives to encrypt for it, as it is kept: its public key and its secret, with a dot.

    Both in base64url. Raises ValueError for what they cannot be.
    """
    if len(unpadded(key)) != KEY_BYTES or len(unpadded(auth)) != AUTH_BYTES:
        raise ValueError("not the keys of a browser")
    return f"{key.rstrip('=')}.{auth.rstrip('=')}"


def unpadded(text: str) -> bytes:
    """The bytes of base64url without its padding. Raises ValueError for anything else."""
    plain = text.rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def as_text(raw: bytes) -> str:
    """Bytes in base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
