"""Incidents with what was said of them, for feeds, status clients and subscribers.

A bounded number of both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Row, RowMapping, Select, and_, func, select, union_all
from sqlalchemy.orm import aliased

from majorops.db import db
from majorops.domain import text as words
from majorops.domain.after_close import late_by
from majorops.domain.clients import REVIEWED, client_status
from majorops.domain.enums import IncidentStatus, Phase, Severity, SystemStatus, Visibility
from majorops.domain.events import EventKind
from majorops.domain.public_names import publication_key
from majorops.domain.systems import StateChange, Turned, shown_status, turned_at
from majorops.models import (
    IS_RUNNING,
    AffectedSystem,
    Incident,
    Maintenance,
    Publication,
    System,
    SystemState,
    TimelineEvent,
)
from majorops.projections.promises import promises_of
from majorops.projections.queries import NamedSystems, systems_of
from majorops.projections.rules import (
    HAS_RUNNING_STATUS,
    IS_PUBLIC_ENTRY,
    IS_PUBLIC_INCIDENT,
    IS_PUBLIC_SYSTEM,
    PUBLIC_TITLE,
)

RESOLVED = "Resolved"  # the title of what says that an incident is over
INCIDENTS = 50
UPDATES = 50
OPENED, ADVANCED, CHANGED = EventKind.INCIDENT_OPENED, EventKind.PHASE_ADVANCED, EventKind.STATUS_CHANGED
# Kind, time, title and phase of an entry.
Turn: TypeAlias = tuple[str, datetime, str, Phase | None]


@dataclass(frozen=True)
class FeedUpdate:
    """Something that was said, once and for all.

    `key`: its name for ever; `status`: as status clients call it. `turned`: the systems that were otherwise
    than when something was said before. `is_quiet`: no subscriber is told. `late_by`: how long after the
    close it came, None for what was said before. `is_review`: the public review as it stands.
    """

    key: str
    title: str
    body: str
    at: datetime
    status: str
    turned: tuple[Turned, ...] = ()
    is_quiet: bool = False
    late_by: timedelta | None = None
    is_review: bool = False


@dataclass(frozen=True)
class FeedIncident:
    """An incident with what was said of it in public.

    `updates`: newest first, the opening is the oldest one. `statuses`: system → how it is, operational once
    the incident is resolved. `next_update_eta` None: nothing is promised. `monitoring_at`: when phase 7 was
    entered, None before.
    """

    number: int
    title: str
    severity: Severity
    status: IncidentStatus
    phase: Phase
    opened_at: datetime
    detected_at: datetime
    resolved_at: datetime | None
    statuses: dict[str, SystemStatus]
    next_update_eta: datetime | None
    monitoring_at: datetime | None
    updated_at: datetime
    updates: tuple[FeedUpdate, ...]

    @property
    def review(self) -> FeedUpdate | None:
        """The public review; None where none stands."""
        return next((one for one in self.updates if one.is_review), None)

    @property
    def reference(self) -> str:
        """`INC-042`."""
        return words.reference(self.number)


def feed_incidents(
    unresolved_only: bool = False,
    number: int | None = None,
    numbers: Collection[int] | None = None,
    system: str | None = None,
) -> tuple[FeedIncident, ...]:
    """The newest incidents, newest first; or those that run; or one, or these. Six queries.

    `system`: the newest that name it, and those of them that run.
    """
    columns = (
        Incident.id.label("number"),
        PUBLIC_TITLE.label("title"),
        Incident.severity,
        Incident.status,
        Incident.phase,
        Incident.opened_at,
        Incident.detected_at,
        Incident.resolved_at,
    )
    query = select(*columns).where(IS_PUBLIC_INCIDENT)
    if number is not None:
        query = query.where(Incident.id == number)
    if numbers is not None:
        query = query.where(Incident.id.in_(numbers))
    if system is not None:
        query = query.where(Incident.id.in_(_numbers_of(system)))
    if unresolved_only:  # put in order here: for it, SQLite would walk through the whole past by number
        running = db.session.execute(query.where(IS_RUNNING)).mappings()
        rows: Sequence[RowMapping] = sorted(
            running, key=lambda row: (row["opened_at"], row["number"]), reverse=True
        )[:INCIDENTS]
    else:
        newest = query.order_by(Incident.opened_at.desc(), Incident.id.desc()).limit(INCIDENTS)
        rows = db.session.execute(newest).mappings().all()
    found = [row["number"] for row in rows]
    systems, promises = systems_of(found), promises_of(found)
    said, turns, states = _said(found), _turns(found), _states(found)
    return tuple(
        _incident(row, systems[row["number"]], promises.get(row["number"]), said, turns, states)
        for row in rows
    )


def _numbers_of(system: str) -> Select[int]:
    """The newest public incidents that name a system; with those that run, which may have older numbers.

    By number, as the index has them: by their times, the database would read all that ever named it.
    """
    named = select(AffectedSystem.incident_id).where(AffectedSystem.name == system)
    public = named.join(Incident, Incident.id == AffectedSystem.incident_id).where(IS_PUBLIC_INCIDENT)
    newest = public.order_by(AffectedSystem.incident_id.desc()).limit(INCIDENTS).subquery()
    names_it = select(AffectedSystem.id).where(
        AffectedSystem.incident_id == Incident.id, AffectedSystem.name == system
    )
    running = select(Incident.id).where(IS_PUBLIC_INCIDENT, HAS_RUNNING_STATUS, names_it.exists())
    return select(union_all(newest.select(), running).subquery().c[0])


def _incident(
    row: RowMapping,
    systems: NamedSystems,
    eta: datetime | None,
    said: dict[int, list[Row[*tuple[Any, ...]]]],
    turns: dict[int, list[Turn]],
    states: dict[int, list[StateChange]],
) -> FeedIncident:
    number, known = row["number"], turns[row["number"]]
    phases = [(row["opened_at"], Phase.ALERT)] + [
        (at, phase) for kind, at, _, phase in known if kind == ADVANCED and phase
    ]

    # When it was said that it is over: `resolved_at` may be set to an earlier time, and items never move.
    over_at = max((at for kind, at, *_ in known if kind == CHANGED), default=row["resolved_at"])
    ended_at = over_at if row["resolved_at"] else None

    def status_at(at: datetime) -> str:
        if ended_at and at > ended_at:
            return client_status(IncidentStatus.RESOLVED, Phase.RESOLUTION)
        phase = [phase for since, phase in phases if since <= at][-1:] or [Phase.ALERT]
        return client_status(IncidentStatus.ACTIVE, phase[0])

    updates = []
    if ended_at:  # in front: of two at the same time it is the newer one
        last = _last_words(said[number])
        body, is_quiet = (last.body, last.is_quiet) if last else ("Resolved.", False)
        updates.append(FeedUpdate(f"r{number}", RESOLVED, body, ended_at, "resolved", is_quiet=is_quiet))
    updates += [
        FeedUpdate(
            publication_key(one.public_key, one.id),
            "Correction"
            if one.corrects_id and one.old_visibility is Visibility.PUBLIC
            else words.posted(one.public_number or one.number, is_late=one.is_late, is_review=one.is_review),
            one.body,
            one.at,
            REVIEWED if one.is_review else status_at(one.at),
            is_quiet=one.is_quiet,
            late_by=late_by(one.at, row["resolved_at"]) if one.is_late else None,
            is_review=one.is_review and not one.is_superseded,
        )
        for one in said[number]
    ]
    updates += [
        FeedUpdate(f"o{number}", "Opened", title, at, "investigating")
        for kind, at, title, _ in known
        if kind == OPENED
    ]
    updates.sort(key=lambda one: one.at, reverse=True)
    updates.reverse()
    is_over = row["resolved_at"] is not None
    turned = turned_at(states[number], [one.at for one in updates])
    updates = [replace(one, turned=its) for one, its in zip(updates, turned, strict=True)][::-1]
    monitored = [at for at, phase in phases if phase >= Phase.VALIDATION]
    return FeedIncident(
        **row,
        statuses={
            name: shown_status(chosen, row["severity"], is_over)
            for name, chosen in zip(systems["systems"], systems["chosen"], strict=True)
        },
        next_update_eta=None if row["resolved_at"] else eta,
        monitoring_at=monitored[0] if monitored else None,
        updated_at=max([row["opened_at"], *(one.at for one in updates), *(at for _, at, _, _ in known)]),
        updates=tuple(updates),
    )


def _last_words(said: list[Row[*tuple[Any, ...]]]) -> Row[*tuple[Any, ...]] | None:
    """The newest resolution milestone, as it was corrected; None without one. `said`: newest first."""
    corrections = {one.corrects_id: one for one in said}
    last = next((one for one in said if one.is_resolution), None)
    while last is not None and last.id in corrections:
        last = corrections[last.id]
    return last


def _said(numbers: list[int]) -> dict[int, list[Row[*tuple[Any, ...]]]]:
    """What was said in public of each incident and stands, newest first."""
    old, newer = aliased(Publication), aliased(Publication)
    place = func.row_number().over(partition_by=Publication.incident_id, order_by=Publication.id.desc())
    columns = (
        Publication.id,
        Publication.incident_id,
        Publication.number,
        Publication.public_key,
        Publication.public_number,
        Publication.body,
        Publication.at,
        Publication.is_resolution,
        Publication.is_late,
        Publication.is_review,
        Publication.corrects_id,
        old.visibility.label("old_visibility"),
        Publication.is_quiet,
        select(newer.id).where(newer.corrects_id == Publication.id).exists().label("is_superseded"),
    )
    ranked = (
        select(*columns, place.label("place"))
        .outerjoin(old, old.id == Publication.corrects_id)
        .where(Publication.incident_id.in_(numbers), Publication.visibility == Visibility.PUBLIC)
        .where(Publication.withdrawn_at.is_(None))
        .subquery()
    )
    found: dict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    query = select(ranked).where(ranked.c.place <= UPDATES).order_by(ranked.c.id.desc())
    for row in db.session.execute(query):
        found[row.incident_id].append(row)
    return found


def _states(numbers: list[int]) -> dict[int, list[StateChange]]:
    """How the systems of each incident were, oldest first; of those that the public may read of."""
    state = SystemState
    query = (
        select(state.incident_id, state.name, System.group_name, state.status, state.at)
        .join(System, and_(System.name == state.name, IS_PUBLIC_SYSTEM))
        .where(state.incident_id.in_(numbers))
        .order_by(state.id)
    )
    found: dict[int, list[StateChange]] = defaultdict(list)
    for number, name, group, status, at in db.session.execute(query):
        found[number].append(StateChange(name, group, status, at))
    return found


def _turns(numbers: list[int]) -> dict[int, list[Turn]]:
    """Opening, phases and changes of status of each incident, oldest first."""
    query = (
        select(
            TimelineEvent.incident_id,
            TimelineEvent.kind,
            TimelineEvent.at,
            TimelineEvent.title,
            TimelineEvent.phase,
        )
        .where(TimelineEvent.incident_id.in_(numbers), IS_PUBLIC_ENTRY)
        .where(TimelineEvent.kind.in_((OPENED, ADVANCED, CHANGED)))
        .order_by(TimelineEvent.id)
    )
    found: dict[int, list[Turn]] = defaultdict(list)
    for number, kind, at, title, phase in db.session.execute(query):
        found[number].append((kind, at, title, phase))
    return found


def newest_change() -> datetime | None:
    """When the public record changed last; None for an empty one.

    Of the incidents that run, of the newest others, and of the maintenances.
    """
    # From the incidents on: from the newest entry on it would walk through all that was never public.
    known = select(Incident.id).where(IS_PUBLIC_INCIDENT)
    newest = known.order_by(Incident.opened_at.desc()).limit(INCIDENTS).subquery()
    incident = union_all(newest.select(), known.where(HAS_RUNNING_STATUS)).subquery()
    entry = select(TimelineEvent.at).where(TimelineEvent.incident_id == incident.c.id, IS_PUBLIC_ENTRY)
    last = entry.order_by(TimelineEvent.seq.desc()).limit(1).correlate(incident).scalar_subquery()
    told = select(func.max(last)).select_from(incident)
    works = select(func.max(Maintenance.changed_at)).where(Maintenance.is_public.is_(True))
    return max(filter(None, (db.session.scalar(told), db.session.scalar(works))), default=None)
