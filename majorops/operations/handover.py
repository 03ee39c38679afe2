"""Operations on the hand-over of command (domain §5).

Offered, then accepted, declined or withdrawn, each with both names.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.coach import CoachInputs
from majorops.domain.enums import CommandRole, HandoverState, Notice
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.domain.events import EventKind
from majorops.domain.handover import (
    Line,
    Picture,
    answer_refusal,
    brief,
    closed_sentence,
    offer_refusal,
    receiver_refusal,
    withdraw_refusal,
)
from majorops.models import CanReport, CommandAssignment, Handover, Incident, Milestone, User
from majorops.operations import demand_open, operation, record
from majorops.operations.coach_inputs import coach_inputs
from majorops.operations.command import assign, holder
from majorops.operations.fields import read_customer_count
from majorops.operations.handover_expiry import open_handover
from majorops.operations.outbox import notify

NEEDS_READ = 20


def command_brief(incident: Incident, now: datetime) -> tuple[Line, ...]:
    """The six lines of `domain/handover.py`, from the record as it is now. Costs nine queries."""
    seen = coach_inputs(incident)
    return brief(_picture(incident, seen), seen, now)


def _picture(incident: Incident, seen: CoachInputs) -> Picture:
    rows = select(CommandAssignment).filter_by(incident_id=incident.id, until=None)
    names = {row.role: row.name for row in db.session.scalars(rows)}
    newest = select(func.max(CanReport.id)).filter_by(incident_id=incident.id).group_by(CanReport.team)
    needs = select(CanReport.team, CanReport.needs).where(
        CanReport.id.in_(newest),
        CanReport.needs != "",
        CanReport.needs_met_at.is_(None),
        CanReport.ended_at.is_(None),
    )
    milestone = db.session.execute(
        select(Milestone.number, Milestone.at)
        .filter_by(incident_id=incident.id)
        .order_by(Milestone.number.desc())
        .limit(1)
    ).first()
    newest_first = needs.order_by(CanReport.id.desc())
    customers = read_customer_count(incident)
    return Picture(
        reference=incident.reference,
        title=incident.title,
        opened_at=incident.opened_at,
        systems=tuple(incident.system_names),
        customers=customers or "not counted",
        external=incident.external_impact.label,
        milestone=(milestone.number, milestone.at) if milestone else None,
        needs=tuple((team, need) for team, need in db.session.execute(newest_first.limit(NEEDS_READ))),
        held=tuple((role, names[role]) for role in CommandRole if role in names),
    )


@operation(needs=Permission.INCIDENT_COMMAND)
def offer_handover(incident: Incident, user_id: int | None, *, actor: Actor, now: datetime) -> Handover:
    """Offer command to an account; it is told, and command stays where it is until it accepts.

    The same offer a second time is the one that is open. Raises Invalid, Conflict, Forbidden.
    """
    mim = holder(incident, CommandRole.MIM)
    refusal = offer_refusal(mim.name if mim else "", mim.user_id if mim else None, actor)
    if mim is None:
        raise Conflict(refusal)
    if refusal:
        raise Forbidden(refusal)
    if known := open_handover(incident):
        if known.user_id == user_id:
            return known
        raise Conflict(f"Command is offered to {known.to_name} already. Withdraw that first.")
    # Locked: the account may be switched off at this moment.
    user = db.session.get(User, user_id, with_for_update=True, populate_existing=True) if user_id else None
    if user is None:
        raise Invalid({"to": "Choose who takes over."})
    if refusal := receiver_refusal(user.name, user.role, user.is_active):
        raise Invalid({"to": refusal})
    if user.id == mim.user_id:
        raise Invalid({"to": f"{user.name} has command already."})
    text = _as_text(command_brief(incident, now))
    handover = Handover(
        incident_id=incident.id,
        from_name=mim.name,
        from_id=mim.user_id,
        to_name=user.name,
        user_id=user.id,
        brief=text,
        offered_at=now,
    )
    db.session.add(handover)
    db.session.flush()
    _record(incident, EventKind.HANDOVER_OFFERED, f"{handover}, offered", text, actor=actor, now=now)
    subject = f"{incident.reference} Command is offered to you by {mim.name}"
    body = (
        f"{mim.name} offers you command of {incident.reference}. Accept or decline on the fireground.\n\n"
        f"{text}"
    )
    act = f"handover:{handover.id}"
    notify(incident, Notice.HANDOVER, act, [user], subject=subject, body=body, now=now)
    return handover


@operation(needs=Permission.INCIDENT_COMMAND)
def accept_handover(incident: Incident, handover_id: int, *, actor: Actor, now: datetime) -> None:
    """The one it was offered to takes the MIM role; the brief as of now is kept.

    Raises Forbidden (anybody else), Conflict (it is closed, with the reason), Invalid.
    """
    handover = _answered(incident, handover_id, actor)
    handover.brief = _as_text(command_brief(incident, now))
    _close(handover, HandoverState.ACCEPTED, now)
    title = f"Command: {handover.from_name} › {actor.name}, accepted"
    assign(
        incident,
        CommandRole.MIM,
        actor.name,
        user_id=actor.user_id,
        title=title,
        detail=handover.brief,
        actor=actor,
        now=now,
    )


@operation(needs=Permission.INCIDENT_COMMAND)
def decline_handover(incident: Incident, handover_id: int, *, actor: Actor, now: datetime) -> None:
    """The one it was offered to does not take it; command stays where it is. Raises as `accept_handover`."""
    handover = _answered(incident, handover_id, actor)
    _close(handover, HandoverState.DECLINED, now)
    title = f"{handover}, declined. {handover.from_name} keeps command"
    _record(incident, EventKind.HANDOVER_DECLINED, title, actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def withdraw_handover(incident: Incident, handover_id: int, *, actor: Actor, now: datetime) -> None:
    """The outgoing MIM, or an admin, takes the offer back. Raises Forbidden, Conflict, Invalid."""
    handover = _open_one(incident, handover_id)
    if refusal := withdraw_refusal(handover.from_name, handover.from_id, actor):
        raise Forbidden(refusal)
    _close(handover, HandoverState.WITHDRAWN, now)
    _record(incident, EventKind.HANDOVER_WITHDRAWN, f"{handover}, withdrawn", actor=actor, now=now)


def _answered(incident: Incident, handover_id: int, actor: Actor) -> Handover:
    handover = _open_one(incident, handover_id)
    if refusal := answer_refusal(handover.to_name, handover.user_id, actor):
        raise Forbidden(refusal)
    return handover


def _open_one(incident: Incident, handover_id: int) -> Handover:
    handover = db.session.get(Handover, handover_id, populate_existing=True)
    if handover is None or handover.incident_id != incident.id:
        raise Invalid({"handover": f"{incident.reference} has no such hand-over."})
    if handover.closed_at:
        raise Conflict(closed_sentence(handover.state, handover.closed_at, handover.reason))
    demand_open(incident)
    return handover


def _close(handover: Handover, state: HandoverState, now: datetime) -> None:
    handover.state, handover.closed_at = state, now
    db.session.flush()


def _record(
    incident: Incident, kind: EventKind, title: str, detail: str = "", *, actor: Actor, now: datetime
) -> None:
    record(incident, kind, f"Command: {title}", detail=detail, actor=actor, now=now)


def _as_text(lines: tuple[Line, ...]) -> str:
    return "\n".join(map(str, lines))
