"""Scheduled maintenance as the public reads it; bounded, two queries however much there is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select

from majorops.db import db
from majorops.domain.enums import MaintenanceStatus
from majorops.domain.maintenance import AHEAD_OR_RUNNING, OVER, RUNNING
from majorops.models import Maintenance, MaintenanceUpdate
from majorops.projections.systems import public_of

LIMIT = 50
UPDATES = 30
RECENT = timedelta(days=14)


@dataclass(frozen=True)
class PublicMaintenanceUpdate:
    """What was said about maintenance, and the state that it was in then."""

    id: int
    status: MaintenanceStatus
    body: str
    at: datetime


@dataclass(frozen=True)
class PublicMaintenance:
    """`updates`: newest first. `systems`: those that the public may read of."""

    number: int
    title: str
    body: str
    status: MaintenanceStatus
    starts_at: datetime
    ends_at: datetime
    is_automatic: bool
    created_at: datetime
    changed_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    systems: tuple[str, ...]
    updates: tuple[PublicMaintenanceUpdate, ...] = ()

    @property
    def is_running(self) -> bool:
        """Under way, or being verified."""
        return self.status in RUNNING

    @property
    def is_over(self) -> bool:
        """Done or cancelled."""
        return self.status in OVER


_COLUMNS = (
    Maintenance.id.label("number"),
    Maintenance.title,
    Maintenance.body,
    Maintenance.status,
    Maintenance.starts_at,
    Maintenance.ends_at,
    Maintenance.is_automatic,
    Maintenance.created_at,
    Maintenance.changed_at,
    Maintenance.started_at,
    Maintenance.ended_at,
    Maintenance.systems,
)


def public_maintenances(numbers: Collection[int] | None = None) -> tuple[PublicMaintenance, ...]:
    """Running ones first, then what is planned, the soonest first; then what is over, the newest first.

    `numbers`: these alone.
    """
    rows = select(*_COLUMNS).where(Maintenance.is_public.is_(True))
    if numbers is not None:
        rows = rows.where(Maintenance.id.in_(numbers))
    open_ones = (
        rows.where(Maintenance.status.in_(AHEAD_OR_RUNNING))
        .order_by(Maintenance.starts_at, Maintenance.id)
        .limit(LIMIT)
    )
    over = (
        rows.where(Maintenance.status.in_(OVER))
        .order_by(Maintenance.ended_at.desc(), Maintenance.id.desc())
        .limit(LIMIT)
    )
    found = [*_filled(open_ones), *_filled(over)]
    return tuple(sorted(found, key=lambda one: (one.is_over, not one.is_running)))


def public_maintenance(number: int) -> PublicMaintenance | None:
    """One maintenance; None where the public knows of none."""
    rows = select(*_COLUMNS).where(Maintenance.is_public.is_(True), Maintenance.id == number)
    return next(iter(_filled(rows)), None)


def _filled(query: Select[*tuple[Any, ...]]) -> list[PublicMaintenance]:
    rows = db.session.execute(query).mappings().all()
    said = _updates([row["number"] for row in rows])
    named = {row["number"]: row["systems"].split(", ") if row["systems"] else [] for row in rows}
    shown = public_of(name for names in named.values() for name in names)
    return [
        PublicMaintenance(
            **{**row, "systems": tuple(name for name in named[row["number"]] if name in shown)},
            updates=tuple(said.get(row["number"], ())),
        )
        for row in rows
    ]


def _updates(numbers: list[int]) -> dict[int, list[PublicMaintenanceUpdate]]:
    if not numbers:
        return {}
    place = func.row_number().over(
        partition_by=MaintenanceUpdate.maintenance_id, order_by=MaintenanceUpdate.id.desc()
    )
    columns = (MaintenanceUpdate.id, MaintenanceUpdate.status, MaintenanceUpdate.body, MaintenanceUpdate.at)
    ranked = (
        select(MaintenanceUpdate.maintenance_id, *columns, place.label("place"))
        .where(MaintenanceUpdate.maintenance_id.in_(numbers))
        .subquery()
    )
    query = select(ranked).where(ranked.c.place <= UPDATES).order_by(ranked.c.id.desc())
    found: dict[int, list[PublicMaintenanceUpdate]] = {}
    for row in db.session.execute(query):
        update = PublicMaintenanceUpdate(row.id, row.status, row.body, row.at)
        found.setdefault(row.maintenance_id, []).append(update)
    return found
