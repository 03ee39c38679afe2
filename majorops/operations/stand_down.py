"""The last operation of an incident: everybody who still stands by is released, and told.

Domain §4, phase 8; guide, "Phase 8 — Resolution".
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import CommandRole, Notice
from majorops.domain.errors import Conflict
from majorops.domain.events import EventKind
from majorops.domain.measures import total_duration
from majorops.domain.notices import outcome
from majorops.domain.roles import stand_down_refusal
from majorops.models import CommandAssignment, Delivery, Incident, TimelineEvent, User
from majorops.operations import operation, record
from majorops.operations.outbox import Words, notify
from majorops.operations.reader import texts, when


@operation(needs=Permission.INCIDENT_COMMAND)
def stand_down(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """Release everybody who holds a role at a resolved incident, and tell whom this incident called.

    One entry names them. Raises Conflict where it is not resolved, or stood down already.
    """
    if refusal := why_not_stand_down(incident):
        raise Conflict(refusal)
    rows = select(CommandAssignment).filter_by(incident_id=incident.id, until=None)
    held = {row.role: row for row in db.session.scalars(rows)}
    for row in held.values():
        row.until = now
    incident.stood_down_at = now
    people = _called(incident, [row.user_id for row in held.values() if row.user_id])
    told = notify(
        incident,
        Notice.STAND_DOWN,
        f"stand_down:{incident.id}",
        [user for user in people if user.id != actor.user_id],
        words=_words(incident, now),
        now=now,
    )
    roles = [(role.label, held[role].name) for role in CommandRole if role in held]
    names = ", ".join(dict.fromkeys(name for _, name in roles)) or "nobody held a role"
    untold = _untold(incident, {user.name for user in people if user.id in told} | {actor.name})
    lines = [*(f"{label}: {name}" for label, name in roles), outcome(told.values()).words or "nobody to tell"]
    detail = "\n".join([*lines, *([f"No message to {', '.join(untold)}"] if untold else [])])
    title = f"Stood down: {names}"
    record(incident, EventKind.RESPONSE_STOOD_DOWN, title, detail=detail, actor=actor, now=now)


def _words(incident: Incident, now: datetime) -> Words:
    lasted = total_duration(incident.opened_at, incident.resolved_at, now)

    def words(language: str, time_zone: str) -> tuple[str, str]:
        t = texts(language)
        ended = when(incident.resolved_at or now, t, time_zone)
        lines = [
            incident.title,
            t("inside.resolved", at=ended, time=t.duration(lasted, after=True)),
            t("inside.released"),
        ]
        return t("inside.stand_down", ref=incident.reference, title=incident.title), "\n".join(lines)

    return words


def _untold(incident: Incident, told: set[str]) -> list[str]:
    """Who held a role at this incident, now or earlier, and gets no message: each with why."""
    rows = db.session.scalars(
        select(CommandAssignment).filter_by(incident_id=incident.id).order_by(CommandAssignment.id)
    )
    last = {row.name: row for row in rows}
    ends = incident.stood_down_at

    def why(row: CommandAssignment) -> str:
        if not row.user_id:
            return "no account"
        return "held no role any more" if row.until and ends and row.until < ends else "messages off"

    return [f"{name} ({why(row)})" for name, row in last.items() if name not in told]


def why_not_stand_down(incident: Incident) -> str:
    """Why there is nothing to stand down; empty at a resolved incident that was not yet."""
    at = incident.stood_down_at
    by = select(TimelineEvent.actor_name).filter_by(
        incident_id=incident.id, kind=EventKind.RESPONSE_STOOD_DOWN
    )
    return stand_down_refusal(
        incident.reference, incident.is_resolved, at, (at and db.session.scalar(by.limit(1))) or ""
    )


def _called(incident: Incident, holders: list[int]) -> list[User]:
    """Active accounts that an alarm or a role of this incident reached, and those that hold a role."""
    reached = select(Delivery.user_id).where(
        Delivery.incident_id == incident.id, Delivery.notice.in_([Notice.ALARM, Notice.ROLE])
    )
    rows = select(User).where(User.id.in_(reached) | User.id.in_(holders), User.is_active.is_(True))
    return list(db.session.scalars(rows.order_by(User.name, User.id)))
