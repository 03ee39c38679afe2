"""The phase command: checklist, validation, and what the gates say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import select

from majorops.db import db
from majorops.domain.gates import Blocker, Situation, advance_blockers, opens_at, status_blockers
from majorops.domain.playbook import PLAYS, Facts, Item, Play
from majorops.domain.vocab import (
    CheckState,
    ExternalImpact,
    IncidentStatus,
    Phase,
)
from majorops.models import (
    ChecklistTick,
    Milestone,
    PhaseNote,
    RunCard,
    Timebox,
    TimelineEvent,
    ValidationCheck,
)
from majorops.operations.phase import situation
from majorops.screen.cards import Card, card_on, others_for
from majorops.screen.drafts import Drafts
from majorops.screen.since import Since, since


@dataclass(frozen=True)
class Tick:
    """A line of the checklist: done by a person, by the record itself, or open."""

    item: Item
    is_done: bool
    by_record: bool
    by: str = ""
    at: datetime | None = None

    @property
    def refusal(self) -> str:
        """Why a person cannot tick or untick it now; empty when they can."""
        return self.item.recorded if self.by_record else self.item.refusal


class Fireground(Drafts):
    """One incident as one person sees it at one moment, whole."""

    @cached_property
    def since(self) -> Since | None:
        """What changed since the person looked last."""
        return since(self.incident, self.looked, self.now)

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
    def notes(self) -> dict[Phase, PhaseNote]:
        """What was noted in each phase."""
        rows = select(PhaseNote).filter_by(incident_id=self.incident.id).order_by(PhaseNote.phase)
        return {row.phase: row for row in db.session.scalars(rows) if row.text}

    @property
    def note(self) -> str:
        written = self.notes.get(self.incident.phase)
        return written.text if written else ""

    @property
    def earlier_notes(self) -> list[PhaseNote]:
        return [row for phase, row in self.notes.items() if phase is not self.incident.phase]

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
            can="can" in wanted and bool(self.cans) and not any(box.team for box in self.timeboxes),
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
            released="released" in wanted
            and (bool(incident.stood_down_at) or self._was_recorded("responder.released")),
        )

    def _exists(self, model: type) -> bool:
        return (
            db.session.scalar(select(model.id).filter_by(incident_id=self.incident.id).limit(1)) is not None
        )

    def _was_recorded(self, kind: str) -> bool:
        query = select(TimelineEvent.id).filter_by(incident_id=self.incident.id, kind=kind).limit(1)
        return db.session.scalar(query) is not None

    @cached_property
    def card(self) -> Card | None:
        """The run card that lies here."""
        return card_on(self.incident)

    @cached_property
    def other_cards(self) -> list[RunCard]:
        return others_for(self.incident, self.card)

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
