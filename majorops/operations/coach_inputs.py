"""What the coach looks at, read from the record: one reading for the fireground and for the reminders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, ScalarSelect, func, select
from sqlalchemy.orm import InstrumentedAttribute

from majorops.db import db
from majorops.domain.coach import Clocked, CoachInputs
from majorops.domain.enums import AskState, CommandRole, TrackOutcome
from majorops.domain.notices import Reach
from majorops.domain.roles import is_let_go
from majorops.models import Ask, CanReport, CommandAssignment, Incident, Milestone, RecoveryTrack, Timebox
from majorops.models.delivery import called
from majorops.operations.outcome import incident_reach, not_told

READ_AT_MOST = 50  # of what runs at once
NAMED = 3


def coach_inputs(
    incident: Incident,
    *,
    tracks: list[RecoveryTrack] | None = None,
    timeboxes: list[Timebox] | None = None,
    asks: list[Ask] | None = None,
) -> CoachInputs:
    """The situation as the rules of `domain/coach.py` want it.

    Costs five queries, whatever the record's length; three fewer where the page has what runs already.
    """
    signs = _signs(incident)
    tracks = _running_tracks(incident) if tracks is None else tracks
    timeboxes = _open_timeboxes(incident) if timeboxes is None else timeboxes
    asks = _open_asks(incident) if asks is None else asks
    best = None if signs.reach is None else Reach(signs.reach)
    may_be_nobody = not incident.is_drill and best not in (Reach.TOLD, Reach.QUEUED, Reach.QUIET)
    reach = incident_reach(incident.id) if may_be_nobody else None
    return CoachInputs(
        severity=incident.severity,
        level=incident.alarm_level,
        level_at=incident.alarm_level_at or incident.opened_at,
        status=incident.status,
        phase=incident.phase,
        phase_at=incident.phase_entered_at,
        opened_at=incident.opened_at,
        promised_at=incident.next_update_eta,
        has_bridge=bool(incident.bridge_url),
        has_milestone=signs.milestones > 0,
        has_after_action=signs.after_action_at is not None,
        vacant=_vacant(incident),
        tracks=tuple(
            Clocked(t.id, f"{t.goal} ({t.team})", t.expires_at, t.started_at, t.escalated_at) for t in tracks
        ),
        timeboxes=tuple(Clocked(box.id, box.purpose, box.expires_at, box.started_at) for box in timeboxes),
        asks=tuple(Clocked(ask.id, str(ask), ask.due_at, ask.asked_at) for ask in asks),
        moved_at=max(
            filter(None, (signs.track_opened_at, signs.track_closed_at, signs.timebox_at, signs.can_at)),
            default=None,
        ),
        track_opened_at=signs.track_opened_at,
        window_at=incident.window_started_at,
        window_resets=incident.window_resets,
        detected_at=incident.detected_at,
        reach=reach,
        not_told=tuple(not_told(incident.id, NAMED)) if reach and reach.is_nobody else (),
    )


def _signs(incident: Incident) -> Row[*tuple[Any, ...]]:
    """Counts and newest times in one row."""

    def newest(column: InstrumentedAttribute[datetime | None]) -> ScalarSelect[datetime | None]:
        return select(func.max(column)).where(column.class_.incident_id == incident.id).scalar_subquery()

    people = called(incident.id).subquery()
    best = select(func.min(people.c.reach))
    milestones = select(func.count(Milestone.id)).where(Milestone.incident_id == incident.id)
    return db.session.execute(
        select(
            milestones.scalar_subquery().label("milestones"),
            newest(Milestone.after_action_at).label("after_action_at"),
            newest(RecoveryTrack.started_at).label("track_opened_at"),
            newest(RecoveryTrack.closed_at).label("track_closed_at"),
            newest(Timebox.started_at).label("timebox_at"),
            newest(CanReport.at).label("can_at"),
            best.scalar_subquery().label("reach"),
        )
    ).one()


def _vacant(incident: Incident) -> dict[CommandRole, datetime]:
    rows = db.session.execute(
        select(
            CommandAssignment.role,
            func.max(CommandAssignment.until),
            func.count() - func.count(CommandAssignment.until),
        )
        .where(CommandAssignment.incident_id == incident.id)
        .group_by(CommandAssignment.role)
    )
    last = {role: (until, is_held) for role, until, is_held in rows}
    found = {role: last.get(role, (None, 0)) for role in CommandRole}
    now = (incident.phase, incident.phase_entered_at)
    return {
        role: until or incident.opened_at
        for role, (until, is_held) in found.items()
        if not is_held and not is_let_go(role, until, *now)
    }


def _running_tracks(incident: Incident) -> list[RecoveryTrack]:
    rows = select(RecoveryTrack).filter_by(incident_id=incident.id, outcome=TrackOutcome.RUNNING)
    return list(db.session.scalars(rows.order_by(RecoveryTrack.expires_at).limit(READ_AT_MOST)))


def _open_timeboxes(incident: Incident) -> list[Timebox]:
    rows = select(Timebox).filter_by(incident_id=incident.id, closed_at=None)
    return list(db.session.scalars(rows.order_by(Timebox.expires_at).limit(READ_AT_MOST)))


def _open_asks(incident: Incident) -> list[Ask]:
    rows = select(Ask).filter_by(incident_id=incident.id, state=AskState.OPEN)
    return list(db.session.scalars(rows.order_by(Ask.due_at).limit(READ_AT_MOST)))
