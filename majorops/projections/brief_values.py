"""The frozen values that briefs get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from majorops.domain import text as words
from majorops.domain.alarm import is_role_asked
from majorops.domain.briefs import Basis, Need, customer_words, moved_on, written_words
from majorops.domain.cadence import Cadence, cadence
from majorops.domain.enums import (
    AlarmLevel,
    AskState,
    CommandRole,
    ExternalImpact,
    IncidentStatus,
    Phase,
    RiskLevel,
    Severity,
)
from majorops.domain.exposure import spelled
from majorops.domain.measures import (
    Kept,
    Moment,
    impact_duration,
    impact_ended_at,
    impact_started_at,
    measures,
    total_duration,
)


@dataclass(frozen=True)
class BriefLine:
    """An incident in the list of briefs."""

    number: int
    title: str
    severity: Severity
    alarm_level: AlarmLevel
    status: IncidentStatus
    phase: Phase
    opened_at: datetime
    next_update_eta: datetime | None
    promise_ended_at: datetime | None

    @property
    def reference(self) -> str:
        """`INC-042`."""
        return words.reference(self.number)

    def cadence(self, now: datetime) -> Cadence | None:
        """The badge of everybody inside, internal promises counted; None once it is resolved."""
        return cadence(self.status, self.next_update_eta, now, is_final=self.promise_ended_at is not None)


@dataclass(frozen=True)
class BriefMilestone:
    """A milestone, or an update that the public was given, in its newest words."""

    heading: str
    title: str
    body: str
    at: datetime
    is_milestone: bool = True

    @property
    def kind(self) -> str:
        """`milestone` or `update`."""
        return "milestone" if self.is_milestone else "update"


@dataclass(frozen=True)
class BriefTrack:
    """A running recovery track; `expires_at` None: it has no timebox."""

    goal: str
    team: str
    owner: str
    expires_at: datetime | None


@dataclass(frozen=True)
class BriefQuestion:
    """A question that was asked from this account or link, and what became of it."""

    text: str
    asked_at: datetime
    due_at: datetime
    state: AskState
    answer: str
    closed_at: datetime | None


@dataclass(frozen=True)
class BriefIncident(BriefLine):
    """One incident for both briefs; which page shows what is up to its template."""

    detected_at: datetime
    resolved_at: datetime | None
    issue_time: datetime | None
    resolve_time: datetime | None
    customer_count: int | None
    customer_count_is_approximate: bool
    external_impact: ExternalImpact
    business_impact: str
    customer_impact_summary: str
    who_affected: str
    what_to_do: str
    risk_level: RiskLevel | None
    exec_summary: str
    exec_summary_from: dict[str, Any] | None
    is_private: bool
    exposure_line: str
    exposure_published_at: datetime | None
    kept_number: int | None  # of the incident that this one, a duplicate, was merged into
    systems: tuple[str, ...]
    milestones: tuple[BriefMilestone, ...]
    tracks: tuple[BriefTrack, ...]
    more_tracks: int
    needed: tuple[Need, ...]
    team: tuple[tuple[CommandRole, str], ...]  # every role, an empty name where it is vacant
    moments: Moment
    kept: Kept

    def duration(self, now: datetime) -> timedelta:
        """Since the opening, frozen at the close (domain §3)."""
        return total_duration(self.opened_at, self.resolved_at, now)

    def impact(self, now: datetime) -> timedelta:
        """Since the alert fired, else since the problem began; frozen when that ended (domain §3)."""
        began = impact_started_at(self.issue_time, self.detected_at)
        return impact_duration(began, impact_ended_at(self.resolve_time, self.resolved_at), now)

    def summary_note(self, now: datetime) -> str:
        """From when the exec summary is, where something moved on since; empty while it is current."""
        basis = Basis.of(self.exec_summary_from) if self.exec_summary else None
        if basis is None:
            return ""
        customers = customer_words(self.customer_count, self.customer_count_is_approximate)
        here = Basis(0, now, self.phase, self.status, self.severity, customers)
        if not (moved := moved_on(basis, here)):
            return ""
        end = "not confirmed since" if self.resolved_at else f"since then: {', '.join(moved)}"
        return f"{written_words(basis, now, self.resolved_at)}; {end}."

    @property
    def told_words(self) -> str:
        """What the listed texts are: `Milestones: 2`, `Milestones: 1, updates: 2`."""
        cut = sum(one.is_milestone for one in self.milestones)
        updates = f"updates: {len(self.milestones) - cut}"
        if cut == len(self.milestones):
            return f"Milestones: {cut}"
        return f"Milestones: {cut}, {updates}" if cut else updates.capitalize()

    @property
    def held_roles(self) -> tuple[tuple[CommandRole, str], ...]:
        """Who holds which role, and the vacant roles that the Box asks for.

        After the close who held it last, and nothing is vacant then.
        """

        def is_shown(role: CommandRole, name: str) -> bool:
            return bool(name) or (not self.resolved_at and is_role_asked(role, self.alarm_level))

        return tuple(pair for pair in self.team if is_shown(*pair))

    @property
    def exposure_words(self) -> str:
        """The published exposure line in words; empty for none."""
        return spelled(self.exposure_line)

    @property
    def measures(self) -> Mapping[str, timedelta]:
        """The measures of domain §11, once the incident is resolved."""
        return measures(self.moments) if self.resolved_at else {}

    @property
    def next_phase(self) -> Phase | None:
        """None in phase 8, and once the incident is resolved."""
        return Phase(self.phase + 1) if self.phase < Phase.RESOLUTION and not self.resolved_at else None


@dataclass(frozen=True)
class OpenedLink:
    """A link that opens its page now, to whoever holds its token."""

    id: int
    name: str
    last_used_at: datetime | None
