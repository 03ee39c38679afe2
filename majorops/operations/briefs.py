"""Operations on briefs: links that open one page of one incident, their use, and questions.

Questions are asked on the page.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, func, select, update

from majorops.db import changed_rows, db
from majorops.domain.access import Actor, Permission
from majorops.domain.briefs import (
    QUESTION_MINUTES,
    USE_COUNTS_EVERY,
    link_problems,
    question_problem,
    questions_refusal,
)
from majorops.domain.enums import AskState, BriefPage, Notice
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.domain.events import EventKind
from majorops.domain.visibility import PublicState
from majorops.models import Ask, BriefLink, Incident
from majorops.operations import operation, record
from majorops.operations.accounts import clean_email, hash_token
from majorops.operations.asks import add_ask
from majorops.operations.outbox import Words, notify_links
from majorops.operations.reader import texts, when

MOST_LINKS = 50


@operation(needs=Permission.INCIDENT_COMMAND)
def make_link(
    incident: Incident,
    *,
    page: BriefPage,
    name: str,
    hours: int | None,
    email: str = "",
    actor: Actor,
    now: datetime,
) -> str:
    """Make a link to one brief of this incident.

    `email`: where its holder is sent it, and then each milestone, what the public was told, and the
    resolution, as long as the link is open; empty for nowhere. Returns its token, which is kept nowhere.
    Raises Invalid, Conflict.
    """
    if incident.is_drill:
        raise Conflict("A drill stays inside: it has no links.")
    problems = link_problems(name, hours)
    try:
        email = clean_email(email) if email else ""
    except Invalid as problem:
        problems |= problem.errors
    if problems or hours is None:
        raise Invalid(problems)
    if sum(link.is_open(now) for link in links_of(incident.id)) >= MOST_LINKS:
        raise Conflict(f"{MOST_LINKS} links are open. Revoke one first.")
    seed = secrets.token_urlsafe(32)
    token = _token_of(seed, current_app.config["SECRET_KEY"])
    row = BriefLink(
        incident_id=incident.id,
        page=page,
        name=name,
        token_hash=hash_token(token),
        made_by=actor.name,
        made_at=now,
        expires_at=now + timedelta(hours=hours),
        email=email or None,
        seed=seed if email else None,
        is_for_private=incident.public_state is PublicState.PRIVATE,
    )
    db.session.add(row)
    db.session.flush()
    title, until = f"Link made: {row}", f"Until {row.expires_at:%Y-%m-%d %H:%M} UTC."
    if email:
        until += f" Sent to {email}, as milestones and the resolution will be."
        act = f"link:{row.id}"
        notify_links(incident, Notice.LINK, act, [row], words=_link_words(incident, row), now=now)
    record(incident, EventKind.LINK_MADE, title, detail=until, actor=actor, now=now)
    return token


def brief_token(link: BriefLink, keys: list[str]) -> str:
    """The token of a link that is mailed; empty where it cannot be known.

    `keys`: of `signing.keys_of`. Not known is a link without an address, or one that was made with a secret
    key that is none of them.
    """
    tokens = [_token_of(link.seed, key) for key in keys] if link.seed else []
    return next((token for token in tokens if hash_token(token) == link.token_hash), "")


def _token_of(seed: str, secret: str) -> str:
    made = hmac.new(secret.encode(), f"brief {seed}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _link_words(incident: Incident, link: BriefLink) -> Words:
    def words(language: str, time_zone: str) -> tuple[str, str]:
        t = texts(language)
        until = t("inside.linked", at=when(link.expires_at, t, time_zone))
        subject = t("inside.link", ref=incident.reference, title=incident.title)
        return subject, f"{incident.title}\n\n{until}"

    return words


@operation(needs=Permission.INCIDENT_COMMAND)
def revoke_link(incident: Incident, link_id: int, *, actor: Actor, now: datetime) -> None:
    """End a link at once. Raises Invalid, Conflict."""
    row = db.session.get(BriefLink, link_id, populate_existing=True)
    if row is None or row.incident_id != incident.id:
        raise Invalid({"link": "There is no such link."})
    if row.revoked_at:
        raise Conflict(f"This link was revoked at {row.revoked_at:%H:%M:%S} UTC.")
    row.revoked_at = now
    record(incident, EventKind.LINK_REVOKED, f"Link revoked: {row}", actor=actor, now=now)


@operation(needs=None)
def open_link(incident: Incident, link_id: int, *, actor: Actor, now: datetime) -> None:
    """The first use of a link, which the timeline tells."""
    if _count(link_id, now, BriefLink.last_used_at.is_(None)):
        row = db.session.get(BriefLink, link_id)
        title = f"Link opened: {row}"
        record(incident, EventKind.LINK_OPENED, title, actor=actor, now=now)


@operation(needs=None)
def count_use(link_id: int, *, actor: Actor, now: datetime) -> None:
    """A later use of a link: counted once a minute at most.

    Without an entry, and without locking the incident.
    """
    _count(link_id, now, BriefLink.last_used_at <= now - USE_COUNTS_EVERY)


def _count(link_id: int, now: datetime, condition: ColumnElement[bool]) -> bool:
    used = {"uses": BriefLink.uses + 1, "last_used_at": now}
    counted = update(BriefLink).where(BriefLink.id == link_id, condition).values(**used)
    return bool(changed_rows(counted))


@operation(needs=None)
def ask_question(incident: Incident, text: str, *, asked_from: str, actor: Actor, now: datetime) -> Ask:
    """Put a question from a brief before the MIM, to be answered within 15 minutes.

    The MIM reads who asks: an account by name and role, a link by whom it was made for. `asked_from` names
    the account or the link, which may have five open at once. Raises Forbidden, Invalid, Conflict (resolved).
    """
    if refusal := actor.refusal(Permission.BRIEF_READ):
        raise Forbidden(refusal)
    if problem := question_problem(text):
        raise Invalid({"question": problem})
    if refusal := questions_refusal(_open_questions(incident, asked_from)):
        raise Invalid({"question": refusal})
    asked = {"asked_from": asked_from, "asked_as": actor.role.label if actor.user_id else ""}
    return add_ask(incident, "MIM", text, QUESTION_MINUTES, actor=actor, now=now, **asked)


def links_of(incident_id: int) -> list[BriefLink]:
    """The newest links of an incident, revoked and expired ones too, newest first."""
    made = select(BriefLink).filter_by(incident_id=incident_id).order_by(BriefLink.id.desc())
    return list(db.session.scalars(made.limit(MOST_LINKS * 2)))


def _open_questions(incident: Incident, asked_from: str) -> int:
    mine = (Ask.incident_id == incident.id, Ask.asked_from == asked_from, Ask.state == AskState.OPEN)
    return db.session.scalar(select(func.count(Ask.id)).where(*mine)) or 0
