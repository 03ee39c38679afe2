"""Who was added to the briefs of an incident: the parts of the field `brief_readers`, which an edit calls."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select

from majorops.db import db
from majorops.domain.access import Actor
from majorops.models import BriefReader, Incident, User
from majorops.operations.alarm import alarm_who_missed_it


def read_readers(incident: Incident) -> str:
    """The e-mail addresses of those who were added, by name, as they are edited; empty for nobody."""
    rows = select(User.email).join(BriefReader, BriefReader.user_id == User.id)
    return ", ".join(
        db.session.scalars(
            rows.where(BriefReader.incident_id == incident.id).order_by(User.name, User.id).limit(50)
        )
    )


def readers_refusal(incident: Incident, value: list[str], now: datetime) -> str:
    """Why these are no people to add: each must be the e-mail or the name of one active account."""
    for typed in value:
        found = _accounts(typed)
        if not found:
            return f"no account has the e-mail or name {typed}."
        if len(found) > 1:
            return f"{len(found)} accounts are called {typed}: give the e-mail."
    return ""


def store_readers(incident: Incident, value: list[str]) -> None:
    """Make these people, each checked before, the ones that were added; whoever stays keeps their row."""
    wanted = {user.id: user for typed in value for user in _accounts(typed)}
    rows = select(BriefReader).filter_by(incident_id=incident.id)
    known = {row.user_id: row for row in db.session.scalars(rows)}
    for user_id, row in known.items():
        if user_id not in wanted:
            db.session.delete(row)
    db.session.add_all(
        BriefReader(incident_id=incident.id, user_id=user_id) for user_id in wanted if user_id not in known
    )


def alarm_new_readers(incident: Incident, value: list[str], actor: Actor, now: datetime) -> None:
    """After an edit: whoever the incident's Box calls and could not be told before hears of it now."""
    alarm_who_missed_it(incident, actor=actor, now=now)


def _accounts(typed: str) -> list[User]:
    """At most two active accounts with this e-mail, or with this name."""
    is_it = or_(User.email == typed.lower(), func.lower(User.name) == typed.lower())
    return list(db.session.scalars(select(User).where(is_it, User.is_active.is_(True)).limit(2)))
