"""The list of incidents for people who are signed in, narrowed by a query of the search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.search import Query, parse, shown_as
from majorops.models import IS_RUNNING, Incident
from majorops.operations.searching import incidents_sought, running_sought
from majorops.operations.spelling import meant

PER_PAGE = 50


@dataclass(frozen=True)
class IncidentList:
    """The list of incidents.

    `running` by Box and age, all of them; `resolved` one page, newest first; `older_than` leads to the next,
    None on the last one. `typed`: what they are narrowed by, as the address has it; `meant`: what was, where
    that finds nothing. A `query` that cannot be
    read narrows nothing: no running incident hides behind a slip of the pen.
    """

    running: Sequence[Incident]
    resolved: Sequence[Incident]
    older_than: int | None
    now: datetime
    before: int | None
    typed: str
    query: Query
    meant: str = ""


def incident_list(before: int | None, now: datetime, typed: str = "") -> IncidentList:
    """The list at /admin/incidents. Up to eight queries, however long the past.

    `before`: resolved ones numbered below it, None for the newest; `typed`: what narrows them.
    """
    query = parse(typed)
    narrows = query if query.asks else Query()
    running = select(Incident).where(IS_RUNNING).order_by(Incident.alarm_level.desc(), Incident.opened_at)
    found = db.session.scalars(running).all()
    if found and query.asks:
        numbers = [one.id for one in found]
        found = db.session.scalars(running_sought(query, running, numbers)).all()
    # By its time, not by its status: SQLite would take that index and sort all of the past.
    resolved = incidents_sought(narrows, select(Incident).where(~IS_RUNNING), before, PER_PAGE)
    is_empty = query.has_words and not (found or resolved.rows or resolved.older_than or before)
    words = meant(typed, query) if is_empty else ""
    return IncidentList(found, resolved.rows, resolved.older_than, now, before, shown_as(typed), query, words)
