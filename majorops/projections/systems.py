"""The systems that the public page lists: how they are now, and how they were day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select

from majorops.db import db
from majorops.domain.systems import RANK, system_status, worst
from majorops.domain.vocab import SystemStatus
from majorops.models import AffectedSystem, Incident, System
from majorops.projections.rules import IS_PUBLIC_INCIDENT

DAYS = 90
PAST_LIMIT = 2_000  # lines of past incidents that the history reads, newest first


def listed_systems() -> list[tuple[str, str]]:
    """Name and group of the systems that the catalogue gives to the public; those without a group last."""
    rows = (
        select(System.name, System.group_name)
        .where(System.is_public.is_(True), System.is_active.is_(True))
        .order_by(System.group_name == "", System.group_name, System.name)
    )
    return [tuple(row) for row in db.session.execute(rows)]


def days_of(names: Iterable[str], now: datetime) -> dict[str, dict[int, SystemStatus]]:
    """System → day (0 is today) → the worst of that day, where it was worse than operational; one query."""
    first = now - timedelta(days=DAYS)
    rows = (
        select(
            AffectedSystem.name,
            AffectedSystem.status,
            Incident.severity,
            Incident.detected_at,
            Incident.resolved_at,
        )
        .join(AffectedSystem.incident)
        .where(IS_PUBLIC_INCIDENT, AffectedSystem.name.in_(list(names)))
        .where(or_(Incident.resolved_at.is_(None), Incident.resolved_at >= first))
        .order_by(Incident.id.desc())
        .limit(PAST_LIMIT)
    )
    found: dict[str, dict[int, SystemStatus]] = defaultdict(dict)
    for name, chosen, severity, began, ended in db.session.execute(rows):
        # What somebody set last stands for its end, mostly operational; the severity says how bad it was.
        status = worst((system_status(chosen, severity), system_status(None, severity)))
        for day in _days(began.date(), (ended or now).date(), now.date()):
            if RANK[status] > RANK[found[name].get(day, SystemStatus.OPERATIONAL)]:
                found[name][day] = status
    return found


def _days(first: date, last: date, today: date) -> range:
    """The days from the first to the last as days before today."""
    return range(max((today - last).days, 0), min((today - first).days, DAYS - 1) + 1)
