"""The only queries that fill the public values of incidents; each selects named columns."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, TypedDict

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from majorops.db import db
from majorops.domain import text as words
from majorops.domain.after_close import late_by
from majorops.domain.enums import SystemStatus, Visibility
from majorops.domain.events import NOTES, EventKind
from majorops.domain.measures import Kept, kept
from majorops.domain.phases import steps
from majorops.domain.public_names import entry_key, publication_key
from majorops.domain.systems import worst
from majorops.models import (
    IS_NO_CORRECTION,
    IS_RUNNING,
    PHASES_ENTERED,
    AffectedSystem,
    Incident,
    Publication,
    System,
    TimelineEvent,
)
from majorops.projections.maintenance import PublicMaintenance, public_maintenances
from majorops.projections.promises import newest, promises
from majorops.projections.rules import (
    IS_PUBLIC_DUPLICATE,
    IS_PUBLIC_ENTRY,
    IS_PUBLIC_INCIDENT,
    IS_PUBLIC_SYSTEM,
    PUBLIC_TITLE,
)
from majorops.projections.systems import listed_systems
from majorops.projections.values import (
    PUBLIC_TEXTS,
    PublicEntry,
    PublicIncident,
    PublicStatus,
    PublicSummary,
    PublicSystem,
    PublicUpdate,
)

RECENT = timedelta(days=30)
RECENT_LIMIT = 50
ENTRIES_PER_PAGE = 40
UPDATES_SHOWN = 12
DUPLICATES_SHOWN = 200  # entries of duplicates on one page

KEPT_OVER = 500  # publications that adherence looks at
# Said by links that look at the other incident; an entry would go on telling of one that is private by now.
CHECKS = (EventKind.CHECK_SET, EventKind.WINDOW_RESTARTED)
LINKS = (EventKind.INCIDENT_CONTINUED, EventKind.INCIDENT_CONTINUES)


SUMMARY = (
    Incident.id.label("number"),
    PUBLIC_TITLE.label("title"),
    Incident.severity,
    Incident.alarm_level,
    Incident.status,
    Incident.phase,
    Incident.opened_at,
    Incident.detected_at,
    Incident.resolved_at,
)
_DETAIL = (
    *SUMMARY,
    Incident.issue_time,
    Incident.resolve_time,
    Incident.customer_count,
    Incident.customer_count_is_approximate,
    Incident.external_impact,
    *(getattr(Incident, name) for name in PUBLIC_TEXTS),
    Incident.bridge_url,
    Incident.bridge_is_public,
    Incident.continues_id,
)


class NamedSystems(TypedDict):
    """The names of an incident's systems and how somebody said that each is."""

    systems: tuple[str, ...]
    chosen: tuple[SystemStatus | None, ...]


def public_status(now: datetime) -> PublicStatus:
    """The whole status page; the same number of queries however many incidents there are."""
    running = select(*SUMMARY).where(IS_PUBLIC_INCIDENT, IS_RUNNING)
    rows = (
        db.session.execute(running.order_by(Incident.alarm_level.desc(), Incident.opened_at, Incident.id))
        .mappings()
        .all()
    )
    numbers = [row["number"] for row in rows]
    systems, latest, promised = systems_of(numbers), _latest(numbers), promises(numbers)
    active = tuple(
        PublicSummary(
            **row,
            **systems[row["number"]],
            latest_text=latest[row["number"]][0] if row["number"] in latest else "",
            last_update_at=latest[row["number"]][1] if row["number"] in latest else None,
            **promised[row["number"]],
        )
        for row in rows
    )
    ended = (
        select(*SUMMARY)
        .where(IS_PUBLIC_INCIDENT, Incident.resolved_at.is_not(None))
        .order_by(Incident.resolved_at.desc(), Incident.id.desc())
        .limit(RECENT_LIMIT)
    )
    resolved = [PublicSummary(**row) for row in db.session.execute(ended).mappings()]
    recent = tuple(one for one in resolved if one.resolved_at and one.resolved_at >= now - RECENT)
    known = public_maintenances()
    return PublicStatus(
        active,
        recent,
        resolved[0] if resolved else None,
        _listed(active, known),
        tuple(one for one in known if not one.is_over),
    )


def _listed(
    active: tuple[PublicSummary, ...], known: tuple[PublicMaintenance, ...]
) -> tuple[PublicSystem, ...]:
    """The systems of the catalogue that are public and in use, and retired ones that are named still."""
    groups = dict(listed_systems())
    found: dict[str, list[SystemStatus]] = {name: [] for name in groups}
    through: dict[str, list[int]] = defaultdict(list)
    for incident in active:
        for name, status in incident.statuses.items():
            found.setdefault(name, []).append(status)
            through[name].append(incident.number)
    for one in known:
        for name in one.systems if one.is_running else ():
            found.setdefault(name, []).append(SystemStatus.MAINTENANCE)
    return tuple(
        PublicSystem(
            name,
            groups.get(name, ""),
            worst(statuses),
            tuple(through[name]),
        )
        for name, statuses in found.items()
    )


def public_incident(number: int, before: int | None = None) -> PublicIncident | None:
    """One incident with its newest public entries, or those older than entry `before`.

    None where the public has no such incident: never used, private or a drill alike.
    """
    row = (
        db.session.execute(select(*_DETAIL).where(IS_PUBLIC_INCIDENT, Incident.id == number))
        .mappings()
        .first()
    )
    if row is None:
        return None
    known = dict(row)
    continues, shows_bridge = known.pop("continues_id"), known.pop("bridge_is_public")
    entries, has_older = _entries(number, before)
    updates = _updates(number, known["resolved_at"])
    newest = next((update for update in updates if not update.withdrawn_at), None)
    entered = PHASES_ENTERED.where(TimelineEvent.incident_id == number)
    return PublicIncident(
        **known | {"bridge_url": known["bridge_url"] if shows_bridge else None},
        **systems_of([number])[number],
        latest_text=newest.body if newest else "",
        last_update_at=(newest.corrected_at or newest.at) if newest else None,
        **promises([number])[number],
        continues=_public_number(Incident.id == continues) if continues else None,
        continued_by=_public_number(Incident.continues_id == number),
        updates=updates,
        entries=entries,
        has_older=has_older,
        kept=_kept(number, known["opened_at"], known["resolved_at"]) if known["resolved_at"] else None,
        steps=tuple(steps(known["phase"], db.session.scalars(entered), known["resolved_at"] is not None)),
    )


def _public_number(condition: ColumnElement[bool]) -> int | None:
    return db.session.scalar(select(Incident.id).where(IS_PUBLIC_INCIDENT, condition))


def _kept(number: int, opened_at: datetime, resolved_at: datetime | None) -> Kept:
    """How the promises that were made to the public were kept."""
    said = (
        select(Publication.at, Publication.next_update_eta)
        .where(Publication.incident_id == number, Publication.visibility == Visibility.PUBLIC)
        .where(IS_NO_CORRECTION, Publication.is_late.is_(False))
        .order_by(Publication.id)
        .limit(KEPT_OVER)
    )
    return kept(opened_at, [(at, due_at) for at, due_at in db.session.execute(said)], resolved_at)


def systems_of(numbers: list[int]) -> dict[int, NamedSystems]:
    """Number → its systems that the public may read of, in the order named; none for any other number.

    One query.
    """
    rows = db.session.execute(
        select(AffectedSystem.incident_id, AffectedSystem.name, AffectedSystem.status)
        .join(System, and_(System.name == AffectedSystem.name, IS_PUBLIC_SYSTEM))
        .where(AffectedSystem.incident_id.in_(numbers))
        .order_by(AffectedSystem.id)
    )
    found: dict[int, NamedSystems] = defaultdict(lambda: {"systems": (), "chosen": ()})
    for number, name, status in rows:
        known = found[number]
        found[number] = {"systems": (*known["systems"], name), "chosen": (*known["chosen"], status)}
    return found


def _latest(numbers: list[int]) -> dict[int, tuple[str, datetime]]:
    said = and_(Publication.withdrawn_at.is_(None), Publication.is_review.is_(False))
    query = newest(numbers, Publication.body, Publication.at, condition=said)
    return {row.incident_id: (row.body, row.at) for row in db.session.execute(query)}


def _updates(number: int, resolved_at: datetime | None) -> tuple[PublicUpdate, ...]:
    """Newest first; a correction stands in the place of what it corrects."""
    seen = or_(Publication.visibility == Visibility.PUBLIC, Publication.withdrawn_at.is_not(None))
    query = (
        select(
            Publication.id,
            Publication.public_key,
            Publication.number,
            Publication.public_number,
            Publication.title,
            Publication.body,
            Publication.at,
            Publication.next_update_eta,
            Publication.is_resolution,
            Publication.withdrawn_at,
            Publication.corrects_id,
            Publication.is_late,
            Publication.is_review,
        )
        .where(Publication.incident_id == number, seen)
        .order_by(Publication.id.desc())
        .limit(UPDATES_SHOWN * 2)
    )
    rows = {row["id"]: dict(row) for row in db.session.execute(query).mappings()}
    corrected_by = {row["corrects_id"]: row for row in rows.values() if row["corrects_id"]}
    firsts = [row for row in rows.values() if row["corrects_id"] not in rows]
    shown = [_update(row, corrected_by, resolved_at) for row in firsts]
    return tuple(shown[:UPDATES_SHOWN])


def _update(
    row: dict[str, Any], corrected_by: dict[int, dict[str, Any]], resolved_at: datetime | None
) -> PublicUpdate:
    chain = [row]
    while (next_row := corrected_by.get(chain[-1]["id"])) is not None:
        chain.append(next_row)
    newest = chain[-1]
    return PublicUpdate(
        keys=tuple(publication_key(one["public_key"], one["id"]) for one in chain),
        number=row["public_number"] or row["number"],
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
        late_by=late_by(row["at"], resolved_at) if row["is_late"] else None,
        is_review=row["is_review"],
    )


def public_entry(number: int, key: str) -> int | None:
    """The place of a public entry: an older page of the timeline begins after it.

    `key`: of the shape KEY. None where the public incident has no entry of this name (`PublicEntry.key`). One
    that has a key is not found by its number: by trying, people would learn how many there are between.
    """
    is_old = key.isdigit()
    named = TimelineEvent.public_key.is_(None) if is_old else TimelineEvent.public_key == key
    query = (
        select(TimelineEvent.seq)
        .join(Incident, Incident.id == TimelineEvent.incident_id)
        .where(TimelineEvent.incident_id == number, named, IS_PUBLIC_INCIDENT, IS_PUBLIC_ENTRY)
    )
    if is_old:
        query = query.where(TimelineEvent.seq == int(key))
    return db.session.scalar(query) if number < 2**31 else None


def public_event(number: int, seq: int) -> tuple[PublicSummary, PublicEntry | None] | None:
    """An incident with one entry of its timeline, by its place; no entry where that is internal by now.

    None where the public has no such incident. Three queries.
    """
    of = select(*SUMMARY).where(IS_PUBLIC_INCIDENT, Incident.id == number)
    row = db.session.execute(of).mappings().first()
    if row is None:
        return None
    entry = _entry_query().where(TimelineEvent.incident_id == number, TimelineEvent.seq == seq)
    found = db.session.execute(entry).first()
    return PublicSummary(**row, **systems_of([number])[number]), _entry(found, number) if found else None


def public_duplicate(number: int) -> int | None:
    """The number of the public incident that this one was merged into; None where the public has none."""
    kept = aliased(Incident)
    query = (
        select(kept.id)
        .join(Incident, Incident.merged_into_id == kept.id)
        .where(Incident.id == number, IS_PUBLIC_DUPLICATE)
        .where(kept.is_public.is_(True), kept.is_drill.is_(False), kept.merged_into_id.is_(None))
    )
    return db.session.scalar(query) if number < 2**31 else None


def _entries(number: int, before: int | None) -> tuple[tuple[PublicEntry, ...], bool]:
    """A page of the timeline, newest first, and whether there is an older one.

    `before`: the `seq` of an entry of its own. Between its own entries stand those of its duplicates that
    were made meanwhile.
    """
    query = _entry_query().where(TimelineEvent.incident_id == number)
    if before is not None:
        query = query.where(TimelineEvent.seq < before)
    newest = query.order_by(TimelineEvent.seq.desc()).limit(ENTRIES_PER_PAGE + 1)
    own = db.session.execute(newest).all()
    page, has_older = own[:ENTRIES_PER_PAGE], len(own) > ENTRIES_PER_PAGE
    others = db.session.scalars(
        select(Incident.id).where(IS_PUBLIC_DUPLICATE, Incident.merged_into_id == number)
    ).all()
    rows = list(page)
    if others:
        meanwhile = _entry_query().where(TimelineEvent.incident_id.in_(others))
        if has_older:
            meanwhile = meanwhile.where(TimelineEvent.at >= page[-1].at)
        if before is not None:
            upper = select(TimelineEvent.at).filter_by(incident_id=number, seq=before).scalar_subquery()
            meanwhile = meanwhile.where(TimelineEvent.at < upper)
        last = meanwhile.order_by(TimelineEvent.at.desc(), TimelineEvent.id.desc()).limit(DUPLICATES_SHOWN)
        rows += db.session.execute(last).all()
        rows.sort(key=lambda row: (row.at, row.id), reverse=True)
    return tuple(_entry(row, number) for row in rows), has_older


def _entry(row: Row[*tuple[Any, ...]], number: int) -> PublicEntry:
    """One entry at the incident `number`. What was posted is called as the public calls it."""
    return PublicEntry(
        key=entry_key(row.public_key, row.seq),
        type=row.type,
        title=posted_title(row) if row.publication else public_title(row.kind, row.title),
        detail=row.detail,
        at=row.at,
        phase=row.phase,
        is_struck=row.is_struck,
        is_own_words=row.kind in NOTES,
        origin=row.incident_id if row.incident_id != number else None,
    )


def _entry_query() -> Select[*tuple[Any, ...]]:
    """Public entries of the timeline, for the caller to say which ones."""
    correction = TimelineEvent.__table__.alias()
    said, old = aliased(Publication), aliased(Publication)
    struck = (
        select(correction.c.id)
        .where(correction.c.corrects_id == TimelineEvent.id, correction.c.visibility == Visibility.PUBLIC)
        .exists()
    )
    return (
        select(
            TimelineEvent.id,
            TimelineEvent.incident_id,
            TimelineEvent.seq,
            TimelineEvent.public_key,
            TimelineEvent.kind,
            TimelineEvent.type,
            TimelineEvent.title,
            TimelineEvent.detail,
            TimelineEvent.at,
            TimelineEvent.phase,
            struck.label("is_struck"),
            said.id.label("publication"),
            func.coalesce(said.public_number, said.number).label("number"),
            said.is_late,
            said.is_review,
            func.coalesce(old.public_number, old.number).label("old_number"),
            old.is_late.label("old_is_late"),
            old.is_review.label("old_is_review"),
            said.corrects_id,
            old.visibility.label("old_visibility"),
        )
        .outerjoin(said, said.id == TimelineEvent.publication_id)
        .outerjoin(old, old.id == said.corrects_id)
        .where(IS_PUBLIC_ENTRY, TimelineEvent.kind.not_in(LINKS))
    )


def public_title(kind: str, title: str) -> str:
    """The title without the name of the person that the record adds to a check: names are internal."""
    return title.rpartition(" (")[0] if kind in CHECKS and title.endswith(")") else title


def posted_title(row: Row[*tuple[Any, ...]]) -> str:
    """What the public calls something that was posted, in English: `Correction of Milestone 1`.

    `row` has the `number` for the public, `is_late`, `is_review`, `corrects_id`, and the same of what it
    corrects (`old_number` …) with its `old_visibility`: a correction of what the public never read is an
    update to it.
    """
    if row.corrects_id and row.old_visibility is Visibility.PUBLIC:
        old = words.posted(row.old_number, is_late=row.old_is_late, is_review=row.old_is_review)
        return f"Correction of {old}"
    return words.posted(row.number, is_late=row.is_late, is_review=row.is_review)
