"""Messages to accounts, and to holders of mailed links: the page that each may read, and why one goes not."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Permission
from majorops.domain.enums import BriefPage, ChannelKind, DeliveryState, Notice
from majorops.domain.notices import BRIEFED
from majorops.i18n import DEFAULT
from majorops.models import Delivery
from majorops.notifications.message import Message
from majorops.operations.briefs import brief_token
from majorops.operations.reader import texts
from majorops.operations.telling import said_of

DRILL = "Not sent: a drill."
SAID_OTHERWISE = "Not sent: withdrawn or corrected meanwhile."
LINK_OVER = "Not sent: the link is revoked or expired."
NO_ACCOUNT = "Not sent: the account is switched off."
CHANNEL_OFF = "Not sent: the channel was switched off or removed."
OVER = "Not sent after quiet hours: it is resolved meanwhile."
NEWER = "Not sent after quiet hours: a newer message says it."
OWN_PAGE = "/admin/account/notices"


def message(row: Delivery, settings: dict[str, Any], now: datetime) -> Message:
    """The message of a row, ready to be sent; `void` says why it must not go.

    Its link is the page where this person reads on; none where nobody knows our address (MAJOROPS_BASE_URL).
    """
    base = settings["BASE_URL"]
    path = page_for(row, str(settings["SECRET_KEY"])) if base else ""
    t = texts(row.user.language if row.user else DEFAULT)
    return Message(
        id=row.id,
        key=row.key,
        kind=cast(ChannelKind, row.kind),  # what waits to be sent has one
        address=row.address,
        secret=(row.channel.secret if row.channel else None) or "",
        subject=row.subject,
        body=row.body,
        notice=row.notice.value,
        incident=row.incident_id,
        link=f"{base}{path}" if path else "",
        link_label=t("inside.open") if path and row.incident else "",
        language=t.language,
        act=row.act,
        waited=now - row.next_at,
        void=void(row, now),
    )


def page_for(row: Delivery, secret: str) -> str:
    """Where its person reads on: the fireground, their brief, their own Notices page; empty for nowhere."""
    if row.notice is Notice.CHANNEL:
        return OWN_PAGE
    if row.incident is None:
        return ""
    page = f"/incidents/{row.incident.id}"
    if row.brief_link:
        token = brief_token(row.brief_link, secret)
        return f"{page}/{row.brief_link.page.value}/{token}" if token else ""
    if row.user is None:
        return ""
    reader = row.user.actor
    if reader.can(Permission.INCIDENT_READ):
        return f"/admin{page}"
    which = BriefPage.EXEC if reader.can(Permission.EXEC_READ) else BriefPage.BRIEF
    return f"{page}/{which.value}"


def void(row: Delivery, now: datetime) -> str:
    """Why it does not go; empty when it goes. Looked at as late as can be: a leak must be stoppable."""
    if row.incident and row.incident.is_drill:
        return DRILL
    if row.publication_id and row.publication_id not in said_of(row.incident_id or 0):
        return SAID_OTHERWISE
    if row.brief_link and not row.brief_link.is_open(now):
        return LINK_OVER
    if row.user and not row.user.is_active:
        return NO_ACCOUNT
    is_gone = row.channel is None and row.kind is not ChannelKind.EMAIL
    if row.user and (is_gone or (row.channel and not row.channel.is_active)):
        return CHANNEL_OFF
    return _held_too_long(row) if row.held_until else ""


def _held_too_long(row: Delivery) -> str:
    """Why what waited for the end of quiet hours is of no use any more; empty when it is."""
    if row.notice in (Notice.ALARM, Notice.ROLE) and row.incident and row.incident.is_resolved:
        return OVER
    if row.notice not in (Notice.MILESTONE, Notice.UPDATE):
        return ""
    newer = (
        Delivery.incident_id == row.incident_id,
        Delivery.user_id == row.user_id,
        Delivery.kind == row.kind,
        Delivery.address == row.address,
        Delivery.notice.in_(BRIEFED),
        Delivery.id > row.id,
        Delivery.state != DeliveryState.QUIET,
    )
    return NEWER if db.session.scalar(select(Delivery.id).where(*newer).limit(1)) else ""
