"""The weekly digest as a mail, written when it goes: of what is true and may be read then."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from majorops.domain.access import Permission
from majorops.domain.weekly import Section
from majorops.i18n import DEFAULT
from majorops.models import Delivery, User
from majorops.notifications import inside
from majorops.notifications.message import Message, Part
from majorops.operations.weekly import week_of, week_told

OFF = "Not sent: the account may not read incidents any more, or the digest was switched off."
NOTHING = "Not sent: nothing of it is left to say."
FOOT = "You get this on Mondays because you chose it."
SWITCH = "/admin/account/notices#wants_digest"


def message(row: Delivery, settings: dict[str, Any], now: datetime) -> Message:
    """One digest, ready to be sent; `void` says why it must not."""
    user, base = cast(User, row.user), settings["BASE_URL"]
    plain = replace(inside.message(row, settings, now), language=DEFAULT)  # the texts here are English
    is_wanted = user.digest_at is not None and user.actor.can(Permission.INCIDENT_READ)
    parts = tuple(_part(one, base) for one in week_of(user, week_told(row.act))) if is_wanted else ()
    return replace(
        plain,
        parts=parts,
        link=f"{base}/admin/incidents" if base else "",
        link_label="All incidents",
        foot=FOOT,
        foot_link=f"{base}{SWITCH}" if base else "",
        foot_label="Switch it off",
        void=plain.void or ("" if parts else NOTHING if is_wanted else OFF),
    )


def _part(one: Section, base: str) -> Part:
    lines = tuple((line.text, f"{base}{line.path}" if base else "") for line in one.lines)
    rest = f"And {one.more:,} more." if one.more else ""
    return Part(one.title, rest, f"{base}{one.path}" if base else "", lines)
