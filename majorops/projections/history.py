"""Past incidents, month by month."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from majorops.db import db
from majorops.domain.enums import Visibility
from majorops.domain.events import AuditKind
from majorops.domain.search import Query
from majorops.models import AuditEntry, Incident, Publication, TimelineEvent
from majorops.models.full_text import PUBLIC, found_by
from majorops.projections.queries import SUMMARY, systems_of
from majorops.projections.rules import IS_PUBLIC_INCIDENT
from majorops.projections.systems import public_uptimes
from majorops.projections.values import PublicMonth, PublicSummary, SaidThen

MONTH_LIMIT = 200
# PostgreSQL gives out numbers before the commit: an entry may come after others with a higher one.
OVERLAP, OVERLAP_TIME = 200, timedelta(minutes=1)
NEWEST = 500  # entries that a start looks back at: what they changed may not stand in the files yet
PUBLIC_KINDS = [kind.value for kind in AuditKind if kind.is_public]


@dataclass(frozen=True)
class RecordChanges:
    """What came into the record since a place in it.

    `entry`, `audit`: the newest number of the timelines and of the audit; `numbers`: the incidents that have
    new entries, public or not; `months`: the first days of the months in which they were opened; `is_wide`:
    something that any page may name has changed.
    """

    entry: int
    audit: int
    numbers: list[int]
    months: frozenset[date]
    is_wide: bool


def record_changes(entry: int | None, audit: int | None, now: datetime) -> RecordChanges:
    """What came after these numbers, and within a minute before them; None: after the newest NEWEST entries.

    Four queries, each by a key.
    """
    newest = db.session.scalar(select(func.max(TimelineEvent.id))) or 0
    newest_audit = db.session.scalar(select(func.max(AuditEntry.id))) or 0
    if entry is None or audit is None:
        entry, audit = max(0, newest - NEWEST), newest_audit
    found = db.session.execute(
        select(Incident.id, Incident.opened_at)
        .join(TimelineEvent, TimelineEvent.incident_id == Incident.id)
        .where(_is_after(TimelineEvent, entry, now))
        .distinct()
    )
    opened = dict(found.all())
    kinds = db.session.scalars(select(AuditEntry.kind).where(_is_after(AuditEntry, audit, now)).distinct())
    return RecordChanges(
        newest,
        newest_audit,
        list(opened),
        frozenset(at.date().replace(day=1) for at in opened.values()),
        not set(PUBLIC_KINDS).isdisjoint(kinds),
    )


def _is_after(of: type[TimelineEvent] | type[AuditEntry], number: int, now: datetime) -> ColumnElement[bool]:
    return and_(of.id > number - OVERLAP, or_(of.id > number, of.at >= now - OVERLAP_TIME))


def public_months(until: date) -> list[date]:
    """The first day of `until`'s month and of every month before that has incidents, newest first."""
    found: list[date] = []
    month: date | None = until.replace(day=1)
    while month is not None:
        found.append(month)
        start = datetime(month.year, month.month, 1, tzinfo=UTC)
        month = _month_of(func.max(Incident.opened_at), Incident.opened_at < start)
    return found


SEARCH_LOOKED = 200  # newest matches that are looked at
SEARCH_LIMIT = 50  # newest incidents that a search of the public finds


Found = tuple[tuple[PublicSummary, ...], dict[int, tuple[SaidThen, ...]], bool]


def public_search(query: Query) -> Found:
    """The newest incidents whose public text holds what is asked for, what was said of them, whether more do.

    From the public's own index. What is no longer public is not in it, and is asked for here again.
    """
    found = found_by(PUBLIC, query, SEARCH_LOOKED)
    rows_of = select(*SUMMARY).where(IS_PUBLIC_INCIDENT, Incident.id.in_(found))
    newest = rows_of.order_by(Incident.opened_at.desc(), Incident.id.desc()).limit(SEARCH_LIMIT + 1)
    rows = db.session.execute(newest).mappings().all()
    numbers = [row["number"] for row in rows[:SEARCH_LIMIT]]
    systems = systems_of(numbers)
    shown = tuple(PublicSummary(**row, **systems[row["number"]]) for row in rows[:SEARCH_LIMIT])
    return shown, _said(numbers), len(rows) > SEARCH_LIMIT


TOLD_LIMIT = 40  # incidents of a month whose updates are read
TOLD_EACH = 6


def public_month(first_day: date, now: datetime | None = None) -> PublicMonth:
    """The incidents that were opened in the month that begins with `first_day`.

    With `now` also what was said of the newest of them, and the uptime of the systems in it.
    """
    next_month = (first_day + timedelta(days=31)).replace(day=1)
    start, end = (datetime(day.year, day.month, 1, tzinfo=UTC) for day in (first_day, next_month))
    rows = (
        select(*SUMMARY)
        .where(IS_PUBLIC_INCIDENT, Incident.opened_at >= start, Incident.opened_at < end)
        .order_by(Incident.opened_at.desc(), Incident.id.desc())
        .limit(MONTH_LIMIT + 1)
    )
    found = db.session.execute(rows).mappings().all()
    systems = systems_of([row["number"] for row in found[:MONTH_LIMIT]])
    more: dict[str, Any] = {}
    if now:
        more["said"] = _said([row["number"] for row in found[:TOLD_LIMIT]])
        more["uptimes"] = tuple(public_uptimes(first_day, now))
    return PublicMonth(
        first_day,
        tuple(PublicSummary(**row, **systems[row["number"]]) for row in found[:MONTH_LIMIT]),
        before=_month_of(func.max(Incident.opened_at), Incident.opened_at < start),
        after=_month_of(func.min(Incident.opened_at), Incident.opened_at >= end),
        has_more=len(found) > MONTH_LIMIT,
        **more,
    )


def _said(numbers: list[int]) -> dict[int, tuple[SaidThen, ...]]:
    """Number → what the public may still read of what was said, newest first; a correction in its place."""
    corrects = select(Publication.corrects_id).where(
        Publication.incident_id.in_(numbers),
        Publication.corrects_id.is_not(None),
        Publication.visibility == Visibility.PUBLIC,
    )
    columns = (Publication.public_number, Publication.number, Publication.body, Publication.at)
    place = func.row_number().over(partition_by=Publication.incident_id, order_by=Publication.id.desc())
    ranked = (
        select(Publication.incident_id, Publication.id, *columns, place.label("place"))
        .where(Publication.incident_id.in_(numbers), Publication.visibility == Visibility.PUBLIC)
        .where(Publication.withdrawn_at.is_(None), Publication.id.not_in(corrects))
        .subquery()
    )
    found: dict[int, tuple[SaidThen, ...]] = defaultdict(tuple)
    for row in db.session.execute(
        select(ranked).where(ranked.c.place <= TOLD_EACH).order_by(ranked.c.id.desc())
    ):
        one = SaidThen(row.public_number or row.number, row.body, row.at)
        found[row.incident_id] += (one,)
    return dict(found)


def _month_of(time: ColumnElement[datetime], condition: ColumnElement[bool]) -> date | None:
    found = db.session.scalar(select(time).where(IS_PUBLIC_INCIDENT, condition))
    return found.date().replace(day=1) if found else None
