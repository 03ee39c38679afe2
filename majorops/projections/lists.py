"""Which numbers the public knows."""

from __future__ import annotations

from sqlalchemy import select

from majorops.db import db
from majorops.models import Incident, Maintenance
from majorops.projections.rules import IS_PUBLIC_DUPLICATE, IS_PUBLIC_INCIDENT

BATCH = 500


def every_public_incident() -> list[int]:
    """The number of each, the newest first; without a bound, for writing every page."""
    return list(
        db.session.scalars(select(Incident.id).where(IS_PUBLIC_INCIDENT).order_by(Incident.id.desc()))
    )


def every_public_duplicate() -> list[int]:
    """The number of each incident whose address leads to the one that it was merged into."""
    return list(db.session.scalars(select(Incident.id).where(IS_PUBLIC_DUPLICATE).order_by(Incident.id)))


def still_public(kind: str, numbers: list[int]) -> set[int]:
    """Which of these incidents (`incidents`) or maintenances (`maintenance`) the public knows."""
    column, rule = {
        "incidents": (Incident.id, IS_PUBLIC_INCIDENT),
        "maintenance": (Maintenance.id, Maintenance.is_public.is_(True)),
    }[kind]
    found: set[int] = set()
    for start in range(0, len(numbers), BATCH):
        found.update(
            db.session.scalars(select(column).where(rule, column.in_(numbers[start : start + BATCH])))
        )
    return found
