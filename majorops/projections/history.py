"""Past incidents, month by month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from majorops.db import db
from majorops.models import Incident
from majorops.projections.queries import SUMMARY, systems_of
from majorops.projections.rules import IS_PUBLIC_INCIDENT
from majorops.projections.values import PublicMonth, PublicSummary

MONTH_LIMIT = 200


def public_month(first_day: date) -> PublicMonth:
    """The incidents that were opened in the month that begins with `first_day`; four queries."""
    next_month = (first_day + timedelta(days=31)).replace(day=1)
    start, end = (datetime(day.year, day.month, 1, tzinfo=UTC) for day in (first_day, next_month))
    rows = (
        select(*SUMMARY)
        .where(IS_PUBLIC_INCIDENT, Incident.opened_at >= start, Incident.opened_at < end)
        .order_by(Incident.opened_at.desc())
        .limit(MONTH_LIMIT + 1)
    )
    found = db.session.execute(rows).mappings().all()
    systems = systems_of([row["number"] for row in found[:MONTH_LIMIT]])
    return PublicMonth(
        first_day,
        tuple(PublicSummary(**row, **systems[row["number"]]) for row in found[:MONTH_LIMIT]),
        before=_month_of(func.max(Incident.opened_at), Incident.opened_at < start),
        after=_month_of(func.min(Incident.opened_at), Incident.opened_at >= end),
        has_more=len(found) > MONTH_LIMIT,
    )


def _month_of(time: ColumnElement[datetime], condition: ColumnElement[bool]) -> date | None:
    found = db.session.scalar(select(time).where(IS_PUBLIC_INCIDENT, condition))
    return found.date().replace(day=1) if found else None
