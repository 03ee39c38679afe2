"""The frozen values that public pages get."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from majorops.domain import text as words
from majorops.domain.cadence import Cadence, cadence
from majorops.domain.vocab import (
    AlarmLevel,
    EventType,
    ExternalImpact,
    IncidentStatus,
    Phase,
    Severity,
)


@dataclass(frozen=True)
class PublicUpdate:
    """A status update or milestone as the public reads it. `withdrawn_at`: then there is no text.
    `earlier`: the texts that this one corrects, newest first."""

    id: int
    number: int | None
    title: str
    body: str
    at: datetime
    next_update_eta: datetime | None
    is_resolution: bool
    withdrawn_at: datetime | None
    corrected_at: datetime | None = None
    earlier: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        return f"Milestone {self.number}" if self.number else "Update"


@dataclass(frozen=True)
class PublicEntry:
    """One public line of the timeline. `is_struck`: a later public entry corrects it."""

    seq: int
    type: EventType
    title: str
    detail: str
    at: datetime
    phase: Phase | None
    is_struck: bool


@dataclass(frozen=True)
class PublicSummary:
    """An incident on the status page."""

    number: int
    title: str
    severity: Severity
    alarm_level: AlarmLevel
    status: IncidentStatus
    phase: Phase
    opened_at: datetime
    detected_at: datetime
    resolved_at: datetime | None
    systems: tuple[str, ...] = ()
    latest_text: str = ""
    last_update_at: datetime | None = None
    next_update_eta: datetime | None = None

    @property
    def reference(self) -> str:
        return words.reference(self.number)

    def cadence(self, now: datetime) -> Cadence | None:
        return cadence(self.status, self.next_update_eta, now)


@dataclass(frozen=True)
class PublicIncident(PublicSummary):
    """An incident on its own public page."""

    issue_time: datetime | None = None
    resolve_time: datetime | None = None
    customer_count: int | None = None
    customer_count_is_approximate: bool = False
    external_impact: ExternalImpact = ExternalImpact.UNKNOWN
    bridge_url: str | None = None
    continues: int | None = None
    continued_by: int | None = None
    updates: tuple[PublicUpdate, ...] = ()
    entries: tuple[PublicEntry, ...] = ()
    has_older: bool = False


@dataclass(frozen=True)
class PublicStatus:
    """The status page: active incidents by Box, then by age; resolved ones of the last 30 days, newest first."""

    active: tuple[PublicSummary, ...]
    recent: tuple[PublicSummary, ...]
    last_resolved: PublicSummary | None

    @property
    def is_wartime(self) -> bool:
        return bool(self.active)
