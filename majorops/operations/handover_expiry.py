"""A hand-over that has no reason any more closes itself.

The MIM changed, the incident is resolved, or the account may not any more.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.enums import HandoverState
from majorops.domain.events import EventKind
from majorops.domain.handover import receiver_refusal
from majorops.models import Handover, Incident, User
from majorops.operations import record


def open_handover(incident: Incident) -> Handover | None:
    """The offer of command that waits for its answer, or None."""
    return db.session.scalar(select(Handover).filter_by(incident_id=incident.id, closed_at=None))


def lapse_handover(incident: Incident, reason: str, *, actor: Actor, now: datetime) -> None:
    """Close the open hand-over, if there is one, and log why. Part of an operation."""
    if (handover := open_handover(incident)) is None:
        return
    handover.state, handover.closed_at, handover.reason = HandoverState.LAPSED, now, reason[:300]
    db.session.flush()
    title = f"Command: {handover}, lapsed"
    record(
        incident,
        EventKind.HANDOVER_LAPSED,
        title,
        detail=handover.reason,
        actor=actor,
        now=now,
    )


def lapse_offers_to(user: User, *, actor: Actor, now: datetime) -> None:
    """Close every offer to an account that may not take command any more.

    Part of an operation on the account.
    """
    if not (reason := receiver_refusal(user.name, user.role, user.is_active)):
        return
    offered = select(Handover.incident_id).filter_by(user_id=user.id, closed_at=None)
    for number in db.session.scalars(offered.order_by(Handover.incident_id)).all():
        incident = db.session.get(Incident, number, with_for_update=True, populate_existing=True)
        if incident and (handover := open_handover(incident)) and handover.user_id == user.id:
            lapse_handover(incident, reason, actor=actor, now=now)
