"""Past incidents and systems from files.

Nothing is announced, notified or alarmed: the rows are written in bulk, beside the listeners of operations.
All lines or none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import insert, select

from majorops.db import Base, db
from majorops.domain.access import Actor, Permission
from majorops.domain.alarm import LEVELS
from majorops.domain.enums import CommandRole, IncidentStatus, IntakeSource, Phase
from majorops.domain.errors import Conflict
from majorops.domain.events import AuditKind, EventKind
from majorops.domain.importing import CatalogueLine, PastIncident, Problem
from majorops.domain.parsing import as_text
from majorops.domain.text import count, reference
from majorops.models import AffectedSystem, CommandAssignment, Incident, System, TimelineEvent
from majorops.operations import audit, operation, search_index
from majorops.operations.catalogue import add_system, changes_between, update_system
from majorops.operations.people import as_picked, find_account

PART = 500  # rows in one statement
# Columns of a file of systems, as the operations on the catalogue call them.
COLUMNS = {
    "name": "name",
    "description": "description",
    "owner": "owner",
    "group": "group_name",
    "public": "is_public",
}

One = TypeVar("One")


@operation(needs=Permission.DATA_MANAGE)
def import_incidents(rows: Sequence[PastIncident], *, source: str, actor: Actor, now: datetime) -> range:
    """Add incidents that are over, each with one internal entry that says where it came from.

    `source`: the file's name. Returns their numbers, in the order of the rows. Raises Conflict where one is
    here already.
    """
    if found := incidents_here(rows):
        raise Conflict(f"Line {found[0].line}, {found[0].column}: {found[0].text}.")
    ids: list[int] = []
    for part in _parts(rows):
        made = insert(Incident).returning(Incident.id, sort_by_parameter_order=True)
        ids += db.session.scalars(made, [_incident(row, actor) for row in part]).all()
    pairs = list(zip(ids, rows, strict=True))
    _insert(AffectedSystem, [{"incident_id": id, "name": name} for id, row in pairs for name in row.systems])
    _insert(CommandAssignment, [_assignment(id, row) for id, row in pairs if row.mim])
    _insert(TimelineEvent, [_entry(id, row, source, actor, now) for id, row in pairs])
    for numbers in _parts(ids):
        listed = ", ".join(map(str, numbers))
        connection = db.session.connection()
        search_index.add(connection, "incident", f"id IN ({listed})")
        for table in ("timeline_event", "command_assignment"):
            search_index.add(connection, table, f"incident_id IN ({listed})")
        search_index.put_public(connection, numbers)
    what = f"{count(len(ids), 'past incident')}, {reference(ids[0])} to {reference(ids[-1])}"
    audit(AuditKind.HISTORY_IMPORTED, what, detail=source, actor=actor, now=now)
    return range(ids[0], ids[-1] + 1)


@operation(needs=Permission.DATA_MANAGE)
def import_systems(rows: Sequence[CatalogueLine], *, source: str, actor: Actor, now: datetime) -> None:
    """Add systems to the catalogue, and change those that are there to what the lines say.

    What the file has no column for stays as it is. `source`: the file's name. Raises Conflict where an owner
    has no account.
    """
    if found := systems_wrong(rows):
        raise Conflict(f"Line {found[0].line}, {found[0].column}: {found[0].text}.")
    known = {system.name: system for system in db.session.scalars(select(System))}
    for row in rows:
        given: dict[str, Any] = {COLUMNS[name]: getattr(row, name) for name in row.given}
        if system := known.get(row.name):
            update_system(system, **given, actor=actor, now=now)
        else:
            add_system(**given, actor=actor, now=now)
    audit(AuditKind.HISTORY_IMPORTED, count(len(rows), "system"), detail=source, actor=actor, now=now)


def incidents_here(rows: Sequence[PastIncident]) -> list[Problem]:
    """The lines whose incident was imported before, by its reference."""
    here: dict[str | None, int] = {}
    for part in _parts([row.reference for row in rows if row.reference]):
        named = select(Incident.old_reference, Incident.id).where(Incident.old_reference.in_(part))
        here |= {row.old_reference: row.id for row in db.session.execute(named)}
    return [
        Problem(row.line, "reference", f"is here already, as {reference(here[row.reference])}")
        for row in rows
        if row.reference in here
    ]


def systems_wrong(rows: Sequence[CatalogueLine]) -> list[Problem]:
    """The lines whose owner is no account."""
    said: dict[str, str] = {"": ""}
    for owner in {row.owner or "" for row in rows} - {""}:
        try:
            find_account(owner)
            said[owner] = ""
        except ValueError as problem:
            said[owner] = str(problem).rstrip(".")
    return [Problem(row.line, "owner", said[row.owner or ""]) for row in rows if said[row.owner or ""]]


def what_systems_become(rows: Sequence[CatalogueLine]) -> dict[int, str]:
    """What becomes of each line, by its number: added, unchanged, or what changes."""
    known = {system.name: system for system in db.session.scalars(select(System))}
    said = {}
    for row in rows:
        system = known.get(row.name)
        if system is None:
            said[row.line] = "Added"
            continue
        changes = changes_between(
            {
                "description": system.description,
                "owner": as_picked(system.owner),
                "group": system.group_name,
                "public": as_text(system.is_public),
            },
            {name: _then(row, name) for name in row.given if name != "name"},
        )
        said[row.line] = f"Changed: {', '.join(changes)}" if changes else "Unchanged"
    return said


def _then(row: CatalogueLine, name: str) -> str:
    """What a column of a line makes of its system, as a text."""
    if name == "owner":
        return as_picked(find_account(row.owner)) if row.owner else ""
    return as_text(getattr(row, name))


def is_imported(incident_id: int) -> bool:
    """Whether the incident came from a file of past ones: its record begins with that."""
    first = select(TimelineEvent.kind).filter_by(incident_id=incident_id, seq=1)
    return db.session.scalar(first) == EventKind.INCIDENT_IMPORTED


def _parts(rows: Sequence[One]) -> Iterator[Sequence[One]]:
    return (rows[start : start + PART] for start in range(0, len(rows), PART))


def _insert(model: type[Base], rows: list[dict[str, object]]) -> None:
    for part in _parts(rows):
        db.session.execute(insert(model), part)


def _incident(row: PastIncident, actor: Actor) -> dict[str, object]:
    return {
        "version": 1,
        "title": row.title,
        "description": row.description,
        "customer_impact_summary": row.customer_impact,
        "severity": row.severity,
        "alarm_level": LEVELS[row.severity],
        "status": IncidentStatus.RESOLVED,
        "phase": Phase.RESOLUTION,
        "phase_entered_at": row.resolved,
        "detected_at": row.began or row.opened,
        "opened_at": row.opened,
        "resolved_at": row.resolved,
        "promise_ended_at": row.resolved,
        "stood_down_at": row.resolved,
        "is_public": row.public,
        "is_drill": row.drill,
        "opened_by_name": row.opened_by or actor.name,
        "intake_source": IntakeSource.WEB,
        "old_reference": row.reference,
    }


def _assignment(id: int, row: PastIncident) -> dict[str, object]:
    return {
        "incident_id": id,
        "role": CommandRole.MIM,
        "name": row.mim,
        "since": row.opened,
        "until": row.resolved,
    }


def _entry(id: int, row: PastIncident, source: str, actor: Actor, now: datetime) -> dict[str, object]:
    kind = EventKind.INCIDENT_IMPORTED
    was = f" It was {row.reference} there." if row.reference else ""
    return {
        "incident_id": id,
        "seq": 1,
        "type": kind.type,
        "kind": kind,
        "title": f"Imported from {source}, line {row.line}.{was}"[:300],
        "detail": "",
        "visibility": kind.visibility,
        "actor_name": actor.name,
        "actor_id": actor.user_id,
        "at": now,
    }
