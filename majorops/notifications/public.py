"""Messages to subscribers: said once, sent to many.

They are made from projections only, so that nothing internal can be in them.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import Any, cast

from sqlalchemy import insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import ChannelKind, DeliveryState, Notice, SubscriberState, Visibility
from majorops.domain.origin import public_origin
from majorops.domain.text import reference
from majorops.i18n import DEFAULT, LANGUAGES, Texts
from majorops.models import Announcement, Delivery, Subscriber
from majorops.notifications.links import CONFIRM, MANAGE, link_token
from majorops.notifications.message import Message
from majorops.operations.announcements import wanting
from majorops.operations.subscriptions import confirm, note_bounce
from majorops.projections import clients as shapes
from majorops.projections import public_maintenance, public_status
from majorops.projections.feed import RESOLVED, FeedIncident, feed_incidents

BATCH = 500
OFF = "Not sent: it is not public any more."
GONE = "Not sent: unsubscribed, or confirmed meanwhile."


class Unreadable(Exception):
    """The announcement with this number cannot be understood."""

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


def has_work(but_not: Collection[int] = ()) -> bool:
    """Something was announced and not every subscriber has a message of it."""
    waiting = select(Announcement.id).where(Announcement.done_at.is_(None), Announcement.id.not_in(but_not))
    return db.session.scalar(waiting.limit(1)) is not None


def fan_out(settings: dict[str, object], now: datetime, but_not: Collection[int] = ()) -> None:
    """Make up to BATCH messages of the oldest announcement that is not in `but_not`; the caller commits.

    Two workers take turns. Raises Unreadable.
    """
    waiting = select(Announcement).where(Announcement.done_at.is_(None), Announcement.id.not_in(but_not))
    row = db.session.scalar(waiting.order_by(Announcement.id).limit(1).with_for_update(skip_locked=True))
    if row is None:
        return
    try:
        row.text = row.text or json.dumps(render_announcement(row, settings, now), ensure_ascii=False)
        text = json.loads(row.text)
        systems = text["systems"] if text else []
    except SQLAlchemyError:
        raise
    except Exception as error:
        raise Unreadable(row.id) from error
    if text is None:
        row.done_at = now
        return
    wanted = select(Subscriber.id, Subscriber.kind, Subscriber.address).where(*wanting(systems))
    people = db.session.execute(
        wanted.where(Subscriber.id > row.cursor).order_by(Subscriber.id).limit(BATCH)
    ).all()
    if people:
        db.session.execute(insert(Delivery), [_row(row, *person, now) for person in people])
        row.cursor, row.reached = people[-1].id, row.reached + len(people)
    if len(people) < BATCH:
        row.done_at = now


def _row(announcement: Announcement, number: int, kind: ChannelKind, address: str, now: datetime) -> dict:
    return {
        "key": sha256(f"{announcement.act} {number}".encode()).hexdigest(),
        "notice": Notice.PUBLIC,
        "act": announcement.act,
        "recipient": f"Subscriber {number}",
        "subscriber_id": number,
        "announcement_id": announcement.id,
        "kind": kind,
        "address": address,
        "subject": "",
        "body": "",
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "last_error": "",
        "next_at": announcement.at,
        "created_at": now,
    }


def render_announcement(row: Announcement, settings: dict[str, object], now: datetime) -> dict | None:
    """What an announcement says: a mail in every language, and what webhooks get.

    None for what is not public any more.
    """
    base = public_origin(settings)
    page = _page(now)
    if row.maintenance_id:
        one = public_maintenance(row.maintenance_id)
        if one is None:
            return None
        mails = {language: render_maintenance(one, t, base) for language, t in LANGUAGES.items()}
        shape = shapes.webhook_maintenance(one, base)
        return {"systems": one.systems, "page": page, "incident": shape, **mails}
    found = next(iter(feed_incidents(number=row.incident_id)), None)
    if found is None or (row.publication_id and _update(found, row) is None):
        return None
    mails = {language: _incident(found, row, t, base) for language, t in LANGUAGES.items()}
    shape = shapes.webhook_incident(found, base)
    return {"systems": list(found.statuses), "page": page, "incident": shape, **mails}


def _page(now: datetime) -> dict[str, str]:
    """The whole in one word and its sentence, as webhooks carry it."""
    indicator, words = public_status(now).headline
    return {"id": shapes.PAGE_ID, "status_indicator": indicator.value, "status_description": words}


def _update(one: FeedIncident, row: Announcement):
    return next((update for update in one.updates if update.key == f"p{row.publication_id}"), None)


def _incident(one: FeedIncident, row: Announcement, t: Texts, base: str) -> dict[str, str]:
    severity, update = t(f"severity.{one.severity.value}"), _update(one, row)
    given = {"ref": one.reference, "title": one.title, "severity": severity}
    parts = [one.title]
    if update:
        is_correction = update.title == "Correction"
        heading = t("mail.correction") if is_correction else t.posted(update.title)
        subject = t("mail.said", heading=heading, **given)
        parts.append(update.body)
        if update.late_by is not None:
            parts.append(t("incident.late_by", time=t.duration(update.late_by)))
    else:
        what, _, number = row.act.partition(":")
        subject = t(f"mail.{what}", duplicate=reference(int(number)), **given)
        parts += _ended(one, row, t)
    parts.append(f"{severity}. " + t("mail.systems", names=", ".join(one.statuses)))
    if one.next_update_eta and not one.resolved_at:
        parts.append(t("mail.next", at=t.at(one.next_update_eta)))
    parts.append(f"{base}{_prefix(t)}/incidents/{one.number}")
    return {"subject": subject, "body": "\n\n".join(parts)}


def _ended(one: FeedIncident, row: Announcement, t: Texts) -> list[str]:
    """When it was resolved, and what was said of it; nothing for an announcement of something else."""
    if not one.resolved_at or not row.act.startswith("resolved:"):
        return []
    said = next((update.body for update in one.updates if update.title == RESOLVED), "")
    is_said = said not in ("", "Resolved.")
    return [t("mail.ended", at=t.at(one.resolved_at)), *([said] if is_said else [])]


def render_maintenance(one, t: Texts, base: str) -> dict[str, str]:
    """`subject` and `body` of a mail on maintenance, in one language: its newest update, or else its plan.

    `one`: the maintenance's projection; `base`: where people reach the public pages.
    """
    subject = t("mail.works", status=t(f"works.{one.status.value}"), title=one.title)
    newest = one.updates[0].body if one.updates else one.body
    parts = [one.title, newest, t("mail.when", start=t.at(one.starts_at), end=t.at(one.ends_at))]
    if one.systems:
        parts.append(t("mail.systems", names=", ".join(one.systems)))
    parts.append(f"{base}{_prefix(t)}/maintenance/{one.number}")
    return {"subject": subject, "body": "\n\n".join(filter(None, parts))}


def _prefix(t: Texts) -> str:
    return "" if t.language == DEFAULT else f"/{t.language}"


def message(row: Delivery, settings: dict[str, object], now: datetime) -> Message:
    """One message to one subscriber, ready to be sent; `void` says why it must not."""
    person = cast(Subscriber, row.subscriber)
    base, secret = public_origin(settings), str(settings["SECRET_KEY"])
    t = LANGUAGES.get(person.language, LANGUAGES[DEFAULT])
    at = f"{base}{_prefix(t)}/subscribe"
    given: dict[str, Any] = {
        "id": row.id,
        "key": row.key,
        "kind": row.kind,
        "address": row.address,
        "secret": person.secret or "",
        "notice": row.notice.value,
        "incident": None,
        "link": "",
        "waited": now - row.next_at,
        "subscriber": person.id,
    }
    if row.announcement is None:
        return _confirmation(row, person, t, at, settings, now, given)
    leave = f"{at}/{MANAGE}/{link_token(secret, MANAGE, person)}"
    text = json.loads(row.announcement.text)
    mail = text[t.language]
    meta = {"unsubscribe": leave, "documentation": f"{base}/api/v2/summary.json"}
    return Message(
        **given,
        subject=mail["subject"],
        body=f"{mail['body']}\n\n{t('mail.foot', link=leave)}",
        void=_void(row.announcement, person),
        headers=(
            ("List-Unsubscribe", f"<{leave}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ),
        payload={"meta": meta, "page": text["page"], "incident": text["incident"]},
    )


def _confirmation(
    row: Delivery,
    person: Subscriber,
    t: Texts,
    at: str,
    settings: dict[str, object],
    now: datetime,
    given: dict,
) -> Message:
    secret, org = str(settings["SECRET_KEY"]), str(settings["ORG_NAME"])
    link = f"{at}/{CONFIRM}/{link_token(secret, CONFIRM, person)}"
    is_void = person.state is not SubscriberState.WAITING or not row.act.endswith(person.nonce)
    meta = {"unsubscribe": f"{at}/{MANAGE}/{link_token(secret, MANAGE, person)}", "documentation": ""}
    return Message(
        **given,
        subject=t("mail.confirm_subject", org=org),
        body=t("mail.confirm_body", org=org, link=link),
        void=GONE if is_void else "",
        payload={
            "meta": meta,
            "page": _page(now),
        },
    )


def _void(about: Announcement, person: Subscriber) -> str:
    """Why it does not go: looked at as late as can be, since a leak must be stoppable."""
    if person.state is not SubscriberState.ACTIVE:
        return GONE
    publication = about.publication
    if publication and (publication.withdrawn_at or publication.visibility is not Visibility.PUBLIC):
        return OFF
    is_hidden = (about.incident and not about.incident.is_shown) or (
        about.maintenance and not about.maintenance.is_public
    )
    return OFF if is_hidden else ""


def count_failures(row: Delivery) -> None:
    """Keep what became of a message on the announcement and the subscriber; the caller commits."""
    if row.state is DeliveryState.SENT:
        cast(Subscriber, row.subscriber).failures = 0
    if row.state is DeliveryState.FAILED and row.announcement_id:
        same = update(Announcement).where(Announcement.id == row.announcement_id)
        db.session.execute(same.values(failed=Announcement.failed + 1))


def settle(number: int, act: str, state: DeliveryState, is_final: bool, now: datetime) -> None:
    """A webhook that answered is confirmed; an address that does not take our messages bounces."""
    person = db.session.get(Subscriber, number)
    if person is None:  # forgotten meanwhile
        return
    if state is DeliveryState.FAILED:
        note_bounce(person, is_final, actor=SYSTEM, now=now)
    elif state is DeliveryState.SENT and act.startswith(CONFIRM) and person.kind is ChannelKind.WEBHOOK:
        confirm(person, actor=SYSTEM, now=now)
