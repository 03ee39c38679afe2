"""The only queries that fill the public values; each selects named columns."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select

from majorops.db import db
from majorops.domain.vocab import (
    IncidentStatus,
    Visibility,
)
from majorops.models import AffectedSystem, Incident, Publication, TimelineEvent
from majorops.projections.values import PublicEntry, PublicIncident, PublicStatus, PublicSummary, PublicUpdate

RECENT = timedelta(days=30)
RECENT_LIMIT = 50
ENTRIES_PER_PAGE = 40
UPDATES_SHOWN = 12

# The SQL face of domain/visibility.py.
IS_PUBLIC_INCIDENT = and_(Incident.is_public.is_(True), Incident.is_drill.is_(False))
IS_PUBLIC_ENTRY = TimelineEvent.visibility == Visibility.PUBLIC


_SUMMARY = (
    Incident.id.label("number"),
    Incident.title,
    Incident.severity,
    Incident.alarm_level,
    Incident.status,
    Incident.phase,
    Incident.opened_at,
    Incident.detected_at,
    Incident.resolved_at,
)
_DETAIL = (
    *_SUMMARY,
    Incident.issue_time,
    Incident.resolve_time,
    Incident.customer_count,
    Incident.customer_count_is_approximate,
    Incident.external_impact,
    Incident.bridge_url,
    Incident.bridge_is_public,
    Incident.continues_id,
)


def public_status(now: datetime) -> PublicStatus:
    """The whole status page; five queries however many incidents there are."""
    running = select(*_SUMMARY).where(IS_PUBLIC_INCIDENT, Incident.status != IncidentStatus.RESOLVED)
    rows = (
        db.session.execute(running.order_by(Incident.alarm_level.desc(), Incident.opened_at)).mappings().all()
    )
    numbers = [row["number"] for row in rows]
    systems, latest, promises = _systems(numbers), _latest(numbers), _promises(numbers)
    active = tuple(
        PublicSummary(
            **row,
            systems=systems[row["number"]],
            latest_text=latest[row["number"]][0] if row["number"] in latest else "",
            last_update_at=latest[row["number"]][1] if row["number"] in latest else None,
            next_update_eta=promises.get(row["number"]),
        )
        for row in rows
    )
    ended = (
        select(*_SUMMARY)
        .where(IS_PUBLIC_INCIDENT, Incident.status == IncidentStatus.RESOLVED)
        .order_by(Incident.resolved_at.desc())
        .limit(RECENT_LIMIT)
    )
    resolved = [PublicSummary(**row) for row in db.session.execute(ended).mappings()]
    recent = tuple(incident for incident in resolved if incident.resolved_at >= now - RECENT)
    return PublicStatus(active, recent, resolved[0] if resolved else None)


def public_incident(number: int, before: int | None = None) -> PublicIncident | None:
    """One incident with its newest public entries, or those older than entry `before`.
    None where the public has no such incident: never used, private or a drill alike."""
    row = (
        db.session.execute(select(*_DETAIL).where(IS_PUBLIC_INCIDENT, Incident.id == number))
        .mappings()
        .first()
    )
    if row is None:
        return None
    known = dict(row)
    continues, shows_bridge = known.pop("continues_id"), known.pop("bridge_is_public")
    entries = _entries(number, before)
    updates = _updates(number)
    newest = next((update for update in updates if not update.withdrawn_at), None)
    return PublicIncident(
        **known | {"bridge_url": known["bridge_url"] if shows_bridge else None},
        systems=_systems([number])[number],
        latest_text=newest.body if newest else "",
        last_update_at=(newest.corrected_at or newest.at) if newest else None,
        next_update_eta=_promises([number]).get(number),
        continues=_public_number(Incident.id == continues) if continues else None,
        continued_by=_public_number(Incident.continues_id == number),
        updates=updates,
        entries=tuple(entries[:ENTRIES_PER_PAGE]),
        has_older=len(entries) > ENTRIES_PER_PAGE,
    )


def _public_number(condition) -> int | None:
    return db.session.scalar(select(Incident.id).where(IS_PUBLIC_INCIDENT, condition))


def _systems(numbers: list[int]) -> dict[int, tuple[str, ...]]:
    rows = db.session.execute(
        select(AffectedSystem.incident_id, AffectedSystem.name)
        .where(AffectedSystem.incident_id.in_(numbers))
        .order_by(AffectedSystem.id)
    )
    found: dict[int, tuple[str, ...]] = defaultdict(tuple)
    for number, name in rows:
        found[number] += (name,)
    return found


def _newest(numbers: list[int], *columns, condition) -> Select:
    """One row an incident: its newest public publication that meets the condition."""
    place = func.row_number().over(partition_by=Publication.incident_id, order_by=Publication.id.desc())
    ranked = (
        select(Publication.incident_id, *columns, place.label("place"))
        .where(Publication.incident_id.in_(numbers), Publication.visibility == Visibility.PUBLIC, condition)
        .subquery()
    )
    return select(ranked).where(ranked.c.place == 1)


def _latest(numbers: list[int]) -> dict[int, tuple[str, datetime]]:
    query = _newest(numbers, Publication.body, Publication.at, condition=Publication.withdrawn_at.is_(None))
    return {row.incident_id: (row.body, row.at) for row in db.session.execute(query)}


def _promises(numbers: list[int]) -> dict[int, datetime]:
    """The promise that the public was given last: an internal one does not count outside."""
    query = _newest(numbers, Publication.next_update_eta, condition=Publication.next_update_eta.is_not(None))
    return {row.incident_id: row.next_update_eta for row in db.session.execute(query)}


def _updates(number: int) -> tuple[PublicUpdate, ...]:
    """Newest first; a correction stands in the place of what it corrects."""
    seen = or_(Publication.visibility == Visibility.PUBLIC, Publication.withdrawn_at.is_not(None))
    query = (
        select(
            Publication.id,
            Publication.number,
            Publication.title,
            Publication.body,
            Publication.at,
            Publication.next_update_eta,
            Publication.is_resolution,
            Publication.withdrawn_at,
            Publication.corrects_id,
        )
        .where(Publication.incident_id == number, seen)
        .order_by(Publication.id.desc())
        .limit(UPDATES_SHOWN * 2)
    )
    rows = {row["id"]: dict(row) for row in db.session.execute(query).mappings()}
    corrected_by = {row["corrects_id"]: row for row in rows.values() if row["corrects_id"]}
    shown = [_update(row, corrected_by) for row in rows.values() if row["corrects_id"] not in rows]
    return tuple(shown[:UPDATES_SHOWN])


def _update(row: dict, corrected_by: dict[int, dict]) -> PublicUpdate:
    chain = [row]
    while (next_row := corrected_by.get(chain[-1]["id"])) is not None:
        chain.append(next_row)
    newest = chain[-1]
    return PublicUpdate(
        id=row["id"],
        number=row["number"],
        title="" if newest["withdrawn_at"] else row["title"] * (row["withdrawn_at"] is None),
        body="" if newest["withdrawn_at"] else newest["body"],
        at=row["at"],
        next_update_eta=None
        if newest["withdrawn_at"]
        else newest["next_update_eta"] or row["next_update_eta"],
        is_resolution=row["is_resolution"],
        withdrawn_at=newest["withdrawn_at"],
        corrected_at=newest["at"] if newest is not row else None,
        earlier=tuple(old["body"] for old in reversed(chain[:-1]) if not old["withdrawn_at"]),
    )


def _entries(number: int, before: int | None) -> list[PublicEntry]:
    """One more than a page, so that the caller knows whether there is an older one."""
    correction = TimelineEvent.__table__.alias()
    struck = (
        select(correction.c.id)
        .where(correction.c.corrects_id == TimelineEvent.id, correction.c.visibility == Visibility.PUBLIC)
        .exists()
    )
    query = (
        select(
            TimelineEvent.seq,
            TimelineEvent.type,
            TimelineEvent.title,
            TimelineEvent.detail,
            TimelineEvent.at,
            TimelineEvent.phase,
            struck.label("is_struck"),
        )
        .where(TimelineEvent.incident_id == number, IS_PUBLIC_ENTRY)
        .order_by(TimelineEvent.seq.desc())
        .limit(ENTRIES_PER_PAGE + 1)
    )
    if before is not None:
        query = query.where(TimelineEvent.seq < before)
    return [PublicEntry(**row) for row in db.session.execute(query).mappings()]
