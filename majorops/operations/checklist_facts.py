"""What the record says of a phase's checklist.

Read once for the fireground, and for the operation that ticks.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypedDict

from sqlalchemy import ColumnElement, func, select

from majorops.db import db
from majorops.domain.checklist import Facts, Work, answered, press_counts
from majorops.domain.enums import CheckState, CommandRole, Phase, TrackOutcome
from majorops.domain.events import EventKind
from majorops.models import (
    CanReport,
    ChecklistTick,
    CommandAssignment,
    Incident,
    Milestone,
    RecoveryTrack,
    Timebox,
    TimelineEvent,
    ValidationCheck,
)


def standing_ticks(incident: Incident, phase: Phase) -> dict[str, ChecklistTick]:
    """What people ticked in a phase, by the line's key. A tick older than the clean window says nothing."""
    rows = select(ChecklistTick).filter_by(incident_id=incident.id, phase=phase)
    window_at = incident.window_started_at if phase >= Phase.VALIDATION else None
    return {tick.item: tick for tick in db.session.scalars(rows) if press_counts(tick.at, window_at)}


def facts(
    incident: Incident,
    phase: Phase,
    *,
    now: datetime,
    ticks: dict[str, ChecklistTick] | None = None,
) -> Facts:
    """The facts that the lines of `phase` look at; what only other phases ask for is not read.

    `ticks`: those of the phase, where they are read already.
    """
    pressed = frozenset(standing_ticks(incident, phase) if ticks is None else ticks)
    return Facts(
        now=now,
        level=incident.alarm_level,
        status=incident.status,
        pressed=pressed,
        has_bridge=bool(incident.bridge_url),
        systems=len(incident.systems),
        description=incident.description,
        external_impact=incident.external_impact,
        customer_count=incident.customer_count,
        promised_at=incident.next_update_eta,
        exec_summary=incident.exec_summary,
        business_impact=incident.business_impact,
        customer_impact=incident.customer_impact_summary,
        stood_down=incident.stood_down_at is not None,
        **READERS[phase](incident),
    )


class Read(TypedDict, total=False):
    """The facts that only some phases ask for."""

    vacant: frozenset[CommandRole]
    asked_teams: tuple[str, ...]
    reported_teams: tuple[str, ...]
    gather_rounds: int
    timeboxes: int
    description_changed: bool
    severity_changed: bool
    milestones: int
    impact_is_current: bool
    tracks: tuple[Work, ...]
    ended_tracks: int
    checks: int
    confirmed_checks: int
    has_resolution: bool
    after_action_at: datetime | None
    on_duty: tuple[str, ...]
    released: bool


def _nothing(incident: Incident) -> Read:
    return {}


def _gather(incident: Incident) -> Read:
    boxes = db.session.execute(
        select(Timebox.team, Timebox.started_at).filter_by(incident_id=incident.id).order_by(Timebox.id)
    ).all()
    rounds = [(team, at) for team, at in boxes if team]
    gathered = [team for team, _ in rounds]
    reported = db.session.execute(
        select(CanReport.team, func.max(CanReport.at))
        .where(CanReport.incident_id == incident.id)
        .group_by(CanReport.team)
        .order_by(func.min(CanReport.id))
    ).all()
    since = incident.phase_entered_at if incident.phase is Phase.GATHER else None
    held = {row.role for row in _seats(incident)}
    return {
        "asked_teams": (*gathered, *(track.team for track in _running(incident))),
        "reported_teams": answered([(team, at) for team, at in reported], rounds, since),
        "gather_rounds": len(gathered),
        "timeboxes": len(boxes),
        "description_changed": _happened(incident, TimelineEvent.field == "description"),
        "vacant": frozenset(role for role in CommandRole if role not in held),
    }


def _assess(incident: Incident) -> Read:
    return {"severity_changed": _happened(incident, TimelineEvent.kind == EventKind.SEVERITY_CHANGED)}


def _initial(incident: Incident) -> Read:
    standing = select(func.count(Milestone.id)).where(
        Milestone.incident_id == incident.id, Milestone.withdrawn_at.is_(None)
    )
    return {"milestones": db.session.scalar(standing) or 0}


def _isolation(incident: Incident) -> Read:
    written = select(TimelineEvent.field).where(
        TimelineEvent.incident_id == incident.id,
        TimelineEvent.field.in_(("business_impact", "customer_impact_summary")),
        TimelineEvent.at >= incident.phase_entered_at,
    )
    return {
        "impact_is_current": len(set(db.session.scalars(written.distinct()))) == 2,
        **_mitigation(incident),
    }


def _mitigation(incident: Incident) -> Read:
    ended = select(func.count(RecoveryTrack.id)).where(
        RecoveryTrack.incident_id == incident.id, RecoveryTrack.outcome != TrackOutcome.RUNNING
    )
    return {
        "tracks": tuple(
            Work(track.team, track.owner, track.goal, track.expires_at is not None)
            for track in _running(incident)
        ),
        "ended_tracks": db.session.scalar(ended) or 0,
    }


def _validation(incident: Incident) -> Read:
    rows = select(ValidationCheck.system).filter_by(incident_id=incident.id, state=CheckState.CONFIRMED)
    confirmed = set(db.session.scalars(rows))
    names = incident.system_names
    return {"checks": len(names), "confirmed_checks": sum(name in confirmed for name in names)}


def _resolution(incident: Incident) -> Read:
    last = db.session.scalar(
        select(Milestone)
        .filter_by(incident_id=incident.id, is_resolution=True, withdrawn_at=None)
        .order_by(Milestone.number.desc())
        .limit(1)
    )
    holders = [row.name for row in _seats(incident) if row.role is not CommandRole.MIM]
    return {
        "has_resolution": last is not None,
        "after_action_at": last.after_action_at if last else None,
        "on_duty": (*holders, *(track.owner for track in _running(incident))),
        "released": _happened(incident, TimelineEvent.kind == EventKind.RESPONDER_RELEASED),
    }


READERS: dict[Phase, Callable[[Incident], Read]] = {
    Phase.ALERT: _nothing,
    Phase.GATHER: _gather,
    Phase.ASSESS: _assess,
    Phase.INITIAL: _initial,
    Phase.ISOLATION: _isolation,
    Phase.MITIGATION: _mitigation,
    Phase.VALIDATION: _validation,
    Phase.RESOLUTION: _resolution,
}


def _running(incident: Incident) -> list[RecoveryTrack]:
    rows = select(RecoveryTrack).filter_by(incident_id=incident.id, outcome=TrackOutcome.RUNNING)
    return list(db.session.scalars(rows.order_by(RecoveryTrack.id)))


def _seats(incident: Incident) -> list[CommandAssignment]:
    rows = select(CommandAssignment).filter_by(incident_id=incident.id, until=None)
    return list(db.session.scalars(rows.order_by(CommandAssignment.id)))


def _happened(incident: Incident, what: ColumnElement[bool]) -> bool:
    """Whether the timeline has an entry like this after the incident was opened."""
    rows = select(TimelineEvent.id).where(TimelineEvent.incident_id == incident.id, what)
    return db.session.scalar(rows.limit(1)) is not None
