"""One message to be sent, as a value that needs no database; and why it did not arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from majorops.domain.enums import ChannelKind


class NotSent(Exception):
    """It did not arrive.

    `is_final`: trying again would not help; `is_unset`: a setting is missing here, not there;
    `is_past`: nobody needs it any more; `is_gone`: neither is the channel there.
    """

    def __init__(
        self,
        why: str,
        *,
        is_final: bool = False,
        is_unset: bool = False,
        is_past: bool = False,
        is_gone: bool = False,
    ):
        super().__init__(why)
        self.is_final, self.is_unset, self.is_past, self.is_gone = is_final, is_unset, is_past, is_gone


@dataclass(frozen=True)
class Part:
    """A part of a message that tells of several things; `link`: the page of this one, or empty.

    `lines`: what it lists, each with the page of it, or empty.
    """

    heading: str
    text: str
    link: str = ""
    lines: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Message:
    """One message to one address.

    `key` is the same each time it is tried: the receiver knows by it what came twice. `secret`: signs a
    webhook, encrypts for a device; empty for none. `incident`: its number, None for a message to a
    subscriber or of no incident. `path`: of the page that a device opens.
    `link` with `link_label` is what there is to open or press; `foot` and its link say why it comes and how
    to end it.
    """

    id: int
    key: str
    kind: ChannelKind
    address: str
    secret: str
    subject: str
    body: str
    notice: str
    incident: int | None
    link: str
    path: str = "/"
    act: str = ""
    waited: timedelta = timedelta()  # since it should have gone
    void: str = ""  # why it must not go any more
    subscriber: int | None = None
    headers: tuple[tuple[str, str], ...] = ()  # of a mail
    payload: dict | None = None  # of a webhook, where it is not our own shape
    language: str = "en"
    link_label: str = ""
    parts: tuple[Part, ...] = ()
    foot: str = ""
    foot_link: str = ""
    foot_label: str = ""
    calendar: bytes = b""  # of a mail: an appointment, or that it is called off (RFC 5546)
    request_id: str = ""  # of the request that queued it, for logs
    ends: int | None = None  # the incident that a subscriber stops following with this message
