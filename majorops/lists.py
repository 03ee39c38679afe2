"""Lists of incidents and of maintenance for people who are signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from majorops.db import db
from majorops.domain.enums import AccountRole
from majorops.domain.maintenance import AHEAD_OR_RUNNING, OVER, RUNNING
from majorops.models import IS_RUNNING, AffectedSystem, Incident, Maintenance, MaintenanceUpdate, System, User

PER_PAGE = 50


@dataclass(frozen=True)
class IncidentList:
    """`running` by Box and age, all of them; `resolved` one page, newest first; `older_than` leads to the next."""

    running: list[Incident]
    resolved: list[Incident]
    older_than: int | None
    now: datetime
    before: int | None


def incident_list(before: int | None, now: datetime) -> IncidentList:
    """The list at /admin/incidents; `before`: resolved ones numbered below it."""
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
    names_one = Incident.systems.any(AffectedSystem.name.in_(systems))
    query = select(Incident).where(IS_RUNNING, names_one).options(selectinload(Incident.systems))
    return list(db.session.scalars(query.order_by(Incident.alarm_level.desc(), Incident.id)))


def maintenance_list() -> list[tuple[Maintenance, list[MaintenanceUpdate]]]:
    """Maintenance with its newest updates: running ones first, then planned ones by their start, then the newest that
    are over. Bounded, three queries."""
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
    of_each = {"partition_by": MaintenanceUpdate.maintenance_id, "order_by": MaintenanceUpdate.id.desc()}
    place = func.row_number().over(**of_each).label("place")
    ranked = (
        select(MaintenanceUpdate.id, place).where(MaintenanceUpdate.maintenance_id.in_(numbers)).subquery()
    )
    query = select(MaintenanceUpdate).join(ranked, ranked.c.id == MaintenanceUpdate.id)
    return list(db.session.scalars(query.where(ranked.c.place <= 5).order_by(MaintenanceUpdate.id.desc())))
