"""What the fireground shows, read lazily: a region that is not rendered costs no query.

Nothing here grows with the record: the timeline comes in pages, everything else is bounded by what people run at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from majorops.db import db
from majorops.domain import measures
from majorops.domain.access import Actor, Permission
from majorops.domain.cadence import Cadence
from majorops.domain.coach import Nudge, nudge
from majorops.domain.errors import Invalid, Refused
from majorops.domain.gates import Blocker, Situation, advance_blockers, opens_at, status_blockers
from majorops.domain.playbook import PLAYS, Facts, Item, Play
from majorops.domain.vocab import (
    CheckState,
    CommandRole,
    ExternalImpact,
    IncidentStatus,
    Phase,
    TrackOutcome,
    Visibility,
)
from majorops.fields import FIELDS
from majorops.models import (
    CanReport,
    ChecklistTick,
    CommandAssignment,
    Incident,
    Milestone,
    PhaseNote,
    Publication,
    RecoveryTrack,
    System,
    Timebox,
    TimelineEvent,
    ValidationCheck,
)
from majorops.operations.phase import situation

ENTRIES_PER_PAGE = 100
UPDATES_SHOWN = 20
TRACKS_SHOWN = 20
INFO_FIELDS = (
    "alert.alert_id",
    "alert.issue_time",
    "affected_systems",
    "alert.external_impact",
    "alert.customer_count",
    "business_impact",
)
MORE_FIELDS = (
    "status",
    "alarm_level",
    "customer_impact_summary",
    "risk_level",
    "exec_summary",
    "audience_notes",
    "detected_at",
    "alert.resolve_time",
    "bridge_url",
    "bridge_is_public",
    "is_public",
)


@dataclass(frozen=True)
class Tick:
    """A line of the checklist: done by a person, by the record itself, or open."""

    item: Item
    is_done: bool
    by_record: bool
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Step:
    """A chevron of the phase bar."""

    phase: Phase
    state: str  # done, current, future


class Fireground:
    """One incident as one person sees it at one moment. `before`: show timeline entries older than this one."""

    def __init__(self, incident: Incident, actor: Actor, now: datetime, *, before: int | None = None, only: str = ""):
        self.incident, self.actor, self.now = incident, actor, now
        self.before, self.only = before, only
        self.problem: Refused | None = None
        self.problem_form = ""
        self._typed: Mapping[str, str] = {}

    def refuse(self, problem: Refused, form: str, typed: Mapping[str, str]) -> None:
        """A form of this page was refused: its reason and what was typed are shown where it stands."""
        self.problem, self.problem_form, self._typed = problem, form, typed

    def typed(self, form: str, name: str, default: str = "") -> str:
        """What was typed into a refused form, else the default."""
        return self._typed.get(name, default) if form == self.problem_form else default

    def error(self, form: str, name: str | None = None) -> str:
        """The sentence at a field of a refused form; without a name the sentence about the whole."""
        if form != self.problem_form or self.problem is None:
            return ""
        if not isinstance(self.problem, Invalid):
            return "" if name else str(self.problem)
        return self.problem.errors.get(name, "") if name else str(self.problem)

    # Who looks

    @property
    def can_command(self) -> bool:
        """May edit: a MIM, and the incident is not over."""
        return self.actor.can(Permission.INCIDENT_COMMAND) and not self.incident.is_resolved

    @property
    def may_command(self) -> bool:
        """Has the right at all, even where the incident is resolved (visibility, corrections, review)."""
        return self.actor.can(Permission.INCIDENT_COMMAND)

    def can_edit(self, name: str) -> bool:
        if name == "resolved_at" and not self.incident.is_resolved:
            return False
        return self.may_command and not (self.incident.is_resolved and FIELDS[name].frozen_when_resolved)

    def can_check(self, system: str) -> bool:
        if self.incident.is_resolved or self.incident.phase < Phase.VALIDATION:
            return False
        return self.may_command or system in self._own_systems

    @cached_property
    def _own_systems(self) -> set[str]:
        return set(db.session.scalars(select(System.name).filter_by(owner_id=self.actor.user_id)))

    def text_of(self, name: str) -> str:
        """A field's stored value as editable text."""
        if name == "phase_note":
            return self.note
        if name.startswith("command."):
            return next((seat.name for role, seat, _ in self.team if seat and name == f"command.{role.value}"), "")
        return FIELDS[name].read(self.incident)

    # Top bar and phases

    @cached_property
    def is_wartime(self) -> bool:
        return is_wartime()

    @property
    def steps(self) -> list[Step]:
        current = self.incident.phase
        return [
            Step(phase, "done" if phase < current else "current" if phase == current else "future")
            for phase in Phase
        ]

    @property
    def time_in_phase(self) -> timedelta:
        return (self.incident.resolved_at or self.now) - self.incident.phase_entered_at

    @cached_property
    def cadence(self) -> Cadence | None:
        return self.incident.cadence(self.now)

    @cached_property
    def nudge(self) -> Nudge | None:
        return nudge(self.cadence)

    # Tiles

    @property
    def thresholds(self) -> tuple[int, int]:
        """Minutes until the duration turns amber and red."""
        return measures.THRESHOLDS[self.incident.severity]

    @property
    def duration(self) -> timedelta:
        return measures.total_duration(self.incident.detected_at, self.incident.resolved_at, self.now)

    @property
    def duration_colour(self) -> str:
        return measures.duration_colour(self.incident.severity, self.duration)

    @property
    def impact_from(self) -> datetime:
        return measures.impact_started_at(self.incident.issue_time, self.incident.detected_at)

    @property
    def impact_to(self) -> datetime | None:
        return measures.impact_ended_at(self.incident.resolve_time, self.incident.resolved_at)

    @property
    def impact(self) -> timedelta:
        return measures.total_duration(self.impact_from, self.impact_to, self.now)

    @cached_property
    def update_count(self) -> int:
        return db.session.scalar(select(func.count(Publication.id)).filter_by(incident_id=self.incident.id))

    # Info and team

    @property
    def info_fields(self) -> tuple[str, ...]:
        return INFO_FIELDS

    @property
    def more_fields(self) -> tuple[str, ...]:
        return MORE_FIELDS + (("resolved_at",) if self.incident.is_resolved else ())

    @cached_property
    def team(self) -> list[tuple[CommandRole, CommandAssignment | None, datetime | None]]:
        """Role, who holds it, and since when it is vacant."""
        rows = select(CommandAssignment).filter_by(incident_id=self.incident.id).order_by(CommandAssignment.id)
        seats: dict[CommandRole, CommandAssignment] = {row.role: row for row in db.session.scalars(rows)}
        team = []
        for role in CommandRole:
            seat = seats.get(role)
            if seat is not None and seat.until is None:
                team.append((role, seat, None))
            else:
                team.append((role, None, seat.until if seat else self.incident.opened_at))
        return team

    @property
    def vacant(self) -> int:
        return sum(seat is None for _, seat, _ in self.team)

    # Tracks

    @cached_property
    def tracks(self) -> list[RecoveryTrack]:
        rows = select(RecoveryTrack).filter_by(incident_id=self.incident.id)
        newest = rows.order_by((RecoveryTrack.outcome == TrackOutcome.RUNNING).desc(), RecoveryTrack.id.desc())
        return list(db.session.scalars(newest.limit(TRACKS_SHOWN)))

    @cached_property
    def timeboxes(self) -> list[Timebox]:
        rows = select(Timebox).filter_by(incident_id=self.incident.id, closed_at=None).order_by(Timebox.expires_at)
        return list(db.session.scalars(rows.limit(TRACKS_SHOWN)))

    @cached_property
    def cans(self) -> dict[str, CanReport]:
        """The last CAN of each team."""
        newest = select(func.max(CanReport.id)).filter_by(incident_id=self.incident.id).group_by(CanReport.team)
        return {report.team: report for report in db.session.scalars(select(CanReport).where(CanReport.id.in_(newest)))}

    # Timeline and updates

    @cached_property
    def _page(self) -> list[tuple[TimelineEvent, int | None]]:
        correction = aliased(TimelineEvent)
        query = (
            select(TimelineEvent, correction.seq)
            .outerjoin(correction, correction.corrects_id == TimelineEvent.id)
            .where(TimelineEvent.incident_id == self.incident.id)
            .order_by(TimelineEvent.seq.desc())
            .limit(ENTRIES_PER_PAGE + 1)
        )
        if self.only == "public":
            query = query.where(TimelineEvent.visibility == Visibility.PUBLIC)
        if self.before:
            query = query.where(TimelineEvent.seq < self.before)
        return list(db.session.execute(query).all())

    @property
    def entries(self) -> list[tuple[TimelineEvent, int | None]]:
        """Newest first: the entry, and the number of the entry that strikes it out, if one does."""
        return self._page[:ENTRIES_PER_PAGE]

    @property
    def older_than(self) -> int | None:
        """The entry before which there are more, or None on the last page."""
        return self.entries[-1][0].seq if len(self._page) > ENTRIES_PER_PAGE else None

    @cached_property
    def updates(self) -> list[Publication]:
        rows = select(Publication).filter_by(incident_id=self.incident.id).order_by(Publication.id.desc())
        return list(db.session.scalars(rows.limit(UPDATES_SHOWN)))

    @cached_property
    def corrected_ids(self) -> set[int]:
        return {update.corrects_id for update in self.updates if update.corrects_id}

    @cached_property
    def update_seqs(self) -> dict[int, int]:
        """Publication → its entry in the timeline, which carries the visibility switch."""
        ids = [update.id for update in self.updates]
        rows = select(TimelineEvent.publication_id, TimelineEvent.seq).where(TimelineEvent.publication_id.in_(ids))
        return dict(db.session.execute(rows).all())

    # Phase command

    @property
    def play(self) -> Play:
        return PLAYS[self.incident.phase]

    @cached_property
    def situation(self) -> Situation:
        return situation(self.incident)

    @cached_property
    def checks(self) -> list[tuple[str, ValidationCheck | None]]:
        rows = select(ValidationCheck).filter_by(incident_id=self.incident.id)
        known = {check.system: check for check in db.session.scalars(rows)}
        return [(name, known.get(name)) for name in self.incident.system_names]

    def check_state(self, system: str) -> CheckState:
        return self.situation.checks.get(system, CheckState.PENDING)

    @cached_property
    def note(self) -> str:
        rows = select(PhaseNote.text).filter_by(incident_id=self.incident.id, phase=self.incident.phase)
        return db.session.scalar(rows) or ""

    @cached_property
    def checklist(self) -> list[Tick]:
        rows = select(ChecklistTick).filter_by(incident_id=self.incident.id, phase=self.incident.phase)
        ticks = {tick.item: tick for tick in db.session.scalars(rows)}
        lines = []
        for item in self.play.items:
            tick, fact = ticks.get(item.key), item.holds(self.facts)
            lines.append(
                Tick(item, fact or tick is not None, fact, tick.by if tick else "", tick.at if tick else None)
            )
        return lines

    @property
    def open_items(self) -> list[Item]:
        return [line.item for line in self.checklist if not line.is_done]

    @cached_property
    def facts(self) -> Facts:
        """What the record says of the checklists."""
        incident, now = self.incident, self.situation
        wanted = {item.fact for item in self.play.items}
        return Facts(
            bridge=bool(incident.bridge_url),
            systems=bool(incident.systems),
            roles="roles" in wanted and not self.vacant,
            description=bool(incident.description),
            can="can" in wanted and bool(self.cans),
            timebox="timebox" in wanted and self._exists(Timebox),
            external_impact=incident.external_impact is not ExternalImpact.UNKNOWN,
            customer_count=incident.customer_count is not None,
            milestone="milestone" in wanted and self._exists(Milestone),
            update_eta=incident.next_update_eta is not None,
            exec_summary=bool(incident.exec_summary),
            impact=bool(incident.business_impact and incident.customer_impact_summary),
            tracks="tracks" in wanted and bool(self.tracks),
            systems_confirmed=bool(now.checks) and now.confirmed == len(now.checks),
            monitoring=incident.status is not IncidentStatus.ACTIVE,
            resolved=incident.is_resolved,
            resolution_milestone=now.has_resolution_milestone,
            after_action=now.after_action_at is not None,
            released="released" in wanted and self._was_recorded("responder.released"),
        )

    def _exists(self, model: type) -> bool:
        return db.session.scalar(select(model.id).filter_by(incident_id=self.incident.id).limit(1)) is not None

    def _was_recorded(self, kind: str) -> bool:
        query = select(TimelineEvent.id).filter_by(incident_id=self.incident.id, kind=kind).limit(1)
        return db.session.scalar(query) is not None

    @property
    def next_phase(self) -> Phase | None:
        return Phase(self.incident.phase + 1) if self.incident.phase < Phase.RESOLUTION else None

    @property
    def next_status(self) -> IncidentStatus | None:
        """The status that phase 7 and 8 ask for next."""
        if self.incident.phase < Phase.VALIDATION or self.incident.is_resolved:
            return None
        if self.incident.status is IncidentStatus.ACTIVE:
            return IncidentStatus.MONITORING
        return IncidentStatus.RESOLVED if self.incident.phase is Phase.RESOLUTION else None

    @cached_property
    def blockers(self) -> list[Blocker]:
        """Why the next phase may not be entered yet."""
        return advance_blockers(self.situation, self.next_phase, self.now) if self.next_phase else []

    def status_blockers(self, to: IncidentStatus) -> list[Blocker]:
        return status_blockers(self.situation, to, self.now)

    @property
    def gate_opens_at(self) -> datetime | None:
        return opens_at(self.blockers)

    @property
    def window_cells(self) -> list[str]:
        """The ten minutes of the clean window: done, running, left."""
        started = self.incident.window_started_at
        if started is None:
            return ["left"] * 10
        minutes = int((self.now - started).total_seconds()) // 60
        return ["done" if n < minutes else "running" if n == minutes else "left" for n in range(10)]

    @property
    def shows_resolution(self) -> bool:
        """The composer offers the resolution milestone: in phase 8, and in phase 7 once it is clear."""
        phase = self.incident.phase
        return phase is Phase.RESOLUTION or (phase is Phase.VALIDATION and not self.blockers)


def is_wartime() -> bool:
    """An incident is active or monitoring; drills do not count."""
    running = select(Incident.id).where(Incident.status != IncidentStatus.RESOLVED, Incident.is_drill.is_(False))
    return db.session.scalar(running.limit(1)) is not None
