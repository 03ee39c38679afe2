"""What the public was promised last."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from majorops.db import db
from majorops.domain.enums import IncidentStatus, Visibility
from majorops.models import Publication


class Promise(TypedDict):
    """What the public was promised; or the status at which a resolution milestone ended the promises."""

    next_update_eta: datetime | None
    ended_at_status: IncidentStatus | None


def newest(
    numbers: list[int], *columns: InstrumentedAttribute[Any], condition: ColumnElement[bool]
) -> Select[*tuple[Any, ...]]:
    """One row an incident: its newest public publication that meets the condition."""
    place = func.row_number().over(partition_by=Publication.incident_id, order_by=Publication.id.desc())
    ranked = (
        select(Publication.incident_id, *columns, place.label("place"))
        .where(Publication.incident_id.in_(numbers), Publication.visibility == Visibility.PUBLIC, condition)
        .subquery()
    )
    return select(ranked).where(ranked.c.place == 1)


def promises_of(numbers: list[int]) -> dict[int, datetime]:
    """The promise that the public was given last: an internal one does not count outside."""
    found = promises(numbers).items()
    return {number: due_at for number, said in found if (due_at := said["next_update_eta"])}


def promises(numbers: list[int]) -> dict[int, Promise]:
    """The promise that the public was given last, or that a resolution milestone ended it.

    It is owed again once the status, which the public reads, went back after that milestone.
    """
    made = or_(Publication.next_update_eta.is_not(None), Publication.is_resolution)
    columns = (Publication.next_update_eta, Publication.is_resolution, Publication.status_at_cut)
    found: dict[int, Promise] = defaultdict(lambda: {"next_update_eta": None, "ended_at_status": None})
    for row in db.session.execute(newest(numbers, *columns, condition=made)):
        ended = row.status_at_cut if row.is_resolution else None
        found[row.incident_id] = {"next_update_eta": row.next_update_eta, "ended_at_status": ended}
    return found
