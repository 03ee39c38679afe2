"""Mails about the own account. The link that sets a new password is made here, when the mail goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from majorops.i18n import DEFAULT
from majorops.models import Delivery, User
from majorops.notifications import inside
from majorops.notifications.message import Message
from majorops.operations.health import ACT as HEALTH
from majorops.operations.outgoing import ENDPOINT
from majorops.operations.resets import ACT, GOOD_FOR, reset_token

LATE = "Not sent: it was asked for more than 30 minutes ago."
RESET = (
    "Somebody, perhaps you, asked for a new password of your account. The link below sets it. It can be used "
    "once, within 30 minutes, and ends every session of the account.\n\n"
    "Was this not you? Then do nothing: your password stays."
)


def message(row: Delivery, settings: Mapping[str, Any], now: datetime) -> Message:
    """One mail to the owner of an account, ready to be sent; `void` says why it must not."""
    base = settings["BASE_URL"]
    plain = replace(inside.message(row, dict(settings), now), language=DEFAULT)  # the texts here are English
    if row.act.startswith(f"{ENDPOINT}:"):
        page = f"/admin/data/endpoints/details/?id={row.act.rpartition(':')[2]}"
        return replace(plain, link=f"{base}{page}" if base else "", link_label="The endpoint")
    if row.act.startswith(f"{HEALTH}:"):
        return replace(plain, link=f"{base}/admin/health" if base else "", link_label="Health")
    if not row.act.startswith(f"{ACT}:"):
        link = f"{base}/admin/account/sessions" if base else ""
        return replace(plain, link=link, link_label="Your sessions")
    is_late = plain.waited > timedelta(seconds=GOOD_FOR)
    link = f"{base}/login/reset/{reset_token(cast(User, row.user), settings)}"
    void = plain.void or (LATE if is_late or not base else "")
    return replace(plain, body=RESET, link=link, link_label="Set a new password", void=void)
