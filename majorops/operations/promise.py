"""The promised next update, as what was published says it. Part of operations; none by itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select

from majorops.db import db
from majorops.domain.cadence import Said, standing_promise
from majorops.domain.enums import Visibility
from majorops.models import Incident, Publication


def renew_promise(incident: Incident, *, now: datetime) -> None:
    """Set the incident's promise to the one that stands after all that was published.

    Each publication counts as visible as it is now. Part of an operation.
    """
    query = (
        select(Publication.next_update_eta, Publication.visibility, Publication.is_resolution)
        .where(Publication.incident_id == incident.id)
        .where(or_(Publication.next_update_eta.is_not(None), Publication.is_resolution))
        .order_by(Publication.id)
    )
    said = [Said(eta, seen is Visibility.PUBLIC, ends) for eta, seen, ends in db.session.execute(query)]
    incident.next_update_eta, is_final = standing_promise(said)
    incident.promise_ended_at = (incident.promise_ended_at or now) if is_final else None
