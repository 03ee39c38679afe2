"""The numbers of many incidents at once: those that are over as they are kept, those that run as of now."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Mapped

from majorops.db import db
from majorops.domain.enums import ActionState, Severity
from majorops.domain.measured import (
    FORM,
    NUMBERS,
    Apart,
    Promised,
    actions_corrected,
    numbers_of,
    packed,
    unpacked,
)
from majorops.models import ActionItem, AffectedSystem, Incident, MeasuredIncident, RecoveryTrack, System
from majorops.projections.measured import AT_ONCE, facts_of
from majorops.projections.rules import HAS_RUNNING_STATUS, IS_PRIVATE

OFFERED = 400  # newest recovery tracks, whose teams the filter offers
OLDEST = 50
PART = 500  # incidents whose words an export reads at once


@dataclass(frozen=True)
class Asked:
    """Which incidents: those opened from one day to another (both among them, UTC), and more narrowly.

    `severity`, `system`, `team` (that had a recovery track in it): None and empty for all.
    """

    since: date
    until: date
    apart: Apart = Apart.INCIDENT
    severity: Severity | None = None
    system: str = ""
    team: str = ""

    @property
    def start(self) -> datetime:
        """The first moment of the time."""
        return datetime.combine(self.since, time(), UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.until, time(), UTC) + timedelta(days=1)


class Measured:
    """Incidents by the time of their opening, and their numbers."""

    def __init__(self, incidents: list[int], numbers: array[int]):
        self.incidents, self._numbers = incidents, numbers

    def of(self, name: str) -> array[int]:
        """One of NUMBERS, of each incident in turn."""
        return self._numbers[NUMBERS.index(name) :: FORM]

    def each(self) -> Iterator[tuple[int, array[int]]]:
        """Each incident with all its numbers."""
        for place, incident in enumerate(self.incidents):
            yield incident, self._numbers[place * FORM : (place + 1) * FORM]


def measured(asked: Asked, now: datetime) -> Measured:
    """The incidents that were asked for. Ten queries at most, whatever there is; of running ones 200."""
    kept = MeasuredIncident.__table__.c  # not by the mapped class: of 40,000 rows that takes a fifth longer
    rows = db.session.execute(
        select(kept.incident_id, kept.numbers)
        .where(
            kept.apart == asked.apart.value,
            *_opened(kept.opened_at, asked),
            kept.form == FORM,
            *_narrowed(kept.severity, kept.incident_id, asked),
        )
        .order_by(kept.opened_at)
    )
    incidents: list[int] = []
    found: list[bytes] = []
    for part in rows.partitions(PART):  # 40,000 rows at once are what the garbage collector stops for
        incidents += [row[0] for row in part]
        found += [row[1] for row in part]
    for one in facts_of(_running(asked)):
        if one.apart is asked.apart:
            incidents.append(one.number)
            found.append(packed(numbers_of(one.facts, now)))
    numbers = unpacked(found)
    _correct_actions(incidents, numbers, _corrections(asked.apart, now))
    return Measured(incidents, numbers)


def _corrections(apart: Apart, now: datetime) -> dict[int, tuple[int, int]]:
    """Incident → what today changes of its numbers of actions: kept are those that ended. One query.

    It reads what is open, and what was done before its date came: neither grows with the past.
    """
    item, today = ActionItem, now.date()
    is_asked = item.is_practice.is_(apart is Apart.DRILL)
    known = (item.incident_id, item.first_due_on, item.state)
    late = select(*known).where(is_asked, item.state == ActionState.OPEN, item.first_due_on < today)
    early = select(*known).where(item.first_due_on >= today, item.state == ActionState.DONE, is_asked)
    found: dict[int, tuple[int, int]] = {}
    for number, first_due_on, state in db.session.execute(late.union_all(early)):
        due, on_time = actions_corrected(Promised(first_due_on, state), today)
        before = found.get(number, (0, 0))
        found[number] = (before[0] + due, before[1] + on_time)
    return found


def _correct_actions(
    incidents: list[int], numbers: array[int], corrections: dict[int, tuple[int, int]]
) -> None:
    of, on_time = NUMBERS.index("actions_due"), NUMBERS.index("actions_on_time")
    for place, number in enumerate(incidents) if corrections else ():
        if number in corrections:
            numbers[place * FORM + of] += corrections[number][0]
            numbers[place * FORM + on_time] += corrections[number][1]


def counted(asked: Asked) -> dict[Severity, int]:
    """How many incidents of each severity were opened in the time.

    Neither drills, nor private ones, nor duplicates.
    """
    found = db.session.execute(
        select(Incident.severity, func.count())
        .where(*_opened(Incident.opened_at, asked), Incident.is_drill.is_(False), ~IS_PRIVATE)
        .where(Incident.merged_into_id.is_(None))
        .group_by(Incident.severity)
    )
    return dict(found.all())


def _running(asked: Asked) -> list[int]:
    query = select(Incident.id).where(
        HAS_RUNNING_STATUS,
        *_opened(Incident.opened_at, asked),
        *_narrowed(Incident.severity, Incident.id, asked),
    )
    return list(db.session.scalars(query.order_by(Incident.opened_at).limit(AT_ONCE)))


def _opened(
    column: ColumnElement[datetime] | Mapped[datetime], asked: Asked
) -> tuple[ColumnElement[bool], ...]:
    return column >= asked.start, column < asked.end


def _narrowed(
    severity: ColumnElement[Severity] | Mapped[Severity],
    number: ColumnElement[int] | Mapped[int],
    asked: Asked,
) -> Iterator[ColumnElement[bool]]:
    if asked.severity:
        yield severity == asked.severity
    if asked.system:
        yield number.in_(select(AffectedSystem.incident_id).where(AffectedSystem.name == asked.system))
    if asked.team:
        yield number.in_(select(RecoveryTrack.incident_id).where(RecoveryTrack.team == asked.team))


def offered_systems() -> list[str]:
    """The names of the catalogue, in use first, for the filter."""
    return list(db.session.scalars(select(System.name).order_by(System.is_active.desc(), System.name)))


def offered_teams() -> list[str]:
    """Teams that had a recovery track in the newest incidents, for the filter."""
    newest = select(RecoveryTrack.team).order_by(RecoveryTrack.id.desc()).limit(OFFERED)
    return sorted(set(db.session.scalars(newest)))


@dataclass(frozen=True)
class Line:
    """What an incident is called in a table or a file."""

    number: int
    title: str
    severity: Severity
    opened_at: datetime
    resolved_at: datetime | None


def lines(incidents: list[int]) -> dict[int, Line]:
    """Number → its line; read in parts of PART."""
    columns = (Incident.id, Incident.title, Incident.severity, Incident.opened_at, Incident.resolved_at)
    found: dict[int, Line] = {}
    for start in range(0, len(incidents), PART):
        rows = select(*columns).where(Incident.id.in_(incidents[start : start + PART]))
        found.update((row.id, Line(*row)) for row in db.session.execute(rows))
    return found


def is_unmeasured(asked: Asked) -> bool:
    """Resolved incidents of the time are not measured yet: what is filled in comes newest first.

    So the oldest OLDEST of the time are looked at, and no more.
    """
    kept = MeasuredIncident
    oldest = (
        select(Incident.id, Incident.resolved_at)
        .where(*_opened(Incident.opened_at, asked))
        .order_by(Incident.opened_at)
        .limit(OLDEST)
        .subquery()
    )
    known = select(kept.id).where(kept.incident_id == oldest.c.id, kept.form == FORM).exists()
    missing = select(oldest.c.id).where(oldest.c.resolved_at.is_not(None), ~known)
    return db.session.scalar(missing.limit(1)) is not None
