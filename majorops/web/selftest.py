"""A test message to an address or a channel, and the sentence that says what became of it."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash

from majorops import clock
from majorops.domain.access import Actor
from majorops.domain.enums import ChannelKind
from majorops.models import Channel, User
from majorops.notifications.selftest import send_test
from majorops.operations.own_notices import record_own_test


def try_out(actor: Actor, way: Channel | User) -> None:
    """Send a test by this channel, or to this account's e-mail address, and keep what became of it.

    The next page says so.
    """
    settings = current_app.config
    if isinstance(way, User):
        to, is_mail = way.email, True
        problem = send_test(way.email, settings, language=way.language)
    else:
        is_mail = way.kind is ChannelKind.EMAIL
        to = way.address if is_mail else f"the {way.kind.label} channel"
        given: dict[str, Any] = {"secret": way.secret or "", "language": way.user.language}
        problem = send_test(way.address, settings, kind=way.kind, **given)
    record_own_test(way, problem, actor=actor, now=clock.now())
    if problem:
        flash(f"The test to {to} did not arrive. {problem}", "error")
    elif is_mail:
        flash(f"The mail server took the test to {to}. Look whether it lies in the inbox.", "done")
    else:
        flash(f"The service took the test to {to}. Look whether it came.", "done")
