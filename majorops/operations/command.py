"""Operations on the command team (domain §5): who takes command, who holds which role, who is released."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import CommandRole, Phase
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.domain.events import EventKind
from majorops.domain.roles import release_refusal, take_refusal
from majorops.models import CommandAssignment, Incident, User
from majorops.operations import operation, record
from majorops.operations.handover_expiry import lapse_handover


def holder(incident: Incident, role: CommandRole) -> CommandAssignment | None:
    """The open assignment of a role, or None when it is vacant."""
    return db.session.scalar(
        select(CommandAssignment).filter_by(incident_id=incident.id, role=role, until=None)
    )


def assign(
    incident: Incident,
    role: CommandRole,
    name: str,
    *,
    user_id: int | None,
    actor: Actor,
    now: datetime,
    title: str = "",
    detail: str = "",
) -> None:
    """Give a role to `name`, or leave it vacant with an empty name; the history is kept.

    Part of an operation.
    """
    old = holder(incident, role)
    if role is CommandRole.MIM:
        lapse_handover(incident, f"MIM was set to {name}", actor=actor, now=now)
    if old:
        old.until = now
        db.session.flush()  # the old row must be closed before the unique index sees the new one
    if name:
        db.session.add(
            CommandAssignment(incident_id=incident.id, role=role, name=name, user_id=user_id, since=now)
        )
    if title:
        pass
    elif name:
        title = f"{role.label}: {name}{f' replaces {old.name}' if old else ''}"
    else:
        vacant = "" if incident.phase is Phase.RESOLUTION else ". Role vacant"
        title = f"{role.label}: {old.name if old else 'nobody'} released{vacant}"
    record(
        incident,
        EventKind.COMMAND_CHANGED,
        title,
        detail=detail,
        field=f"command.{role.value}",
        actor=actor,
        now=now,
    )


@operation(needs=Permission.INCIDENT_COMMAND)
def take_command(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """ "I have command": who presses takes the vacant role of MIM.

    Of two at once one has it, the other reads who. Raises Conflict, Forbidden.
    """
    if not actor.is_person:
        raise Forbidden("A person takes command.")
    mim = holder(incident, CommandRole.MIM)
    if mim and (refusal := take_refusal(mim.name, mim.since, actor.name)):
        raise Conflict(refusal, by=mim.name, at=mim.since)
    title = f"{actor.name} has command"
    assign(incident, CommandRole.MIM, actor.name, user_id=actor.user_id, title=title, actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def assign_role(incident: Incident, role: CommandRole, name: str, *, actor: Actor, now: datetime) -> None:
    """Give a command role to a person, by name; an account of that name is linked.

    An empty name leaves the role vacant, but for the MIM's: that one is handed over, never left (domain §5).
    A MIM who is named here did not accept, and the entry says so; an open hand-over lapses. Raises Invalid.
    """
    if not name and role is CommandRole.MIM:
        raise Invalid({f"command.{role.value}": "MIM is never empty: name who takes over."})
    user = db.session.scalar(select(User).filter_by(name=name, is_active=True).order_by(User.id).limit(1))
    held, detail = holder(incident, role), ""
    if (held.name if held else "") == name:
        return
    if role is CommandRole.MIM and held:
        detail = f"Set by hand, without a hand-over{'' if user else f': {name} has no account'}."
    assign(incident, role, name, user_id=user.id if user else None, actor=actor, now=now, detail=detail)


@operation(needs=Permission.INCIDENT_COMMAND)
def release_responder(incident: Incident, name: str, *, actor: Actor, now: datetime) -> None:
    """Release a responder from the bridge; a command role they hold (but MIM) becomes vacant.

    At a resolved incident roles stay as they are. Raises Invalid, and Conflict after everybody stood down.
    """
    if refusal := release_refusal(incident.stood_down_at):
        raise Conflict(refusal)
    if not name:
        raise Invalid({"name": "Name who is released."})
    record(
        incident,
        EventKind.RESPONDER_RELEASED,
        f"Released: {name}",
        actor=actor,
        now=now,
    )
    if incident.is_resolved:
        return
    held = select(CommandAssignment).filter_by(incident_id=incident.id, name=name, until=None)
    for row in db.session.scalars(held).all():
        if row.role is not CommandRole.MIM:
            assign(incident, row.role, "", user_id=None, actor=actor, now=now)
