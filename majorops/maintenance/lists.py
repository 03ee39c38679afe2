"""Maintenance for people who are signed in."""

from __future__ import annotations

from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.maintenance import AHEAD_OR_RUNNING, OVER, RUNNING
from majorops.models import Maintenance, MaintenanceUpdate


def maintenance_list() -> list[tuple[Maintenance, list[MaintenanceUpdate]]]:
    """Maintenance with its newest five updates each, newest first.

    Running ones first, then planned ones by their start, then the twenty newest that are over. Three queries.
    """
    rows, state = select(Maintenance), Maintenance.status
    going = db.session.scalars(
        rows.where(state.in_(AHEAD_OR_RUNNING)).order_by(Maintenance.starts_at).limit(100)
    ).all()
    done = db.session.scalars(
        rows.where(state.in_(OVER)).order_by(Maintenance.ended_at.desc()).limit(20)
    ).all()
    found = [*sorted(going, key=lambda row: row.status not in RUNNING), *done]
    said = _newest_updates([row.id for row in found])
    return [(row, [one for one in said if one.maintenance_id == row.id]) for row in found]


def _newest_updates(numbers: list[int]) -> list[MaintenanceUpdate]:
    each, newest_first = MaintenanceUpdate.maintenance_id, MaintenanceUpdate.id.desc()
    place = func.row_number().over(partition_by=each, order_by=newest_first).label("place")
    ranked = (
        select(MaintenanceUpdate.id, place).where(MaintenanceUpdate.maintenance_id.in_(numbers)).subquery()
    )
    query = select(MaintenanceUpdate).join(ranked, ranked.c.id == MaintenanceUpdate.id)
    return list(db.session.scalars(query.where(ranked.c.place <= 5).order_by(MaintenanceUpdate.id.desc())))
