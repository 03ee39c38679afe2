"""Slack, Teams, SMS gateways and the rest, through Apprise: an extra that is installed where it is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from majorops.domain.apprise_schemes import reaches_nobody
from majorops.notifications.message import Message, NotSent
from majorops.notifications.net import READ_TIMEOUT, resolve

UNSET = "No channel set: the package apprise is not installed."
# An address may ask for more: a server that follows redirects, waits or tries again holds up the others.
LIMITS = {
    "redirects": False,
    "retry": 0,
    "socket_connect_timeout": READ_TIMEOUT,
    "socket_read_timeout": READ_TIMEOUT,
}


def send(message: Message, settings: Mapping[str, Any]) -> None:
    """Give the message to Apprise, where the package is installed. Raises NotSent."""
    parts = urlsplit(message.address)
    if why := reaches_nobody(parts.scheme):
        raise NotSent(why, is_final=True)
    try:
        import apprise
    except ImportError:
        raise NotSent(UNSET, is_unset=True) from None
    if parts.hostname:
        resolve_if_named(parts.hostname, may_be_private=bool(settings["WEBHOOK_PRIVATE"]))
    carrier = apprise.Apprise()
    if not carrier.add(message.address):
        raise NotSent("Apprise does not know this address.", is_final=True)
    for server in carrier:
        for name, value in LIMITS.items():
            setattr(server, name, value)
    body = "\n\n".join(filter(None, (message.body, message.link)))
    if not carrier.notify(title=message.subject, body=body):
        raise NotSent("The service did not take the message.")


def resolve_if_named(host: str, *, may_be_private: bool) -> None:
    """In many Apprise addresses a token stands where the host would: what no name server knows is none.

    Raises NotSent.
    """
    try:
        resolve(host, 443, may_be_private=may_be_private)
    except NotSent as problem:
        if problem.is_final:
            raise
