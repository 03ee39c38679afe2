"""The list of incidents for people who are signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.models import IS_RUNNING, Incident

PER_PAGE = 50


@dataclass(frozen=True)
class IncidentList:
    """The list of incidents.

    `running` by Box and age, all of them; `resolved` one page, newest first; `older_than` leads to the next,
    None on the last one.
    """

    running: Sequence[Incident]
    resolved: Sequence[Incident]
    older_than: int | None
    now: datetime
    before: int | None


def incident_list(before: int | None, now: datetime) -> IncidentList:
    """The list at /admin/incidents; `before`: resolved ones numbered below it, None for the newest."""
    running = select(Incident).where(IS_RUNNING)
    # By its time, not by its status: SQLite would take that index and sort all of the past.
    resolved = select(Incident).where(~IS_RUNNING).order_by(Incident.id.desc())
    if before:
        resolved = resolved.where(Incident.id < before)
    rows = db.session.scalars(resolved.limit(PER_PAGE + 1)).all()
    return IncidentList(
        running=db.session.scalars(running.order_by(Incident.alarm_level.desc(), Incident.opened_at)).all(),
        resolved=rows[:PER_PAGE],
        older_than=rows[PER_PAGE - 1].id if len(rows) > PER_PAGE else None,
        now=now,
        before=before,
    )
