"""Slack, Teams, SMS gateways and the rest, through Apprise: an extra that is installed where it is wanted."""

from __future__ import annotations

from urllib.parse import urlsplit

from majorops.notifications.message import Message, NotSent
from majorops.notifications.net import resolve

UNSET = "No channel set: the package apprise is not installed."
# Schemes of Apprise that act on this machine, or take any address: those have a channel of their own here.
LOCAL = frozenset(
    {"dbus", "kde", "qt", "glib", "gnome", "macosx", "windows", "syslog", "file", "exec", "script"}
    | {"json", "jsons", "xml", "xmls", "form", "forms", "apprise", "apprises"}
)


def send(message: Message, settings: dict[str, object]) -> None:
    """Give the message to Apprise, where the package is installed. Raises NotSent."""
    parts = urlsplit(message.address)
    if parts.scheme in LOCAL:
        raise NotSent(f"{parts.scheme}: is not allowed here. Use a webhook.", is_final=True)
    if parts.hostname and "." in parts.hostname:
        resolve_if_named(parts.hostname, may_be_private=bool(settings["WEBHOOK_PRIVATE"]))
    try:
        import apprise
    except ImportError:
        raise NotSent(UNSET, is_unset=True) from None
    carrier = apprise.Apprise()
    if not carrier.add(message.address):
        raise NotSent("Apprise does not know this address.", is_final=True)
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
