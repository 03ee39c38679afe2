"""Apprise addresses that reach no person: why each is refused, and what to use instead."""

from __future__ import annotations

_POST = (
    "{scheme}:// posts to any address and reaches no person. Use the kind Webhook: signed, and tried again."
)
_HERE = "{scheme}:// writes to the machine that MajorOps runs on, and reaches no person."
_LOG = "{scheme}:// writes to a log server, and reaches no person."
_QUEUE = "{scheme}:// feeds a message queue, and reaches no person."
_RELAY = (
    "{scheme}:// hands the message to another Apprise server. "
    "Use the service's own address, such as slack://…"
)
_MAIL = "{scheme}:// sends by a mail server of its own. Use the kind E-mail with the plain address."

REACHES_NOBODY: dict[str, str] = {
    **dict.fromkeys(("json", "jsons", "xml", "xmls", "form", "forms"), _POST),
    **dict.fromkeys(("dbus", "gio", "glib", "gnome", "kde", "qt", "macosx", "windows"), _HERE),
    **dict.fromkeys(("syslog", "file", "exec", "script", "cmd", "shell", "blink1", "memory"), _HERE),
    **dict.fromkeys(("rsyslog",), _LOG),
    **dict.fromkeys(("amqp", "amqps", "mqtt", "mqtts"), _QUEUE),
    **dict.fromkeys(("apprise", "apprises"), _RELAY),
    **dict.fromkeys(("mailto", "mailtos"), _MAIL),
}
WEB = frozenset({"http", "https"})
A_WEB_ADDRESS = "A web address that Apprise does not know by its host is a webhook: choose that kind."


def reaches_nobody(scheme: str) -> str:
    """Why nobody is reached by addresses of this scheme, as a sentence; empty for all others."""
    return REACHES_NOBODY.get(scheme.lower(), "").format(scheme=scheme.lower())
