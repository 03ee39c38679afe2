"""The systems that the public page lists: how they are now, and how they were day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, func, select, union_all

from majorops.db import db
from majorops.domain.enums import SystemStatus
from majorops.domain.systems import feed_name, system_status
from majorops.domain.uptime import COUNTS, Day, Down, Mark, Span, days_with_incidents, down_in, percentage
from majorops.models import AffectedSystem, DownTime, Incident, System, SystemState
from majorops.projections.rules import HAS_RUNNING_STATUS, IS_PUBLIC_INCIDENT, IS_PUBLIC_SYSTEM, PUBLIC_TITLE

DAYS = 90
PAST_LIMIT = 5_000  # past incidents that the days are made of, newest first
LATE = timedelta(days=93)  # after a month, until which what happened in it is over
DOWNS_MOST = 50_000  # newest of a year: four times what a hundred thousand incidents in five leave


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
_Numbers: TypeAlias = CompoundSelect[int] | Select[int] | Sequence[int]


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

    Five queries. What is over is read as it was kept with each incident (`downs_of`), what runs from its
    record.
    """
    months = _months(since, min(until, now.date()))
    if not months:
        return [], []
    periods = [(_start(month), min(_next(month), now)) for month in months]
    first, last = periods[0][0], periods[-1][1]
    rows = select(System.name, System.added_at, System.uptime_goal).where(System.is_active.is_(True))
    systems = db.session.execute(rows.order_by(System.name)).all()
    named = _first_named(first)
    downs = _downs(first, last)
    running, _ = _spans(select(Incident.id).where(HAS_RUNNING_STATUS), _COUNTED, last)
    for name, spans in running.items():
        downs[name] += _counting(spans)
    found = []
    for name, added, goal in systems:
        starts = (added or first, named.get(name, last), *(start for start, _, _ in downs[name]))
        known_from = max(min(starts), first)
        known = [max(end - max(known_from, start), timedelta(0)) for start, end in periods]
        down = down_in(downs[name], periods)
        each = tuple(map(percentage, down, known))
        whole = percentage(sum(down, timedelta(0)), sum(known, timedelta(0)))
        found.append(SystemUptime(name, goal, each, whole))
    return months, found


def _downs(first: datetime, last: datetime) -> dict[str, list[Down]]:
    """What was kept of a time, by the system's name; of a past one, what ended until LATE after it."""
    kept = DownTime.__table__.c  # not by the mapped class, as in projections/measures.py
    rows = select(kept.name, kept.began_at, kept.ended_at, kept.counts)
    rows = rows.where(kept.ended_at >= first, kept.ended_at < last + LATE)
    found: dict[str, list[Down]] = defaultdict(list)
    for name, start, end, counts in db.session.execute(rows.order_by(kept.ended_at.desc()).limit(DOWNS_MOST)):
        found[name].append((start, end, counts))
    return found


def _first_named(first: datetime) -> dict[str, datetime]:
    """System added later than that → when the first incident that names it was detected: it was there."""
    number = select(func.min(AffectedSystem.incident_id)).where(AffectedSystem.name == System.name)
    rows = select(System.name, Incident.detected_at).join(Incident, Incident.id == number.scalar_subquery())
    return dict(db.session.execute(rows.where(System.added_at > first)).all())


def downs_of(numbers: Sequence[int]) -> list[tuple[int, str, Down]]:
    """What these resolved incidents leave of down-time: number, the system's name, from when until when."""
    spans, _ = _spans(numbers, and_(_COUNTED, Incident.resolved_at.is_not(None)), None)
    pairs = [(name, span) for name, of_system in spans.items() for span in of_system]
    return [(span.incident, name, down) for name, span in pairs for down in _counting([span])]


def _counting(spans: Iterable[Span]) -> Iterator[Down]:
    for span in spans:
        if (counts := COUNTS[span.status]) and span.start < span.end:
            yield span.start, span.end, counts


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
    names: Iterable[str], first: datetime, last: datetime
) -> tuple[dict[str, list[Span]], dict[int, DayIncident]]:
    """What the public knows of these systems between two times, and what the incidents are called.

    Of what ended, the newest `PAST_LIMIT`; of a time in the past, what ended until LATE after it.
    """
    ended = (
        select(Incident.id)
        .where(IS_PUBLIC_INCIDENT, Incident.resolved_at >= first, Incident.resolved_at < last + LATE)
        .order_by(Incident.resolved_at.desc())
        .limit(PAST_LIMIT)
        .subquery()
        .select()
    )
    numbers = union_all(select(Incident.id).where(HAS_RUNNING_STATUS), ended)
    spans, named = _spans(numbers, IS_PUBLIC_INCIDENT, last, set(names))
    return spans, named


def _spans(
    numbers: _Numbers,
    counted: ColumnElement[bool],
    last: datetime | None,
    listed: set[str] | None = None,
) -> tuple[dict[str, list[Span]], dict[int, DayIncident]]:
    """What those of these incidents that count said of systems, and what they are called. Two queries.

    `last`: up to when what runs counts, None where nothing runs; `listed`: the systems, None for all.
    """
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
    states = _states(numbers)
    spans: dict[str, list[Span]] = defaultdict(list)
    named: dict[int, DayIncident] = {}
    for number, title, severity, detected, opened, resolved, name in db.session.execute(rows):
        # asked for by name, SQLite would read every incident that the system ever had
        if (listed is not None and name not in listed) or (last is not None and detected > last):
            continue
        named[number] = DayIncident(number, title, opened.date())
        known = states.get((number, name)) or [(opened, system_status(None, severity))]
        if known[0][0] > opened:  # what is operational is no change, and not kept
            known = [(opened, SystemStatus.OPERATIONAL), *known]
        spans[name] += _in_turn(number, detected, resolved or last or detected, known)
    return spans, named


def _states(numbers: _Numbers) -> dict[tuple[int, str], list[State]]:
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
