"""Operations on validation: each affected system's team confirms recovery, or says that it failed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import CheckState
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.domain.events import EventKind
from majorops.domain.gates import check_refusal, not_yours
from majorops.models import Incident, System, ValidationCheck
from majorops.operations import operation, record
from majorops.operations.phase import restart_window


@operation(needs=Permission.CHECK_OWN)
def set_check(
    incident: Incident,
    system: str,
    state: CheckState,
    *,
    actor: Actor,
    now: datetime,
    confirmed_by: str = "",
    note: str = "",
) -> None:
    """Set the validation of one affected system (guide, phase 7).

    `confirmed_by`: who said so on the bridge (default: the actor). A failed check and a withdrawn
    confirmation restart the clean window. Raises Conflict (not in phase 7 or 8), Invalid (no such
    system), Forbidden (a responder and somebody else's system).
    """
    if refusal := check_refusal(incident.phase, incident.is_resolved):
        raise Conflict(refusal)
    if system not in incident.system_names:
        raise Invalid({"system": f"{system} is not an affected system of {incident.reference}."})
    if not actor.can(Permission.INCIDENT_COMMAND) and not owns(actor, system):
        raise Forbidden(not_yours(system))
    check = db.session.scalar(select(ValidationCheck).filter_by(incident_id=incident.id, system=system))
    if check is None:
        check = ValidationCheck(incident_id=incident.id, system=system, state=CheckState.PENDING, at=now)
        db.session.add(check)
    old = check.state
    if state is old:
        return
    check.state, check.at, check.note = state, now, note
    check.confirmed_by = (confirmed_by or actor.name) if state is CheckState.CONFIRMED else None
    verdict = {
        CheckState.CONFIRMED: f"Confirmed: {system} recovered ({check.confirmed_by})",
        CheckState.FAILED: f"Check failed: {system}",
        CheckState.PENDING: f"Confirmation withdrawn: {system}",
    }[state]
    record(incident, EventKind.CHECK_SET, verdict, detail=note, system=system, actor=actor, now=now)
    if state is CheckState.FAILED or old is CheckState.CONFIRMED:
        restart_window(incident, verdict, note, system=system, actor=actor, now=now)


def owns(actor: Actor, system: str) -> bool:
    """The catalogue names this account as the system's owner."""
    if actor.user_id is None:
        return False
    return db.session.scalar(select(System.id).filter_by(name=system, owner_id=actor.user_id)) is not None
