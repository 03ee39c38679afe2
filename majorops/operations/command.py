"""Verbs on the command team (domain §5): who holds which role, and who is released."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.errors import Invalid
from majorops.domain.vocab import CommandRole, EventType
from majorops.models import CommandAssignment, Incident, User
from majorops.operations import operation, record


def holder(incident: Incident, role: CommandRole) -> CommandAssignment | None:
    """The open assignment of a role, or None when it is vacant."""
    return db.session.scalar(
        select(CommandAssignment).filter_by(incident_id=incident.id, role=role, until=None)
    )


def seat(
    incident: Incident, role: CommandRole, name: str, *, user_id: int | None, actor: Actor, now: datetime
) -> None:
    """Give a role to `name`, or leave it vacant with an empty name; the history is kept. Part of a verb."""
    old = holder(incident, role)
    if (old.name if old else "") == name:
        return
    if old:
        old.until = now
        db.session.flush()  # the old row must be closed before the unique index sees the new one
    if name:
        db.session.add(
            CommandAssignment(incident_id=incident.id, role=role, name=name, user_id=user_id, since=now)
        )
    if name and old:
        title = f"{role.label}: {name} replaces {old.name}"
    else:
        title = f"{role.label}: {name}" if name else f"{role.label}: {old.name} released. Role vacant"
    record(
        incident,
        "command.changed",
        title,
        type=EventType.COMMAND,
        field=f"command.{role.value}",
        actor=actor,
        now=now,
    )


@operation(needs=Permission.INCIDENT_COMMAND)
def assign_role(incident: Incident, role: CommandRole, name: str, *, actor: Actor, now: datetime) -> None:
    """Give a command role to a person, by name; an account of that name is linked. An empty name leaves the role
    vacant, but for the MIM's: that one is handed over, never left (domain §5). Raises Invalid."""
    if not name and role is CommandRole.MIM:
        raise Invalid({f"command.{role.value}": "MIM is never empty: name who takes over."})
    user = db.session.scalar(select(User).filter_by(name=name, is_active=True).order_by(User.id).limit(1))
    seat(incident, role, name, user_id=user.id if user else None, actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def release_responder(incident: Incident, name: str, *, actor: Actor, now: datetime) -> None:
    """Release a responder from the bridge; a command role they hold (but MIM) becomes vacant. Raises Invalid."""
    if not name:
        raise Invalid({"name": "Name who is released."})
    record(
        incident,
        "responder.released",
        f"Released: {name}",
        type=EventType.ACTION,
        actor=actor,
        now=now,
    )
    if incident.is_resolved:
        return
    held = select(CommandAssignment).filter_by(incident_id=incident.id, name=name, until=None)
    for row in db.session.scalars(held).all():
        if row.role is not CommandRole.MIM:
            seat(incident, row.role, "", user_id=None, actor=actor, now=now)
