"""What may be typed into a field, for a list to choose from; and what runs already."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from majorops.db import db
from majorops.domain.enums import AccountRole
from majorops.models import IS_RUNNING, AffectedSystem, Incident, System, User


def catalogue() -> list[str]:
    """Names of the systems in use, at most 500, by name."""
    return list(
        db.session.scalars(select(System.name).filter_by(is_active=True).order_by(System.name).limit(500))
    )


def suggestions(kind: str) -> list[str]:
    """What may be typed into a field, for a list to choose from; at most 500.

    `kind`: `systems`, or `people` (who have an account); all else has none.
    """
    if kind == "systems":
        return catalogue()
    return people() if kind == "people" else []


def people() -> list[str]:
    """Names of active accounts but stakeholders, each once, at most 500, by name."""
    names = select(User.name).where(User.is_active.is_(True), User.role != AccountRole.STAKEHOLDER)
    return list(db.session.scalars(names.distinct().order_by(User.name).limit(500)))


def active_on(systems: list[str]) -> list[Incident]:
    """Running incidents that already name one of the systems, highest Box first."""
    names_one = Incident.systems.any(AffectedSystem.name.in_(systems))
    query = select(Incident).where(IS_RUNNING, names_one).options(selectinload(Incident.systems))
    return list(db.session.scalars(query.order_by(Incident.alarm_level.desc(), Incident.id)))
