"""When a CAN report ends: part of the operations that end a track or an incident."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update

from majorops.db import db
from majorops.domain.enums import TrackOutcome
from majorops.models import CanReport, Incident, RecoveryTrack


def end_reports(incident: Incident, team: str | None = None, *, now: datetime) -> str:
    """End the CANs of a team none of whose tracks runs any more; without a team those of everybody.

    The latter at the close. Returns what the team's newest CAN needed and nobody met, as it is shown no more;
    empty for none, and without a team. Part of an operation.
    """
    db.session.flush()
    standing = [CanReport.incident_id == incident.id, CanReport.ended_at.is_(None)]
    if team is not None:
        of_team = func.lower(RecoveryTrack.team) == team.lower()
        running = select(RecoveryTrack.id).filter_by(incident_id=incident.id, outcome=TrackOutcome.RUNNING)
        if db.session.scalar(running.where(of_team).limit(1)) is not None:
            return ""
        standing.append(func.lower(CanReport.team) == team.lower())
    newest = None
    if team is not None:
        newest = db.session.scalar(select(CanReport).where(*standing).order_by(CanReport.id.desc()).limit(1))
    need = newest.needs if newest and not newest.needs_met_at else ""
    db.session.execute(update(CanReport).where(*standing).values(ended_at=now))
    return need
