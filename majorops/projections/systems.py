"""The systems that the public page lists: how they are now, and how they were day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from sqlalchemy import ColumnElement, CompoundSelect, and_, select, union_all

from majorops.db import db
from majorops.domain.enums import IncidentStatus, SystemStatus
from majorops.domain.systems import feed_name, system_status
from majorops.domain.uptime import Day, Mark, Span, days_with_incidents, percentage
from majorops.models import AffectedSystem, Incident, System, SystemState
from majorops.projections.rules import HAS_RUNNING_STATUS, IS_PUBLIC_INCIDENT, IS_PUBLIC_SYSTEM, PUBLIC_TITLE

DAYS = 90
PAST_LIMIT = 5_000  # past incidents that the days are made of, newest first
LATE = timedelta(days=93)  # after a month, until which what happened in it is over


def listed_systems() -> list[tuple[str, str]]:
    """Name and group of the systems that the catalogue gives to the public; those without a group last."""
    rows = (
        select(System.name, System.group_name)
        .where(IS_PUBLIC_SYSTEM, System.is_active.is_(True))
        .order_by(System.group_name == "", System.group_name, System.name)
    )
    return [(name, group) for name, group in db.session.execute(rows)]


def listed_as(address: str) -> str | None:
    """The listed system whose name `feed_name` writes so in addresses; None where the public has none."""
    return next((name for name, _ in listed_systems() if feed_name(name) == address), None)


def public_of(names: Iterable[str]) -> set[str]:
    """Those of these names that the public may read (`rules.IS_PUBLIC_SYSTEM`), in use or retired."""
    asked = list(dict.fromkeys(names))
    known = select(System.name).where(IS_PUBLIC_SYSTEM, System.name.in_(asked))
    return set(db.session.scalars(known)) if asked else set()


State: TypeAlias = tuple[datetime, SystemStatus]  # from when on, how


@dataclass(frozen=True)
class DayIncident:
    """An incident that touched a day. `opened_on`: where the history has it."""

    number: int
    title: str
    opened_on: date


@dataclass(frozen=True)
class PublicDay:
    """A day on which an incident ran. `ago`: 0 for today; the newest of `incidents` first."""

    day: date
    ago: int
    mark: Mark
    lasted: timedelta
    incidents: tuple[DayIncident, ...]


@dataclass(frozen=True)
class PublicDays:
    """The last days of a system: those with incidents, the oldest first, and the uptime over all.

    `known`: of how many days it is known, today among them. `uptime`: in per cent.
    """

    known: int
    days: tuple[PublicDay, ...]
    uptime: float | None

    @property
    def marks(self) -> tuple[tuple[date, Mark, tuple[DayIncident, ...]], ...]:
        """What stands of the days until something happens: all but how long they lasted."""
        return tuple((one.day, one.mark, one.incidents) for one in self.days)


def public_days(now: datetime) -> dict[str, PublicDays]:
    """Listed system → its last 90 days, today among them.

    For the status page alone: no other question of its kind costs as much.
    """
    first = _midnight(now) - timedelta(days=DAYS - 1)
    since = _since()
    spans, named = spans_of(since, first, now)
    found = {}
    for name, added in since.items():
        known_from, days = _known(spans[name], added, first, now)
        shown = tuple(
            PublicDay(
                day, (now.date() - day).days, one.mark, one.lasted, tuple(named[n] for n in one.incidents)
            )
            for day, one in sorted(days.items())
        )
        down = sum((one.down for one in days.values()), timedelta(0))
        found[name] = PublicDays(
            (now.date() - known_from.date()).days + 1, shown, percentage(down, now - known_from)
        )
    return found


# Inside, every incident counts that is no drill and no duplicate, also what is private.
_COUNTED = and_(Incident.is_drill.is_(False), Incident.merged_into_id.is_(None))
_INSIDE = (_COUNTED, and_(_COUNTED, Incident.status == IncidentStatus.RESOLVED))


@dataclass(frozen=True)
class SystemUptime:
    """The uptime of a system in months, in per cent; None where it was not there yet. `goal`: None for none.

    `all_of`: over the whole time.
    """

    name: str
    goal: float | None
    months: tuple[float | None, ...]
    all_of: float | None

    def is_missed(self, uptime: float | None) -> bool:
        """Below the goal."""
        return self.goal is not None and uptime is not None and uptime < self.goal


def uptimes(since: date, until: date, now: datetime) -> tuple[list[date], list[SystemUptime]]:
    """The months between two days, and the uptime in them of each system in use, by name.

    Three queries a month, and one.
    """
    rows = select(System.name, System.added_at, System.uptime_goal).where(System.is_active.is_(True))
    systems = db.session.execute(rows.order_by(System.name)).all()
    months = _months(since, min(until, now.date()))
    ends = [min(_next(month), now) for month in months]
    spans: dict[str, list[Span]] = defaultdict(list)
    for month, end in zip(months, ends, strict=True):
        late = LATE if month == months[-1] else timedelta(0)  # what ended later is in the months after it
        found, _ = spans_of([row.name for row in systems], _start(month), end, _INSIDE, late)
        for name, of_system in found.items():
            spans[name] += of_system
    return months, [
        _uptime_of(
            row.name, row.uptime_goal, row.added_at, spans[row.name], list(zip(months, ends, strict=True))
        )
        for row in systems
        if months
    ]


def _uptime_of(
    name: str,
    goal: float | None,
    added: datetime | None,
    spans: list[Span],
    months: list[tuple[date, datetime]],
) -> SystemUptime:
    known_from, days = _known(spans, added, _start(months[0][0]), months[-1][1])
    down: dict[date, timedelta] = defaultdict(timedelta)
    for day, one in days.items():
        down[day.replace(day=1)] += one.down
    known = [max(end - max(known_from, _start(month)), timedelta(0)) for month, end in months]
    each = tuple(percentage(down[month], time) for (month, _), time in zip(months, known, strict=True))
    whole = percentage(sum(down.values(), timedelta(0)), sum(known, timedelta(0)))
    return SystemUptime(name, goal, each, whole)


def _start(month: date) -> datetime:
    return datetime.combine(month, time(), UTC)


def _next(month: date) -> datetime:
    return _start((month + timedelta(days=31)).replace(day=1))


def _months(since: date, until: date) -> list[date]:
    found, month = [], since.replace(day=1)
    while month <= until:
        found.append(month)
        month = (month + timedelta(days=31)).replace(day=1)
    return found


def public_uptimes(first_day: date, now: datetime) -> list[tuple[str, str, float]]:
    """Name, group and uptime in per cent of each listed system that was there in a month, so far."""
    first = datetime(first_day.year, first_day.month, 1, tzinfo=UTC)
    last = min(datetime.combine((first_day + timedelta(days=31)).replace(day=1), time(), UTC), now)
    since = _since()
    spans, _ = spans_of(since, first, last)
    found = []
    for name, group in listed_systems():
        known_from, days = _known(spans[name], since[name], first, last)
        uptime = percentage(sum((one.down for one in days.values()), timedelta(0)), last - known_from)
        if uptime is not None:
            found.append((name, group, uptime))
    return found


def public_goals() -> dict[str, float]:
    """Listed system → the uptime that it is to have, in per cent of a month, where it has a goal."""
    rows = select(System.name, System.uptime_goal).where(IS_PUBLIC_SYSTEM, System.is_active.is_(True))
    return {name: goal for name, goal in db.session.execute(rows) if goal is not None}


def _known(
    spans: list[Span], added: datetime | None, first: datetime, last: datetime
) -> tuple[datetime, dict[date, Day]]:
    """From when on a system is known, between two times, and its days with incidents.

    What an incident named was there, also before somebody put it into the catalogue.
    """
    began = min([added or first, *(span.start for span in spans)])
    return max(began, first), days_with_incidents(spans, first, last)


def _since() -> dict[str, datetime | None]:
    """Listed system → when it was added; None for before that was kept."""
    rows = select(System.name, System.added_at).where(IS_PUBLIC_SYSTEM, System.is_active.is_(True))
    return {row.name: row.added_at for row in db.session.execute(rows)}


def spans_of(
    names: Iterable[str],
    first: datetime,
    last: datetime,
    counting: tuple[ColumnElement[bool], ColumnElement[bool]] = (IS_PUBLIC_INCIDENT, IS_PUBLIC_INCIDENT),
    late: timedelta = LATE,
) -> tuple[dict[str, list[Span]], dict[int, DayIncident]]:
    """What incidents said of these systems between two times, and what the incidents are called.

    `counting`: which incidents count, all and those that are over: only inside all of them do. Three queries.
    Of what ended, the newest `PAST_LIMIT`; of a time in the past, what ended until `late` after it.
    """
    counted, is_over = counting
    ended = (
        select(Incident.id)
        .where(is_over, Incident.resolved_at >= first, Incident.resolved_at < last + late)
        .order_by(Incident.resolved_at.desc())
        .limit(PAST_LIMIT)
        .subquery()
        .select()
    )
    numbers = union_all(select(Incident.id).where(HAS_RUNNING_STATUS), ended)
    rows = (
        select(
            Incident.id,
            PUBLIC_TITLE,
            Incident.severity,
            Incident.detected_at,
            Incident.opened_at,
            Incident.resolved_at,
            AffectedSystem.name,
        )
        .join(AffectedSystem.incident)
        .where(counted, Incident.id.in_(numbers))
    )
    listed, states = set(names), _states(numbers)
    spans: dict[str, list[Span]] = defaultdict(list)
    named: dict[int, DayIncident] = {}
    for number, title, severity, detected, opened, resolved, name in db.session.execute(rows):
        # asked for by name, SQLite would read every incident that the system ever had
        if name not in listed or detected > last:
            continue
        named[number] = DayIncident(number, title, opened.date())
        known = states.get((number, name)) or [(opened, system_status(None, severity))]
        if known[0][0] > opened:  # what is operational is no change, and not kept
            known = [(opened, SystemStatus.OPERATIONAL), *known]
        spans[name] += _in_turn(number, detected, resolved or last, known)
    return spans, named


def _states(numbers: CompoundSelect[tuple[int]]) -> dict[tuple[int, str], list[State]]:
    """Number and system → from when on it was how, where that was kept, oldest first."""
    state = SystemState
    rows = select(state.incident_id, state.name, state.at, state.status)
    found: dict[tuple[int, str], list[State]] = defaultdict(list)
    for number, name, at, status in db.session.execute(
        rows.where(state.incident_id.in_(numbers)).order_by(state.incident_id, state.id)
    ):
        found[number, name].append((at, status))
    return found


def _in_turn(number: int, detected: datetime, end: datetime, known: list[State]) -> Iterable[Span]:
    """The spans of one system in one incident; the first state holds from the detection on."""
    starts = [detected, *(at for at, _ in known[1:])]
    ends = [*starts[1:], end]
    for start, until, (_, status) in zip(starts, ends, known, strict=True):
        if start < until or len(known) == 1:
            yield Span(start, min(until, end), status, number)


def _midnight(time: datetime) -> datetime:
    return datetime(time.year, time.month, time.day, tzinfo=UTC)
