"""An incident that was opened late, as a finding of the record (guide, "Common Mistakes")."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.events import EventKind
from majorops.domain.measures import late_by, words
from majorops.models import Incident, TimelineEvent
from majorops.operations import record


def record_late(incident: Incident, *, actor: Actor, now: datetime) -> bool:
    """Keep how long after the problem began the incident was opened, once.

    Part of an operation; returns whether it did.
    """
    late = late_by(incident.detected_at, incident.opened_at)
    known = select(TimelineEvent.id).filter_by(incident_id=incident.id, kind=EventKind.OPENED_LATE)
    if late is None or db.session.scalar(known.limit(1)):
        return False
    title = f"Opened {words(late)} after the problem began"
    record(incident, EventKind.OPENED_LATE, title, actor=actor, now=now)
    return True
