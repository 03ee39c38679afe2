"""Messages to accounts, and to holders of mailed links: the page that each may read, and why one goes not."""

from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr
from typing import Any, cast

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Permission
from majorops.domain.enums import BriefPage, ChannelKind, DeliveryState, Notice
from majorops.domain.notices import BRIEFED
from majorops.domain.push import place
from majorops.domain.visibility import PublicState
from majorops.i18n import DEFAULT
from majorops.models import Delivery, Incident
from majorops.notifications.message import Message
from majorops.operations.after_action import AFTER_ACTION, TAKEN_OFF, review_of
from majorops.operations.briefs import brief_token
from majorops.operations.calendars import CANCEL, REQUEST, after_action_calendar
from majorops.operations.paging import is_page_over
from majorops.operations.reader import texts
from majorops.operations.telling import said_of
from majorops.projections.rules import brief_audience
from majorops.signing import keys_of

PRIVATE = "Not sent: the incident is private, and this reader was not added to its briefs."
DRILL = "Not sent: a drill."
SAID_OTHERWISE = "Not sent: withdrawn or corrected meanwhile."
LINK_OVER = "Not sent: the link is revoked or expired."
NO_ACCOUNT = "Not sent: the account is switched off."
CHANNEL_OFF = "Not sent: the channel was switched off or removed."
OVER = "Not sent after quiet hours: it is resolved meanwhile."
NEWER = "Not sent after quiet hours: a newer message says it."
MOVED = "Not sent: the After Action was moved or called off meanwhile."
GUEST_OFF = "Not sent: taken off the After Action meanwhile."
GUEST_BACK = "Not sent: added to the After Action again meanwhile."
PAGE_OVER = "Not sent: the page was answered or ended meanwhile."
OWN_PAGE = "/admin/account/notices"
AFTERWARDS = {Notice.REVIEW: "/review", Notice.ACTION: "/review#actions"}


def message(row: Delivery, settings: dict[str, Any], now: datetime) -> Message:
    """The message of a row, ready to be sent; `void` says why it must not go.

    Its link is the page where this person reads on; none where nobody knows our address (MAJOROPS_BASE_URL).
    """
    base = settings["BASE_URL"]
    path = page_for(row, keys_of(settings))
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
        link=f"{base}{path}" if base and path else "",
        link_label=t("inside.open") if base and path and row.incident else "",
        path=(path + _place(row, path)) or "/",
        calendar=_appointment(row, settings),
        language=t.language,
        act=row.act,
        waited=now - row.next_at,
        void=void(row, now),
    )


def _appointment(row: Delivery, settings: dict[str, Any]) -> bytes:
    """The After Action for the calendar of who gets the mail; nothing where it tells of something else."""
    is_about_it = row.notice is Notice.REVIEW and row.act.startswith((AFTER_ACTION, TAKEN_OFF))
    to = row.user or row.guest
    if not is_about_it or row.kind is not ChannelKind.EMAIL or row.incident is None or to is None:
        return b""
    review = review_of(row.incident)
    if review is None or review.after_action_at is None:
        return b""
    base, organizer = settings["BASE_URL"] or "", parseaddr(settings["MAIL_FROM"])[1]
    method = CANCEL if row.guest and row.guest.off_at else REQUEST
    return after_action_calendar(row.incident, review, base, method=method, organizer=organizer, to=to)


def _overtaken(row: Delivery) -> str:
    """Why it says what stands no more: a page that was answered, an update corrected, a meeting moved."""
    if row.notice is Notice.PAGE and is_page_over(row.act):
        return PAGE_OVER
    if row.publication_id and row.publication_id not in said_of(row.incident_id or 0):
        return SAID_OTHERWISE
    if row.guest and bool(row.guest.off_at) is not row.act.startswith(TAKEN_OFF):
        return GUEST_OFF if row.guest.off_at else GUEST_BACK
    if row.notice is not Notice.REVIEW or not row.act.startswith(AFTER_ACTION) or row.incident is None:
        return ""
    review = review_of(row.incident)
    is_newest = review is None or str(review.after_action_sequence) == row.act.rpartition(":")[2]
    return "" if is_newest else MOVED


def _place(row: Delivery, path: str) -> str:
    """Where on its page it is answered; briefs have no such places."""
    return place(row.notice.value, row.act) if path.startswith("/admin/incidents/") else ""


def page_for(row: Delivery, keys: list[str]) -> str:
    """Where its person reads on: the fireground, their brief, their own Notices page; empty for nowhere."""
    if row.notice is Notice.CHANNEL:
        return OWN_PAGE
    if row.incident is None:
        return ""
    page = f"/incidents/{row.incident.id}"
    if row.brief_link:
        token = brief_token(row.brief_link, keys)
        return f"{page}/{row.brief_link.page.value}/{token}" if token else ""
    if row.user is None:
        return ""
    reader = row.user.actor
    if reader.can(Permission.INCIDENT_READ):
        return f"/admin{page}{AFTERWARDS.get(row.notice, '')}"
    which = BriefPage.EXEC if reader.can(Permission.EXEC_READ) else BriefPage.BRIEF
    return f"{page}/{which.value}"


def void(row: Delivery, now: datetime) -> str:
    """Why it does not go; empty when it goes. Looked at as late as can be: a leak must be stoppable."""
    if row.incident and row.incident.is_drill:
        return DRILL
    if why := _overtaken(row):
        return why
    if row.brief_link and not row.brief_link.is_open(now):
        return LINK_OVER
    if why := _unreachable(row):
        return why
    if row.incident and not _may_know(row, row.incident):
        return PRIVATE
    return _held_too_long(row) if row.held_until else ""


def _unreachable(row: Delivery) -> str:
    """Why there is no way to the person any more; empty when there is."""
    if row.user and not row.user.is_active:
        return NO_ACCOUNT
    is_gone = row.channel is None and row.kind is not ChannelKind.EMAIL
    is_off = is_gone or (row.channel and not row.channel.is_active)
    return CHANNEL_OFF if row.user and is_off else ""


def _may_know(row: Delivery, incident: Incident) -> bool:
    """Whether its reader may hear of the incident, which may have become private meanwhile."""
    if row.brief_link:
        return row.brief_link.is_for_private or incident.public_state is not PublicState.PRIVATE
    return row.user is None or bool(brief_audience(incident, [row.user]))


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
