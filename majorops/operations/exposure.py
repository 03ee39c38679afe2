"""The exposure line (domain §12): read from the record, published with one press."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, union

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.events import EventKind
from majorops.domain.exposure import Exposure, exposure
from majorops.models import CanReport, Incident, RecoveryTrack
from majorops.operations import operation, record

TEAMS_READ = 200
ONE_PRESS = timedelta(minutes=1)


def exposure_of(incident: Incident) -> Exposure:
    """The line as it is now: teams are all that ran a track or reported. Costs one query."""
    teams = union(
        *(select(model.team).where(model.incident_id == incident.id) for model in (RecoveryTrack, CanReport))
    )
    names = db.session.scalars(teams.limit(TEAMS_READ))
    return exposure(incident.alarm_level, names, incident.exposure_confidence, incident.exposure_path)


@operation(needs=Permission.INCIDENT_COMMAND)
def publish_exposure(incident: Incident, *, actor: Actor, now: datetime) -> str:
    """Publish the line to the leaders: it is logged and kept with its time.

    The same line within a minute is one press. Returns it. Raises Conflict.
    """
    it = exposure_of(incident)
    at = incident.exposure_published_at
    if at and incident.exposure_line == it.line and now - at < ONE_PRESS:
        return it.line
    incident.exposure_line, incident.exposure_published_at = it.line, now
    record(
        incident,
        EventKind.EXPOSURE_PUBLISHED,
        f"Exposure line {it.line}",
        detail=it.words,
        actor=actor,
        now=now,
    )
    return it.line
