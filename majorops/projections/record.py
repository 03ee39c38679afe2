"""The whole record of one incident, for who commands it: frozen values with named columns.

As many queries for a long incident as for a short one, and never more rows than a person or a model could
read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVarTuple, cast

from sqlalchemy import Select, case, func, select

from majorops.db import db
from majorops.domain import text as words
from majorops.domain.enums import (
    AlarmLevel,
    AskState,
    CheckState,
    CommandRole,
    EventType,
    ExternalImpact,
    IncidentStatus,
    Phase,
    RiskLevel,
    Severity,
    TrackOutcome,
)
from majorops.domain.events import EventKind
from majorops.models import (
    AffectedSystem,
    Ask,
    CanReport,
    CommandAssignment,
    Incident,
    PhaseNote,
    Publication,
    RecoveryTrack,
    Timebox,
    TimelineEvent,
    ValidationCheck,
)

ENTRIES = 300  # the newest
TURNS = 40  # of the older ones, those that changed the course
ROWS = 30  # of what runs at once
TURNING = (
    EventKind.PHASE_ADVANCED,
    EventKind.SEVERITY_CHANGED,
    EventKind.ALARM_CHANGED,
    EventKind.STATUS_CHANGED,
    EventKind.MILESTONE_PUBLISHED,
)
Columns = TypeVarTuple("Columns")


@dataclass(frozen=True)
class RecordEntry:
    """An entry of the timeline, internal ones too; `seq`: its number within the incident."""

    seq: int
    type: EventType
    title: str
    detail: str
    at: datetime


@dataclass(frozen=True)
class RecordTrack:
    """A running recovery track; `expires_at` None: it has no timebox."""

    team: str
    owner: str
    goal: str
    expires_at: datetime | None


@dataclass(frozen=True)
class RecordCan:
    """The newest CAN of a team; `needs` is empty once they were met."""

    team: str
    conditions: str
    actions: str
    needs: str
    at: datetime


@dataclass(frozen=True)
class WholeRecord:
    """One incident with all that is internal: what internal drafts and suggestions are made from.

    `version`: how many entries its timeline has. `next_update_eta` None: nothing is promised. `team`: every
    role, an empty name where it is vacant. ENTRIES, TURNS and ROWS bound what it holds.
    """

    number: int
    title: str
    description: str
    severity: Severity
    alarm_level: AlarmLevel
    status: IncidentStatus
    phase: Phase
    phase_entered_at: datetime
    detected_at: datetime
    opened_at: datetime
    resolved_at: datetime | None
    next_update_eta: datetime | None
    bridge_url: str | None
    alert_id: str | None
    issue_time: datetime | None
    resolve_time: datetime | None
    customer_count: int | None
    customer_count_is_approximate: bool
    external_impact: ExternalImpact
    business_impact: str
    customer_impact_summary: str
    risk_level: RiskLevel | None
    exec_summary: str
    who_affected: str
    what_to_do: str
    version: int
    systems: tuple[tuple[str, CheckState], ...] = ()
    team: tuple[tuple[CommandRole, str], ...] = ()
    tracks: tuple[RecordTrack, ...] = ()
    timeboxes: tuple[tuple[str, str, datetime], ...] = ()  # purpose, owner, until
    cans: tuple[RecordCan, ...] = ()  # the newest of each team
    asks: tuple[tuple[str, str, datetime], ...] = ()  # whom, what, until
    notes: tuple[tuple[Phase, str], ...] = ()
    updates: tuple[tuple[str, str, datetime], ...] = ()  # heading, text, at; newest first
    entries: tuple[RecordEntry, ...] = ()  # newest first
    turns: tuple[RecordEntry, ...] = ()  # older than those, newest first

    @property
    def reference(self) -> str:
        """`INC-042`."""
        return words.reference(self.number)


_OWN = (
    Incident.id.label("number"),
    Incident.title,
    Incident.description,
    Incident.severity,
    Incident.alarm_level,
    Incident.status,
    Incident.phase,
    Incident.phase_entered_at,
    Incident.detected_at,
    Incident.opened_at,
    Incident.resolved_at,
    Incident.next_update_eta,
    Incident.bridge_url,
    Incident.alert_id,
    Incident.issue_time,
    Incident.resolve_time,
    Incident.customer_count,
    Incident.customer_count_is_approximate,
    Incident.external_impact,
    Incident.business_impact,
    Incident.customer_impact_summary,
    Incident.risk_level,
    Incident.exec_summary,
    Incident.who_affected,
    Incident.what_to_do,
    Incident.version,
)
_ENTRY = (TimelineEvent.seq, TimelineEvent.type, TimelineEvent.title, TimelineEvent.detail, TimelineEvent.at)


def whole_record(number: int) -> WholeRecord | None:
    """Everything about one incident that is worth telling; None for a number never used."""
    row = db.session.execute(select(*_OWN).where(Incident.id == number)).mappings().first()
    if row is None:
        return None
    entries = _entries(number)
    return WholeRecord(
        **row,
        systems=_systems(number),
        team=_team(number),
        tracks=_tracks(number),
        timeboxes=_rows(
            select(Timebox.purpose, Timebox.owner, Timebox.expires_at)
            .where(Timebox.incident_id == number, Timebox.closed_at.is_(None))
            .order_by(Timebox.expires_at)
        ),
        cans=_cans(number),
        asks=_rows(
            select(Ask.whom, Ask.what, Ask.due_at)
            .where(Ask.incident_id == number, Ask.state == AskState.OPEN)
            .order_by(Ask.due_at)
        ),
        notes=_rows(
            select(PhaseNote.phase, PhaseNote.text)
            .where(PhaseNote.incident_id == number, PhaseNote.text != "")
            .order_by(PhaseNote.phase)
        ),
        updates=_updates(number),
        entries=entries,
        turns=_turns(number, entries[-1].seq) if len(entries) == ENTRIES else (),
    )


def _rows(query: Select[*Columns]) -> tuple[tuple[*Columns], ...]:
    return tuple(cast("tuple[*Columns]", tuple(row)) for row in db.session.execute(query.limit(ROWS)))


def _systems(number: int) -> tuple[tuple[str, CheckState], ...]:
    own = (ValidationCheck.incident_id == AffectedSystem.incident_id) & (
        ValidationCheck.system == AffectedSystem.name
    )
    query = (
        select(AffectedSystem.name, ValidationCheck.state)
        .outerjoin(ValidationCheck, own)
        .where(AffectedSystem.incident_id == number)
        .order_by(AffectedSystem.id)
    )
    return tuple((name, state or CheckState.PENDING) for name, state in db.session.execute(query.limit(ROWS)))


def _team(number: int) -> tuple[tuple[CommandRole, str], ...]:
    query = select(CommandAssignment.role, CommandAssignment.name).where(
        CommandAssignment.incident_id == number, CommandAssignment.until.is_(None)
    )
    held = {row.role: row.name for row in db.session.execute(query)}
    return tuple((role, held.get(role, "")) for role in CommandRole)


def _tracks(number: int) -> tuple[RecordTrack, ...]:
    columns = (RecoveryTrack.team, RecoveryTrack.owner, RecoveryTrack.goal, RecoveryTrack.expires_at)
    query = select(*columns).where(
        RecoveryTrack.incident_id == number, RecoveryTrack.outcome == TrackOutcome.RUNNING
    )
    return tuple(RecordTrack(*row) for row in _rows(query.order_by(RecoveryTrack.id)))


def _cans(number: int) -> tuple[RecordCan, ...]:
    newest = (
        select(func.max(CanReport.id))
        .where(CanReport.incident_id == number)
        .group_by(func.lower(CanReport.team))
    )
    needs = case((CanReport.needs_met_at.is_(None), CanReport.needs), else_="")
    columns = (CanReport.team, CanReport.conditions, CanReport.actions, needs, CanReport.at)
    standing = select(*columns).where(CanReport.id.in_(newest), CanReport.ended_at.is_(None))
    return tuple(RecordCan(*row) for row in _rows(standing.order_by(CanReport.id.desc())))


def _updates(number: int) -> tuple[tuple[str, str, datetime], ...]:
    query = (
        select(Publication.number, Publication.body, Publication.at)
        .where(Publication.incident_id == number, Publication.withdrawn_at.is_(None))
        .order_by(Publication.id.desc())
        .limit(6)
    )
    return tuple(
        (f"Milestone {of}" if of else "Update", body, at) for of, body, at in db.session.execute(query)
    )


def _entries(number: int) -> tuple[RecordEntry, ...]:
    query = select(*_ENTRY).where(TimelineEvent.incident_id == number)
    newest = query.order_by(TimelineEvent.seq.desc()).limit(ENTRIES)
    return tuple(RecordEntry(*row) for row in db.session.execute(newest))


def _turns(number: int, before: int) -> tuple[RecordEntry, ...]:
    query = select(*_ENTRY).where(
        TimelineEvent.incident_id == number, TimelineEvent.seq < before, TimelineEvent.kind.in_(TURNING)
    )
    newest = query.order_by(TimelineEvent.seq.desc()).limit(TURNS)
    return tuple(RecordEntry(*row) for row in db.session.execute(newest))
