"""The systems that the public page lists: how they are now, and how they were day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, SQLColumnExpression, case, func, select, union_all

from majorops.db import db
from majorops.domain.enums import Severity, SystemStatus
from majorops.domain.systems import RANK, system_status
from majorops.models import AffectedSystem, Incident, System
from majorops.projections.rules import HAS_RUNNING_STATUS, IS_PUBLIC_INCIDENT, IS_PUBLIC_SYSTEM

DAYS = 90
PAST_LIMIT = 1_000  # past incidents that the history reads, newest first


def listed_systems() -> list[tuple[str, str]]:
    """Name and group of the systems that the catalogue gives to the public; those without a group last."""
    rows = (
        select(System.name, System.group_name)
        .where(IS_PUBLIC_SYSTEM, System.is_active.is_(True))
        .order_by(System.group_name == "", System.group_name, System.name)
    )
    return [(name, group) for name, group in db.session.execute(rows)]


def public_of(names: Iterable[str]) -> set[str]:
    """Those of these names that the public may read (`rules.IS_PUBLIC_SYSTEM`), in use or retired."""
    asked = list(dict.fromkeys(names))
    known = select(System.name).where(IS_PUBLIC_SYSTEM, System.name.in_(asked))
    return set(db.session.scalars(known)) if asked else set()


def public_days(now: datetime) -> dict[str, tuple[tuple[int, SystemStatus], ...]]:
    """Listed system → what was worse than operational in the last 90 days, 0 being today.

    For the status page alone: no other question of its kind costs as much.
    """
    names = [name for name, _ in listed_systems()]
    found = days_of(names, now) if names else {}
    return {name: tuple(sorted(found.get(name, {}).items())) for name in names}


def days_of(names: Iterable[str], now: datetime) -> dict[str, dict[int, SystemStatus]]:
    """System → day (0 is today) → the worst of it, where worse than operational; one query."""
    first = now - timedelta(days=DAYS)
    running = select(Incident.id).where(HAS_RUNNING_STATUS)
    ended = (
        select(Incident.id)
        .where(IS_PUBLIC_INCIDENT, Incident.resolved_at >= first)
        .order_by(Incident.resolved_at.desc())
        .limit(PAST_LIMIT)
        .subquery()
        .select()
    )
    began, over = _day(Incident.detected_at), _day(Incident.resolved_at)
    # What somebody set last stands for its end, mostly operational; the severity says how bad it was.
    by_severity = case({one: RANK[system_status(None, one)] for one in Severity}, value=Incident.severity)
    chosen = case({one: RANK[one] for one in SystemStatus}, value=AffectedSystem.status, else_=-1)
    rows = (
        select(AffectedSystem.name, began, over, func.max(by_severity), func.max(chosen))
        .join(AffectedSystem.incident)
        .where(IS_PUBLIC_INCIDENT)
        .where(Incident.id.in_(union_all(running, ended)))
        .group_by(AffectedSystem.name, began, over)
    )
    status_of = {rank: status for status, rank in RANK.items()}
    found: dict[str, dict[int, SystemStatus]] = defaultdict(dict)
    listed = set(names)
    for name, first_day, last_day, *ranks in db.session.execute(rows):
        if name not in listed:  # asked for by name, SQLite would read every incident that the system ever had
            continue
        ended_on = date.fromisoformat(str(last_day)) if last_day else now.date()
        rank = max(ranks)
        for day in _days(date.fromisoformat(str(first_day)), ended_on, now.date()):
            if rank > RANK[found[name].get(day, SystemStatus.OPERATIONAL)]:
                found[name][day] = status_of[rank]
    return found


def _day(time: SQLColumnExpression[datetime | None]) -> ColumnElement[date | None]:
    """The UTC day of a time, as the database says it."""
    is_sqlite = db.engine.dialect.name == "sqlite"
    return func.date(time if is_sqlite else func.timezone("UTC", time))


def _days(first: date, last: date, today: date) -> range:
    """The days from the first to the last as days before today."""
    return range(max((today - last).days, 0), min((today - first).days, DAYS - 1) + 1)
