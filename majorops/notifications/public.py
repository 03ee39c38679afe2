"""Messages to subscribers: said once, sent to many.

They are made from projections only, so that nothing internal can be in them.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any, cast

from sqlalchemy import insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import load_only

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.announcing import DIGEST, UNLISTED
from majorops.domain.chat import chat_of
from majorops.domain.enums import DeliveryState, Notice, SubscriberState, Visibility
from majorops.domain.errors import Conflict
from majorops.domain.origin import public_origin
from majorops.domain.public_names import publication_key
from majorops.domain.text import reference
from majorops.i18n import DEFAULT, LANGUAGES, Texts
from majorops.models import Announcement, Delivery, Subscriber
from majorops.notifications import digest
from majorops.notifications.links import CONFIRM, MANAGE, link_token
from majorops.notifications.message import Message
from majorops.operations.announcements import MOVED, PLANNED, wanting, who_heard_of
from majorops.operations.subscriptions import confirm, confirms_by_link, end_followed, note_bounce
from majorops.projections import PublicStatus, public_maintenance, public_status
from majorops.projections import clients as shapes
from majorops.projections.feed import RESOLVED, FeedIncident, feed_incidents, newest_change
from majorops.projections.maintenance import PublicMaintenance
from majorops.projections.systems import public_of
from majorops.signing import keys_of

BATCH = 500
OFF = "Not sent: it is not public any more."
BACK = "Not sent: it is on the public page again."
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
        text = _still_told(row) or render_announcement(row, settings, now)
        row.text = json.dumps(text, ensure_ascii=False)
        rule = _rule(row, text) if text else None
    except SQLAlchemyError:
        raise
    except Exception as error:
        raise Unreadable(row.id) from error
    if text is None or rule is None:
        row.done_at = now
        return
    wanted = select(Subscriber).where(*rule).options(load_only(*SEEN))
    people = db.session.scalars(
        wanted.where(Subscriber.id > row.cursor).order_by(Subscriber.id).limit(BATCH)
    ).all()
    told = digest.those_concerned(people, text) if is_digest(row) else people
    if told:
        db.session.execute(insert(Delivery), [_row(row, person, now) for person in told])
    if people:
        row.cursor, row.reached = people[-1].id, row.reached + len(told)
    if len(people) < BATCH:
        row.done_at = now


SEEN = (Subscriber.kind, Subscriber.address, Subscriber.wants_all, Subscriber.digest_since)


def is_digest(row: Announcement) -> bool:
    """It tells of what was announced before, to those who chose that."""
    return row.act.startswith(f"{DIGEST}:")


def _still_told(row: Announcement) -> dict | None:
    """What was written when it was announced, as long as that may be said.

    None once something of it was withdrawn (`say_anew`), or a system that it names is not public any more.
    """
    text = json.loads(row.text or "null")
    if text is None:
        return None
    names = {name for item in text.get("items", ()) for name in item["systems"]}  # of a digest
    names.update(text.get("names", text.get("systems", ())))  # the previous version wrote no `names`
    return text if public_of(names) == names else None


def _concerns(row: Announcement, text: dict, person: Subscriber) -> bool:
    """Whether it is for this subscriber still: not where they chose nothing of it but a hidden system."""
    wanted = select(Subscriber.id).where(Subscriber.id == person.id, *_rule(row, text))
    return db.session.scalar(wanted) is not None


def _is_unlisted(row: Announcement) -> bool:
    """It says that an incident left the public page, and nothing else of it."""
    return row.act.startswith(f"{UNLISTED}:")


def _rule(row: Announcement, text: dict) -> tuple:
    """Whom it is for, in SQL; of a digest there are fewer (`digest.those_concerned`)."""
    if is_digest(row):
        return digest.subscribers_of(row)
    if _is_unlisted(row):
        return who_heard_of(cast(int, row.incident_id))
    is_moved = row.act.startswith(f"{MOVED}:")
    return wanting(text["systems"], row.incident_id, row.maintenance_id if is_moved else None)


def _row(announcement: Announcement, person: Subscriber, now: datetime) -> dict:
    number = person.id
    return {
        "key": sha256(f"{announcement.act} {number}".encode()).hexdigest(),
        "notice": Notice.PUBLIC,
        "act": announcement.act,
        "recipient": f"Subscriber {number}",
        "subscriber_id": number,
        "announcement_id": announcement.id,
        "kind": person.kind,
        "address": person.address,
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
    if is_digest(row):
        return digest.gathered(row)
    base = public_origin(settings)
    shown = public_status(now)
    page = _page(shown)
    systems = shapes.components(shown.systems, newest_change())
    if row.maintenance_id:
        one = public_maintenance(row.maintenance_id)
        if one is None:
            return None
        mails = {language: render_maintenance(one, t, base, row.act) for language, t in LANGUAGES.items()}
        shape = shapes.webhook_maintenance(one, base, systems)
        return {"systems": one.systems, "names": one.systems, "page": page, "incident": shape, **mails}
    if _is_unlisted(row):
        return _unlisted(row, page, base)
    found = next(iter(feed_incidents(number=row.incident_id)), None)
    if found is None or (row.publication_id and _update(found, row) is None):
        return None
    mails = {language: _incident(found, row, t, base) for language, t in LANGUAGES.items()}
    shape = shapes.webhook_incident(found, base, systems)
    turned = {one.name for said in found.updates for one in said.turned}
    names = sorted(turned | set(found.statuses))
    said = {"systems": list(found.statuses), "names": names, "page": page, "incident": shape}
    return said | mails | {"ends": _ends(found, row)}


def _unlisted(row: Announcement, page: dict[str, str], base: str) -> dict[str, Any]:
    """That an incident is no longer shown, by its number: nothing of it, and nothing of what it went into."""
    number = cast(int, row.incident_id)
    given = {"ref": reference(number)}
    mails = {
        language: {
            "subject": t("mail.unlisted", **given),
            "body": t("mail.unlisted_body", **given),
            "link": f"{base}{_prefix(t)}/",
        }
        for language, t in LANGUAGES.items()
    }
    words = mails[DEFAULT]
    shape = shapes.webhook_unlisted(number, words["subject"], words["body"], row.at, base)
    return {"systems": [], "page": page, "incident": shape, **mails}


def _ends(one: FeedIncident, row: Announcement) -> int | None:
    """The number of the incident whose last message this is; else None."""
    is_last = row.act.startswith("resolved:")
    return one.number if is_last and one.resolved_at else None


def _page(shown: PublicStatus) -> dict[str, str]:
    """The whole in one word and its sentence, as webhooks carry it."""
    indicator, words = shown.headline
    return {"id": shapes.PAGE_ID, "status_indicator": indicator.value, "status_description": words}


def _update(one: FeedIncident, row: Announcement):
    said = row.publication
    key = publication_key(said.public_key, said.id) if said else ""
    return next((update for update in one.updates if update.key == key), None)


def _incident(one: FeedIncident, row: Announcement, t: Texts, base: str) -> dict[str, str]:
    severity, update = t(f"severity.{one.severity.value}"), _update(one, row)
    given = {"ref": one.reference, "title": one.title, "severity": severity}
    parts = [one.title]
    if update:
        is_correction = update.title == "Correction"
        heading = t("mail.correction") if is_correction else t.posted(update.title)
        subject = t("mail.said", heading=heading, **given)
        parts.append(t.own("said", update.body))
        if update.late_by is not None:
            parts.append(t("incident.late_by", time=t.duration(update.late_by, after=True)))
    else:
        what, _, number = row.act.partition(":")
        subject = t(f"mail.{what}", duplicate=reference(int(number)), **given)
        parts += _ended(one, row, t)
    systems = t("mail.systems", names=", ".join(one.statuses)) if one.statuses else ""
    parts.append(f"{severity}. {systems}".strip())
    if one.next_update_eta and not one.resolved_at:
        parts.append(t("mail.next", at=t.at(one.next_update_eta)))
    link = f"{base}{_prefix(t)}/incidents/{one.number}"
    return {"subject": subject, "body": "\n\n".join(parts), "link": link}


def _ended(one: FeedIncident, row: Announcement, t: Texts) -> list[str]:
    """When it was resolved, and what was said of it; nothing for an announcement of something else."""
    if not one.resolved_at or not row.act.startswith("resolved:"):
        return []
    said = next((update.body for update in one.updates if update.title == RESOLVED), "")
    is_said = said not in ("", "Resolved.")
    return [t("mail.ended", at=t.at(one.resolved_at)), *([t.own("said", said)] if is_said else [])]


def render_maintenance(one: PublicMaintenance, t: Texts, base: str, act: str = "") -> dict[str, str]:
    """`subject`, `body` and `link` of a mail on maintenance, in one language: what `act` said, or its plan.

    `base`: where people reach the public pages.
    """
    kind, _, number = act.partition(":")
    said = next((update for update in one.updates if str(update.id) == number), None)
    said = None if kind == PLANNED else said or next(iter(one.updates), None)
    status = t("mail.moved") if kind == MOVED else t(f"works.{(said or one).status.value}")
    subject = t("mail.works", status=status, title=one.title)
    text = t.said_of_works(said.body) if said else one.body
    parts = [one.title, text, t("mail.when", start=t.at(one.starts_at), end=t.at(one.ends_at))]
    if one.systems:
        parts.append(t("mail.systems", names=", ".join(one.systems)))
    link = f"{base}{_prefix(t)}/maintenance/{one.number}"
    return {"subject": subject, "body": "\n\n".join(filter(None, parts)), "link": link}


def _prefix(t: Texts) -> str:
    return "" if t.language == DEFAULT else f"/{t.language}"


def message(row: Delivery, settings: dict[str, object], now: datetime) -> Message:
    """One message to one subscriber, ready to be sent; `void` says why it must not."""
    person = cast(Subscriber, row.subscriber)
    base = public_origin(settings)
    t = LANGUAGES.get(person.language, LANGUAGES[DEFAULT])
    at = f"{base}{_prefix(t)}/subscribe"
    leave = f"{at}/{MANAGE}/{link_token(keys_of(settings), MANAGE, person)}"
    given: dict[str, Any] = {
        "id": row.id,
        "key": row.key,
        "kind": row.kind,
        "address": row.address,
        "secret": person.secret or "",
        "notice": row.notice.value,
        "incident": None,
        "waited": now - row.next_at,
        "subscriber": person.id,
        "language": t.language,
        "foot_link": leave,
        "foot_label": t("mail.change"),
        "headers": (
            ("List-Unsubscribe", f"<{leave}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ),
    }
    org = str(settings["ORG_NAME"])
    if row.announcement is None:
        return _confirmation(row, person, t, at, settings, now, given)
    given["foot"] = t("mail.why", org=org)
    made = _still_told(row.announcement)
    text = made or render_announcement(row.announcement, settings, now)
    if text is None or (not made and not _concerns(row.announcement, text, person)):
        return Message(**given, subject="", body="", link="", void=OFF)
    if is_digest(row.announcement):
        void = GONE if person.state is not SubscriberState.ACTIVE else ""
        return digest.message(text, person, t, org, f"{base}{_prefix(t)}", given | {"void": void})
    mail = text[t.language]
    ends = text.get("ends") if text.get("ends") in person.incident_numbers else None
    meta = {"unsubscribe": leave, "documentation": f"{base}/api/v2/summary.json"}
    return Message(
        **given,
        subject=mail["subject"],
        body="\n\n".join(filter(None, (mail["body"], ends and t("mail.ends", ref=reference(ends))))),
        link=mail.get("link", ""),  # a text that the previous version made has it in its body
        link_label=t("mail.open"),
        ends=ends,
        void=_void(row.announcement, person),
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
    """The message that asks whoever reads it to confirm: the subscription, or to follow one incident.

    Who is active and asked for nothing more is told that it is so, with the link to change it.
    """
    org = str(settings["ORG_NAME"])
    nonce, incident = asked_for(row.act)
    is_known = person.state is SubscriberState.ACTIVE and incident is None
    void = GONE if nonce != person.nonce or person.state in ENDED or (is_known and _is_hook(person)) else ""
    link = f"{at}/{CONFIRM}/{link_token(keys_of(settings), CONFIRM, person, incident)}"
    where = "channel" if chat_of(person.address) else "address"
    about = (
        t("mail.confirm_incident", ref=reference(incident)) if incident else t("mail.confirm_all", org=org)
    )
    meta = {"unsubscribe": given["foot_link"], "documentation": ""}
    shown = Message(
        **given,
        subject=t("mail.confirm_subject", org=org),
        body=f"{t(f'mail.confirm_{where}', what=about)}\n\n{t('mail.confirm_body')}",
        link=link,
        link_label=t("subscribe.confirm"),
        void=void,
        payload={
            "meta": meta,
            "page": _page(public_status(now)),
        },
    )
    if is_known:
        return replace(
            shown,
            subject=t("mail.known_subject", org=org),
            body=t("mail.known_body", org=org),
            link=given["foot_link"],
            link_label=t("mail.change"),
            foot_link="",
        )
    return replace(shown, headers=(), foot_link="")


ENDED = (SubscriberState.LEFT, SubscriberState.BOUNCED)


def _is_hook(person: Subscriber) -> bool:
    return not confirms_by_link(person)


def asked_for(act: str) -> tuple[str, int | None]:
    """Nonce and incident of a confirmation's act (`confirm:<subscriber>:<nonce>[:<incident>]`)."""
    _, _, nonce, *incident = act.split(":")
    return nonce, int(incident[0]) if incident else None


def _void(about: Announcement, person: Subscriber) -> str:
    """Why it does not go: looked at as late as can be, since a leak must be stoppable."""
    if person.state is not SubscriberState.ACTIVE:
        return GONE
    if _is_unlisted(about):  # undone meanwhile
        return BACK if about.incident and about.incident.is_shown else ""
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


def settle(message: Message, act: str, state: DeliveryState, is_final: bool, now: datetime) -> None:
    """A webhook that answered is confirmed; an address that does not take our messages bounces.

    With the last message of an incident its subscription ends, whatever became of that message.
    """
    person = db.session.get(Subscriber, message.subscriber)
    if person is None:  # forgotten meanwhile
        return
    if state is DeliveryState.FAILED:
        note_bounce(person, is_final, actor=SYSTEM, now=now)
    elif state is DeliveryState.SENT and act.startswith(CONFIRM) and _is_hook(person):
        with suppress(Conflict):  # the incident was resolved meanwhile: there is nothing to follow
            confirm(person, incident=asked_for(act)[1], actor=SYSTEM, now=now)
    if message.ends is not None and state is not DeliveryState.PENDING:
        end_followed(person, message.ends, actor=SYSTEM, now=now)
