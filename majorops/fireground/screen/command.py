"""The phase command: checklist, validation, and what the gates say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import select

from majorops.db import db
from majorops.domain.checklist import Facts
from majorops.domain.enums import CheckState, IncidentStatus, Phase, SystemStatus
from majorops.domain.gates import Blocker, Situation, opens_at, status_blockers
from majorops.domain.playbook import Item, Play, play_at
from majorops.domain.systems import system_status
from majorops.fireground import reads
from majorops.fireground.screen.drafts import Drafts
from majorops.models import ChecklistTick, PhaseNote, RunCard, ValidationCheck
from majorops.operations.checklist_facts import facts, standing_ticks

# Where a line that only the record ticks is settled: ids on the fireground, the first there gets the focus.
PLACES = {
    (Phase.ALERT, "bridge"): "f-bridge-url-value f-bridge-url-input",
    (Phase.ALERT, "systems"): "f-affected-systems-value f-affected-systems-input",
    (Phase.GATHER, "can"): "log-text",
    (Phase.GATHER, "timebox"): "gather-teams",
    (Phase.GATHER, "description"): "f-description-value f-description-input",
    (Phase.GATHER, "roles"): "team",
    (Phase.ASSESS, "external"): "f-alert-external-impact-value f-alert-external-impact-input",
    (Phase.ASSESS, "customers"): "f-alert-customer-count-value f-alert-customer-count-input",
    (Phase.INITIAL, "milestone"): "composer-body",
    (Phase.INITIAL, "eta"): "composer-body",
    (Phase.INITIAL, "leadership"): "f-exec-summary-value f-exec-summary-input",
    (Phase.ISOLATION, "tracks"): "track-line",
    (Phase.ISOLATION, "impact"): "f-business-impact-value f-business-impact-input",
    (Phase.MITIGATION, "tracks"): "tracks",
    (Phase.VALIDATION, "monitoring"): "status-key",
    (Phase.RESOLUTION, "milestone"): "composer-body",
    (Phase.RESOLUTION, "after_action"): "composer-body",
    (Phase.RESOLUTION, "released"): "release-name",
    (Phase.RESOLUTION, "resolved"): "status-key",
}


@dataclass(frozen=True)
class Tick:
    """A line of the checklist: done by a person (`by`, `at`), by the record itself, or open (`missing` says
    why).

    `refusal`: why a person can neither tick nor untick it now; empty when they can. `place`: where it is
    settled.
    """

    item: Item
    is_done: bool
    missing: str = ""
    refusal: str = ""
    by: str = ""
    at: datetime | None = None
    place: str = ""

    @property
    def by_record(self) -> bool:
        """The record says that it holds, nobody pressed it."""
        return self.is_done and not self.by


class Fireground(Drafts):
    """One incident as one person sees it at one moment, whole."""

    # Phase command

    @property
    def play(self) -> Play:
        return play_at(self.incident.phase, self.incident.alarm_level)

    @cached_property
    def situation(self) -> Situation:
        return reads.situation(self)

    @cached_property
    def checks(self) -> list[tuple[str, ValidationCheck | None]]:
        rows = select(ValidationCheck).filter_by(incident_id=self.incident.id)
        known = {check.system: check for check in db.session.scalars(rows)}
        return [(name, known.get(name)) for name in self.incident.system_names]

    def check_state(self, system: str) -> CheckState:
        return self.situation.checks.get(system, CheckState.PENDING)

    def told_otherwise(self, system: str) -> SystemStatus | None:
        """What the public page says of a system, where its check says the contrary:
        worse than operational though it is confirmed, set to operational though it is not.
        """
        incident = self.incident
        if not incident.is_shown or incident.is_resolved:
            return None
        chosen = next((row.status for row in incident.systems if row.name == system), None)
        if self.check_state(system) is CheckState.CONFIRMED:
            told = system_status(chosen, incident.severity)
            return told if told is not SystemStatus.OPERATIONAL else None
        return chosen if chosen is SystemStatus.OPERATIONAL else None

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
    def _ticks(self) -> dict[str, ChecklistTick]:
        return standing_ticks(self.incident, self.incident.phase)

    @cached_property
    def facts(self) -> Facts:
        """What the record says of this phase's lines."""
        return facts(self.incident, self.incident.phase, now=self.now, ticks=self._ticks)

    @cached_property
    def checklist(self) -> list[Tick]:
        lines = []
        for item in self.play.items:
            missing, refusal = item.missing(self.facts), item.why_not_press(self.facts)
            tick = self._ticks.get(item.key) if not refusal and not missing else None
            place = PLACES.get((self.incident.phase, item.key), "")
            by, at = (tick.by, tick.at) if tick else ("", None)
            lines.append(Tick(item, not missing, missing, refusal, by, at, place))
        return lines

    @property
    def open_items(self) -> list[Item]:
        return [line.item for line in self.checklist if not line.is_done]

    @property
    def card(self) -> reads.Card | None:
        """The run card that lies here."""
        return reads.card(self)

    @property
    def other_cards(self) -> list[RunCard]:
        return reads.other_cards(self)

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
        return reads.blockers(self)

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
    def next_cell_at(self) -> datetime | None:
        """When the next of those minutes begins; None once all are over."""
        started = self.incident.window_started_at
        if started is None or self.now - started >= timedelta(minutes=10):
            return None
        return started + timedelta(minutes=int((self.now - started).total_seconds()) // 60 + 1)

    @property
    def shows_resolution(self) -> bool:
        """The composer offers the resolution milestone: in phase 8, and in phase 7 once it is clear."""
        phase = self.incident.phase
        return phase is Phase.RESOLUTION or (phase is Phase.VALIDATION and not self.blockers)
