"""What the record says of incidents, as far as their measures ask.

As many queries for two hundred as for one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from majorops.db import db
from majorops.domain.enums import CommandRole, Phase, PublicationKind, Severity, Visibility
from majorops.domain.events import EventKind
from majorops.domain.measured import Apart, Facts, Promised, apart_of
from majorops.domain.measures import Moment
from majorops.models import (
    IS_NO_CORRECTION,
    ActionItem,
    CommandAssignment,
    Incident,
    Publication,
    Review,
    ReviewText,
    TimelineEvent,
)

AT_ONCE = 200  # incidents that one round of queries reads
_KINDS = (EventKind.PHASE_ADVANCED, EventKind.GATE_OVERRIDDEN, EventKind.INCIDENT_IMPORTED)


@dataclass(frozen=True)
class Found:
    """An incident with what its numbers are made of."""

    number: int
    opened_at: datetime
    severity: Severity
    apart: Apart
    facts: Facts


def facts_of(numbers: Sequence[int]) -> list[Found]:
    """The facts of these incidents, by number; at most AT_ONCE of them. Seven queries."""
    columns = (
        Incident.id,
        Incident.severity,
        Incident.detected_at,
        Incident.opened_at,
        Incident.issue_time,
        Incident.resolved_at,
        Incident.is_drill,
        Incident.is_public,
        Incident.public_from,
        Incident.awaits_review,
        Incident.merged_into_id,
    )
    rows = db.session.execute(select(*columns).where(Incident.id.in_(numbers)).order_by(Incident.id)).all()
    events, words, command = _events(numbers), _words(numbers), _command(numbers)
    learning = _learning(numbers)
    return [_found(row, events[row.id], words[row.id], command[row.id], learning[row.id]) for row in rows]


@dataclass
class _Learning:
    """What came after an incident. `after_action_at`: None where it is not set, or was called off."""

    is_begun: bool = False
    after_action_at: datetime | None = None
    repeats: str = ""
    actions: list[Promised] = field(default_factory=list)


def _found(
    row: Row[*tuple[Any, ...]],
    events: list[Row[*tuple[Any, ...]]],
    words: list[Row[*tuple[Any, ...]]],
    command: list[tuple[datetime, datetime | None]],
    learning: _Learning,
) -> Found:
    is_private = not (row.is_public or row.public_from or row.awaits_review)
    apart = apart_of(is_drill=row.is_drill, is_merged=row.merged_into_id is not None, is_private=is_private)
    entered = [(one.phase, one.at) for one in events if one.phase]
    said = [one for one in words if not one.is_correction]
    public = [one.at for one in said if one.visibility is Visibility.PUBLIC and not one.is_late]
    # What was resolved before there were reviews has the date of its milestone alone.
    closing = [one.after_action_at for one in words if one.is_resolution and one.withdrawn_at is None]
    named_at = closing[-1] if closing else None
    facts = Facts(
        Moment(
            row.detected_at,
            row.opened_at,
            row.issue_time,
            gathered_at=_since(entered, Phase.GATHER),
            milestone_at=min((one.at for one in said if one.kind is PublicationKind.MILESTONE), default=None),
            validated_at=_since(entered, Phase.VALIDATION),
            resolved_at=row.resolved_at,
        ),
        row.severity,
        entered,
        said=[(one.at, one.next_update_eta) for one in said if not one.is_late],
        public_at=min(public, default=None),
        commanded=command,
        overrides=sum(one.times for one in events if one.kind == EventKind.GATE_OVERRIDDEN),
        after_action_at=learning.after_action_at if learning.is_begun else named_at,
        repeats=learning.repeats,
        actions=learning.actions,
        is_told=not (is_private or row.is_drill),
        is_imported=any(one.kind == EventKind.INCIDENT_IMPORTED for one in events),
    )
    return Found(row.id, row.opened_at, row.severity, apart, facts)


def _since(entered: list[tuple[Phase, datetime]], phase: Phase) -> datetime | None:
    return min((at for of, at in entered if of >= phase), default=None)


def _events(numbers: Sequence[int]) -> dict[int, list[Row[*tuple[Any, ...]]]]:
    """Of each incident: when it first entered which phase, how many overrides, whether it was imported."""
    event = TimelineEvent
    advanced = func.coalesce(event.phase, 0)
    rows = db.session.execute(
        select(
            event.incident_id,
            event.kind,
            event.phase,
            func.min(event.at).label("at"),
            func.count().label("times"),
        )
        .where(event.incident_id.in_(numbers), event.kind.in_(_KINDS))
        .group_by(event.incident_id, event.kind, event.phase)
        .order_by(advanced)
    )
    found: dict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in rows:
        found[row.incident_id].append(row)
    return found


def _words(numbers: Sequence[int]) -> dict[int, list[Row[*tuple[Any, ...]]]]:
    """Of each incident its updates and milestones, oldest first."""
    said = Publication
    rows = db.session.execute(
        select(
            said.incident_id,
            said.kind,
            said.at,
            said.visibility,
            said.next_update_eta,
            said.is_late,
            said.is_resolution,
            said.after_action_at,
            said.withdrawn_at,
            (~IS_NO_CORRECTION).label("is_correction"),
        )
        .where(said.incident_id.in_(numbers))
        .order_by(said.id)
    )
    found: dict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in rows:
        found[row.incident_id].append(row)
    return found


def _command(numbers: Sequence[int]) -> dict[int, list[tuple[datetime, datetime | None]]]:
    """Of each incident from when until when somebody was its MIM."""
    held = CommandAssignment
    # Every role is read: asked for one, SQLite goes through all that ever held it.
    rows = db.session.execute(
        select(held.incident_id, held.role, held.since, held.until)
        .where(held.incident_id.in_(numbers))
        .order_by(held.id)
    )
    found: dict[int, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for number, role, since, until in rows:
        if role is CommandRole.MIM:
            found[number].append((since, until))
    return found


def _learning(numbers: Sequence[int]) -> dict[int, _Learning]:
    """Of each incident its appointment as it stands, what it repeats, and its actions."""
    found: dict[int, _Learning] = defaultdict(_Learning)
    of = Review
    begun = select(of.incident_id, of.after_action_at, of.after_action_off_at, of.after_action_sequence)
    for number, at, off_at, sequence in db.session.execute(begun.where(of.incident_id.in_(numbers))):
        found[number].is_begun = at is not None or sequence > 0
        found[number].after_action_at = at if off_at is None else None
    text = ReviewText
    named = select(text.incident_id, text.text).where(text.incident_id.in_(numbers), text.name == "repeat_of")
    for number, repeats in db.session.execute(named.order_by(text.incident_id, text.version)):
        found[number].repeats = repeats
    item = ActionItem
    actions = select(item.incident_id, item.first_due_on, item.state, item.ended_at)
    for number, due, state, ended_at in db.session.execute(actions.where(item.incident_id.in_(numbers))):
        found[number].actions.append(Promised(due, state, ended_at))
    return found
