"""Operations on phase and status (domain §4).

The gates are rules of domain/gates.py; here they are enforced.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.briefs import SUMMARY_ASKED, SummaryAtClose
from majorops.domain.enums import CheckState, IncidentStatus, Phase
from majorops.domain.errors import Conflict, GateClosed, Invalid
from majorops.domain.events import EventKind
from majorops.domain.gates import (
    LAST_PHASE,
    Blocker,
    Situation,
    advance_blockers,
    status_blockers,
    symptoms_refusal,
)
from majorops.models import Incident, Milestone, TimelineEvent, ValidationCheck
from majorops.operations import demand_open, operation, record
from majorops.operations.after_action import begin_at_close
from majorops.operations.handover_expiry import lapse_handover
from majorops.operations.incident import record_reason
from majorops.operations.late import record_late
from majorops.operations.reports import end_reports
from majorops.operations.runcards import flag_used_cards
from majorops.operations.summary import clear_summary, confirm_summary
from majorops.operations.telling import tell_resolved


def situation(incident: Incident) -> Situation:
    """What the gates look at, read from the record."""
    rows = db.session.execute(
        select(ValidationCheck.system, ValidationCheck.state).filter_by(incident_id=incident.id)
    )
    states = dict(rows.all())
    resolution = db.session.scalar(
        select(Milestone)
        .filter_by(incident_id=incident.id, is_resolution=True, withdrawn_at=None)
        .order_by(Milestone.number.desc())
        .limit(1)
    )
    return Situation(
        severity=incident.severity,
        status=incident.status,
        phase=incident.phase,
        window_started_at=incident.window_started_at,
        checks={name: states.get(name, CheckState.PENDING) for name in incident.system_names},
        has_resolution_milestone=resolution is not None,
        after_action_at=resolution.after_action_at if resolution else None,
    )


def pass_gate(
    incident: Incident, what: str, blockers: list[Blocker], override: str, *, actor: Actor, now: datetime
) -> None:
    """Return when nothing blocks, or with a written override, which is logged. Raises GateClosed.

    Part of an operation (domain §4: an override is a `command` event).
    """
    if not blockers:
        return
    if not override:
        raise GateClosed(blockers)
    detail = f"{override}\nOverridden: {' '.join(blocker.text for blocker in blockers)}"
    record(
        incident,
        EventKind.GATE_OVERRIDDEN,
        f"Gate overridden: {what}",
        detail=detail,
        actor=actor,
        now=now,
    )


@operation(needs=Permission.INCIDENT_COMMAND)
def advance_phase(
    incident: Incident,
    to: Phase | None = None,
    *,
    actor: Actor,
    now: datetime,
    expected: Phase | None = None,
    reason: str = "",
    override: str = "",
) -> None:
    """Enter a later phase, the next one unless `to` says otherwise (guide, "Advance Phase").

    `expected`: the phase that the person saw. `reason`: kept internal; needed when phases are skipped.
    `override`: the written reason that opens a hard gate. Raises Conflict (somebody advanced already, or the
    incident is resolved), Invalid (backwards, no next phase, skipping without a reason), GateClosed.
    """
    if expected is not None and incident.phase is not expected:
        raise Conflict(who_advanced(incident), theirs=incident.phase.title)
    old = incident.phase
    if to is None:
        if old is Phase.RESOLUTION:
            raise Invalid({"to": LAST_PHASE})
        to = Phase(old + 1)
    if to <= old:
        raise Invalid({"to": f"Phases do not go back: {old.title} is entered already."})
    skipped = [phase for phase in Phase if old < phase < to]
    if skipped and not (reason or override):
        raise Invalid(
            {"reason": f"Say why {', '.join(p.title for p in skipped)} is skipped. It stays internal."}
        )
    pass_gate(
        incident,
        f"enter {to.title}",
        advance_blockers(situation(incident), to, now),
        override,
        actor=actor,
        now=now,
    )
    incident.phase = to
    incident.phase_entered_at = now
    if to >= Phase.VALIDATION and incident.window_started_at is None:
        incident.window_started_at = now
    record(
        incident,
        EventKind.PHASE_ADVANCED,
        f"{old.title} › {to.title}",
        phase=to,
        actor=actor,
        now=now,
    )
    if reason or skipped:
        what = f"entered {to.title}"
        if skipped:
            what += f", skipped {', '.join(p.title for p in skipped)}"
        record_reason(incident, what, reason or override, actor=actor, now=now)


def who_advanced(incident: Incident) -> str:
    """`Priya advanced to 5 Isolation at 14:41:05.`, for whoever was second."""
    last = db.session.scalar(
        select(TimelineEvent)
        .filter_by(incident_id=incident.id, kind=EventKind.PHASE_ADVANCED)
        .order_by(TimelineEvent.seq.desc())
        .limit(1)
    )
    if last is None:
        return f"The incident is in {incident.phase.title}."
    return f"{last.actor_name} advanced to {incident.phase.title} at {last.at:%H:%M:%S}."


@operation(needs=Permission.INCIDENT_COMMAND)
def change_status(
    incident: Incident,
    to: IncidentStatus,
    *,
    actor: Actor,
    now: datetime,
    override: str = "",
    summary: SummaryAtClose | None = None,
) -> None:
    """Set the status to monitoring or resolved.

    Back to active leads only `report_symptoms_returned`. `override`: the written reason that opens a
    closed gate. `summary`: what becomes of the exec summary, asked for where there is one: executives
    read it after the close. Raises Conflict, Invalid, GateClosed.
    """
    if to is not IncidentStatus.RESOLVED:
        demand_open(incident)
    if to is incident.status:
        return
    if to is IncidentStatus.ACTIVE:
        raise Invalid({"status": "Back to Active: press Symptoms returned."})
    blockers = status_blockers(situation(incident), to, now)
    is_asked = to is IncidentStatus.RESOLVED and bool(incident.exec_summary)
    if is_asked and summary is None:
        blockers.append(Blocker(SUMMARY_ASKED))
    pass_gate(incident, f"status {to.label}", blockers, override, actor=actor, now=now)
    _set_status(incident, to, actor=actor, now=now)
    if is_asked and summary is SummaryAtClose.HOLDS:
        confirm_summary(incident, actor=actor, now=now)
    elif is_asked and summary is SummaryAtClose.CLEAR:
        clear_summary(incident, actor=actor, now=now)


def _set_status(incident: Incident, to: IncidentStatus, *, actor: Actor, now: datetime) -> None:
    old, incident.status = incident.status, to
    incident.resolved_at = now if to is IncidentStatus.RESOLVED else None
    record(
        incident,
        EventKind.STATUS_CHANGED,
        f"Status {old.label} › {to.label}",
        field="status",
        actor=actor,
        now=now,
    )
    if to is IncidentStatus.RESOLVED:
        record_late(incident, actor=actor, now=now)  # the review gets it, asked or not
        flag_used_cards(incident, actor=actor, now=now)
        lapse_handover(incident, f"{incident.reference} was resolved", actor=actor, now=now)
        end_reports(incident, now=now)
        tell_resolved(incident, actor=actor, now=now)
        begin_at_close(incident, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def report_symptoms_returned(incident: Incident, *, actor: Actor, now: datetime, note: str = "") -> None:
    """In phase 7 or 8: the status goes back to active and the clean window starts again. Raises Conflict."""
    if refusal := symptoms_refusal(incident.phase, incident.is_resolved):
        raise Conflict(refusal)
    incident.promise_ended_at = None  # what was said to be over is not: the next update is owed again
    if incident.status is not IncidentStatus.ACTIVE:
        _set_status(incident, IncidentStatus.ACTIVE, actor=actor, now=now)
    restart_window(incident, "Symptoms returned", note, actor=actor, now=now)


def restart_window(
    incident: Incident, why: str, note: str, *, actor: Actor, now: datetime, system: str | None = None
) -> None:
    """The ten clean minutes begin anew; `system`: whose check is why, if one is. Part of an operation."""
    incident.window_started_at = now
    incident.window_resets += 1
    record(
        incident,
        EventKind.WINDOW_RESTARTED,
        f"{why}. Clean window restarted",
        detail=note,
        system=system,
        actor=actor,
        now=now,
    )
