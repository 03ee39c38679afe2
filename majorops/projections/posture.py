"""Wartime or peacetime, as the wordmark says it (guide, "The Wordmark"): one question for every page."""

from __future__ import annotations

from sqlalchemy import select

from majorops.db import db
from majorops.models import IS_RUNNING, Incident
from majorops.projections.rules import IS_PUBLIC_INCIDENT


def has_active_incident(*, only_public: bool) -> bool:
    """Whether an incident is active or monitoring; drills never count.

    `only_public`: of those that the public knows of, for whoever has no account. Raises SQLAlchemyError.
    """
    seen = IS_PUBLIC_INCIDENT if only_public else Incident.is_drill.is_(False)
    running = select(Incident.id).where(IS_RUNNING, seen)
    return db.session.scalar(running.limit(1)) is not None
