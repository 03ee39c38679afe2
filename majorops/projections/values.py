"""The frozen values that public pages get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

from majorops.domain import text as words
from majorops.domain.cadence import Cadence, cadence
from majorops.domain.enums import (
    AlarmLevel,
    EventType,
    ExternalImpact,
    IncidentStatus,
    Phase,
    Severity,
    SystemStatus,
)
from majorops.domain.measures import Kept, total_duration
from majorops.domain.phases import Step
from majorops.domain.systems import IMPACT, Indicator, headline, system_status, worst
from majorops.projections.maintenance import PublicMaintenance


@dataclass(frozen=True)
class PublicUpdate:
    """A status update or milestone as the public reads it.

    `keys`: its own, then those of what corrects it (domain/public_names.py). `number`: of a milestone, among
    those that the public was ever given. `withdrawn_at`: then there is no text. `corrected_at`: when its
    newest text came, None for the first one.
    `earlier`: the texts that this one corrects, newest first. `late_by`: how long after the close it came,
    None for what was said before. `is_review`: the public review.
    """

    keys: tuple[str, ...]
    number: int | None
    title: str
    body: str
    at: datetime
    next_update_eta: datetime | None
    is_resolution: bool
    withdrawn_at: datetime | None
    corrected_at: datetime | None = None
    earlier: tuple[str, ...] = ()
    late_by: timedelta | None = None
    is_review: bool = False

    @property
    def heading(self) -> str:
        """`Milestone 2`, `Update`, `Late update`, `Review`."""
        return words.posted(self.number, is_late=self.late_by is not None, is_review=self.is_review)


@dataclass(frozen=True)
class PublicEntry:
    """One public line of the timeline. `is_struck`: a later public entry corrects it.

    `key`: domain/public_names.py. `is_own_words`: a person wrote it, it is in no catalogue. `origin`: the
    number of the duplicate that it stands at, None for the incident itself.
    """

    key: str
    type: EventType
    title: str
    detail: str
    at: datetime
    phase: Phase | None
    is_struck: bool
    is_own_words: bool = False
    origin: int | None = None

    @property
    def anchor(self) -> str:
        """Its place on a page; empty for an old entry of a duplicate, as its number is another's there."""
        return "" if self.origin is not None and self.key.isdigit() else f"e{self.key}"


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
    chosen: tuple[SystemStatus | None, ...] = ()  # how each system is, where somebody said so
    latest_text: str = ""
    last_update_at: datetime | None = None
    next_update_eta: datetime | None = None
    ended_at_status: IncidentStatus | None = (
        None  # the status at which a resolution milestone ended the promises
    )

    @property
    def reference(self) -> str:
        """`INC-042`."""
        return words.reference(self.number)

    @property
    def opened_on(self) -> date:
        """The day, by UTC, on which it was opened."""
        return self.opened_at.date()

    @property
    def statuses(self) -> dict[str, SystemStatus]:
        """How this incident says that its systems are."""
        return {
            name: system_status(chosen, self.severity)
            for name, chosen in zip(self.systems, self.chosen, strict=True)
        }

    @property
    def lasted(self) -> timedelta:
        """How long a resolved incident was open."""
        return total_duration(self.opened_at, self.resolved_at, self.resolved_at or self.opened_at)

    def cadence(self, now: datetime) -> Cadence | None:
        """The badge of the public: internal promises do not count; None once it is resolved.

        A resolution milestone ends the promises, until the status goes back to Active after it.
        """
        went_back = self.status is IncidentStatus.ACTIVE and self.ended_at_status is not IncidentStatus.ACTIVE
        is_final = self.ended_at_status is not None and not went_back
        return cadence(self.status, self.next_update_eta, now, is_final=is_final)


# Columns of plain text on an incident's public page, in their order; `incident.<name>` is the heading.
PUBLIC_TEXTS = ("who_affected", "what_to_do")


@dataclass(frozen=True)
class PublicIncident(PublicSummary):
    """An incident on its own public page."""

    issue_time: datetime | None = None
    resolve_time: datetime | None = None
    customer_count: int | None = None
    customer_count_is_approximate: bool = False
    external_impact: ExternalImpact = ExternalImpact.UNKNOWN
    who_affected: str = ""
    what_to_do: str = ""
    bridge_url: str | None = None
    continues: int | None = None
    continued_by: int | None = None
    updates: tuple[PublicUpdate, ...] = ()
    entries: tuple[PublicEntry, ...] = ()
    has_older: bool = False
    kept: Kept | None = None  # how promises were kept, once it is resolved
    steps: tuple[Step, ...] = ()

    @property
    def newest(self) -> str:
        """The anchor of the newest entry that is shown and has one; empty for none."""
        return next((entry.anchor for entry in self.entries if entry.anchor), "")

    @property
    def oldest(self) -> str | None:
        """The key of the oldest entry of its own that is shown: older pages begin there."""
        own = [entry.key for entry in self.entries if entry.origin is None]
        return own[-1] if own else None

    @property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """(name, text) of what was written for the public, without what is empty."""
        return tuple((name, text) for name in PUBLIC_TEXTS if (text := getattr(self, name)))


@dataclass(frozen=True)
class PublicSystem:
    """A system that the public page lists: how it is, and through which incidents."""

    name: str
    group: str
    status: SystemStatus
    incidents: tuple[int, ...] = ()


@dataclass(frozen=True)
class PublicStatus:
    """The status page: what runs, what was resolved of late, and the systems.

    `active`: by Box, then by age. `recent`: resolved in the last 30 days, newest first. `last_resolved`: the
    newest of all, None where there is none.
    """

    active: tuple[PublicSummary, ...]
    recent: tuple[PublicSummary, ...]
    last_resolved: PublicSummary | None
    systems: tuple[PublicSystem, ...] = ()
    maintenances: tuple[PublicMaintenance, ...] = ()

    @property
    def groups(self) -> list[tuple[str, SystemStatus, tuple[PublicSystem, ...]]]:
        """Heading, the worst of it, and its systems; those without a group last, under an empty heading."""
        names = dict.fromkeys(sorted((one.group for one in self.systems), key=lambda name: (not name, name)))
        found = [(name, tuple(one for one in self.systems if one.group == name)) for name in names]
        return [(name, worst(one.status for one in systems), systems) for name, systems in found]

    @property
    def headline(self) -> tuple[Indicator, str]:
        """What is true of the whole, for people and for status clients."""
        impacts = [IMPACT[incident.severity] for incident in self.active]
        is_maintained = any(one.is_running for one in self.maintenances)
        return headline([system.status for system in self.systems], impacts, is_maintained)


@dataclass(frozen=True)
class SaidThen:
    """What the public was told of a past incident. `number`: of a milestone, None for an update."""

    number: int | None
    body: str
    at: datetime


DAYS_OF_MONTH = 31


@dataclass(frozen=True)
class PublicMonth:
    """The incidents that were opened in one month, newest first.

    `before`, `after`: the first day of the nearest month that has any, None for none. `has_more`: there were
    more than are listed. `said`: number → its newest words for the public, newest first; `uptimes`: name,
    group and uptime in per cent of the systems.
    """

    first_day: date
    incidents: tuple[PublicSummary, ...]
    before: date | None
    after: date | None
    has_more: bool = False
    said: Mapping[int, tuple[SaidThen, ...]] = field(default_factory=dict)
    uptimes: tuple[tuple[str, str, float], ...] = ()

    @property
    def by_day(self) -> list[tuple[range, tuple[PublicSummary, ...]]]:
        """Its incidents by the day on which they were opened, newest first.

        With each the days of the month, newest first, for which these are the last that had been opened.
        """
        found, until = [], DAYS_OF_MONTH
        for day, rows in groupby(self.incidents, key=lambda one: one.opened_at.day):
            found.append((range(until, day - 1, -1), tuple(rows)))
            until = day - 1
        return found
