"""A message that goes out at once, to see whether anybody can be reached before somebody has to be."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from majorops.domain.enums import ChannelKind
from majorops.notifications import mail
from majorops.notifications.message import Message, NotSent
from majorops.notifications.worker import SEND
from majorops.operations.reader import texts


def send_test(
    address: str,
    settings: Mapping[str, Any],
    *,
    kind: ChannelKind = ChannelKind.EMAIL,
    secret: str = "",
    language: str = "en",
    on_gone: Callable[[], None] = lambda: None,
    say: Callable[[str], None] | None = None,
) -> str:
    """Send a test to this address at once, not by the outbox.

    Whoever asked waits for the answer, half a minute at most. `secret`: as of `Message`; `on_gone`: called
    where the device is gone; `say`: is told each step of an e-mail when it is done. Returns why it did not
    arrive at the mail server, or at the channel; empty when that took it.
    """
    t = texts(language)
    message = Message(
        id=0,
        key=secrets.token_hex(32),
        kind=kind,
        address=address,
        secret=secret,
        subject=t("inside.test"),
        body=t("inside.tested"),
        notice="test",
        incident=None,
        link=settings["BASE_URL"] or "",
        path="/admin/account/devices",
    )
    try:
        if say and kind is ChannelKind.EMAIL:
            mail.send(message, settings, say)
        else:
            SEND[kind](message, dict(settings))
    except NotSent as problem:
        if problem.is_gone:
            on_gone()
        return str(problem)
    except Exception as error:  # a service's own client may raise anything
        return f"{type(error).__name__}: {error}"
    return ""
