"""A message that goes out at once, to see whether anybody can be reached before somebody has to be."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from majorops.domain.enums import ChannelKind
from majorops.notifications import mail
from majorops.notifications.message import Message, NotSent

BODY = "MajorOps can reach you: alarms, reminders and hand-overs come this way. Nothing is asked of you."


def send_test(address: str, settings: Mapping[str, Any]) -> str:
    """Send a test to this e-mail address at once, not by the outbox.

    Whoever asked waits for the answer, half a minute at most. Returns why it did not arrive at the mail
    server; empty when the server took it.
    """
    message = Message(
        id=0,
        key=secrets.token_hex(32),
        kind=ChannelKind.EMAIL,
        address=address,
        secret="",
        subject="MajorOps: test message",
        body=BODY,
        notice="test",
        incident=None,
        link=settings["BASE_URL"] or "",
    )
    try:
        mail.send(message, settings)
    except NotSent as problem:
        return str(problem)
    return ""
