"""Lists of incidents for people who are signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from majorops.db import db
from majorops.domain.vocab import AccountRole, IncidentStatus
from majorops.models import AffectedSystem, Incident, System, User
from majorops.screen import is_wartime

PER_PAGE = 50


@dataclass(frozen=True)
class IncidentList:
    """`running` by Box and age, all of them; `resolved` one page, newest first; `older_than` leads to the next."""

    running: list[Incident]
    resolved: list[Incident]
    older_than: int | None
    is_wartime: bool
    now: datetime
    before: int | None


def incident_list(before: int | None, now: datetime) -> IncidentList:
    """The list at /admin/incidents; `before`: resolved ones numbered below it."""
    running = select(Incident).where(Incident.status != IncidentStatus.RESOLVED)
    resolved = select(Incident).where(Incident.status == IncidentStatus.RESOLVED).order_by(Incident.id.desc())
    if before:
        resolved = resolved.where(Incident.id < before)
    rows = db.session.scalars(resolved.limit(PER_PAGE + 1)).all()
    return IncidentList(
        running=db.session.scalars(running.order_by(Incident.alarm_level.desc(), Incident.opened_at)).all(),
        resolved=rows[:PER_PAGE],
        older_than=rows[PER_PAGE - 1].id if len(rows) > PER_PAGE else None,
        is_wartime=is_wartime(),
        now=now,
        before=before,
    )


def catalogue() -> list[str]:
    """Names of the systems catalogue, for suggestions."""
    return list(
        db.session.scalars(select(System.name).filter_by(is_active=True).order_by(System.name).limit(500))
    )


def suggestions(name: str) -> list[str]:
    """What may be typed into a field, for a list to choose from: systems, or people who have an account."""
    if name == "affected_systems":
        return catalogue()
    return people() if name.startswith("command.") else []


def people() -> list[str]:
    """Names of active accounts that may hold a role, each once."""
    names = select(User.name).where(User.is_active.is_(True), User.role != AccountRole.STAKEHOLDER)
    return list(db.session.scalars(names.distinct().order_by(User.name).limit(500)))


def active_on(systems: list[str]) -> list[Incident]:
    """Running incidents that already name one of the systems, highest Box first."""
    query = (
        select(Incident)
        .join(AffectedSystem)
        .where(AffectedSystem.name.in_(systems), Incident.status != IncidentStatus.RESOLVED)
        .options(selectinload(Incident.systems))
        .distinct()
    )
    found = db.session.scalars(query).unique()
    return sorted(found, key=lambda incident: (-incident.alarm_level, incident.id))
