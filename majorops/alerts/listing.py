"""The page of alerts: one line a group, however many they are; every list is answered from an index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from majorops.db import db
from majorops.domain.alert_rules import is_continued, severity_of
from majorops.domain.enums import AlertState, Severity
from majorops.domain.text import clean_line
from majorops.models import IS_RUNNING, Alert, AlertGroup, AlertSilence, Incident
from majorops.operations.alert_incidents import newest_of
from majorops.operations.curation import NUMBER

PER_PAGE, PAGES_MOST, COUNTED_MOST = 50, 50, 1_000
OFFERED = 50  # running incidents to attach to
ALERTS_SHOWN, SILENCES_SHOWN = 200, 20
SHOWN = (("firing", "Firing"), ("acknowledged", "Acknowledged"), ("noise", "Noise"), ("cleared", "Cleared"))


@dataclass(frozen=True)
class Filter:
    """What the address asks for. `incident`: the only one whose alerts are shown; `page`: from 1."""

    show: str = "firing"
    incident: int | None = None
    page: int = 1

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filter:
        """Read from the parameters of an address; what is none of ours is left out."""
        show, number = given.get("show", ""), given.get("page", "")
        found = NUMBER.fullmatch(clean_line(given.get("incident", ""))[:40])
        page = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 1
        return cls(
            show=show if show in dict(SHOWN) else "firing",
            incident=min(int(found[1]), 2**31 - 1) if found else None,
            page=max(1, min(page, PAGES_MOST)),
        )

    def address(self, **changed: object) -> dict[str, object]:
        """The parameters of this list with some of them changed, without those that say nothing."""
        given = {"show": self.show, "incident": self.incident, "page": ""} | changed
        return {name: value for name, value in given.items() if value and (name, value) != ("show", "firing")}


@dataclass(frozen=True)
class Line:
    """A group as the page shows it.

    `incident`: the newest that it belongs to or belonged to; `runs`: that one runs; `goes_on`: it was
    resolved so lately that what fires continues it. `suggested`: the severity of what one press opens.
    """

    id: int
    title: str
    source: str
    severity: str
    suggested: Severity
    systems: str
    state: AlertState
    alerts: int
    heard: int
    since: datetime
    last_at: datetime
    cleared_at: datetime | None
    decided: str
    silenced_until: datetime | None
    incident: Incident | None
    runs: bool
    goes_on: bool


@dataclass(frozen=True)
class AlertList:
    """One page of the list, with how many lines each tab has, at most COUNTED_MOST."""

    filter: Filter
    lines: tuple[Line, ...]
    has_more: bool
    counts: Mapping[str, int]
    running: tuple[Incident, ...]
    now: datetime


def alert_list(given: Filter, now: datetime) -> AlertList:
    """The page that the filter asks for. Six queries, and those for continuations."""
    start = (given.page - 1) * PER_PAGE
    rows = db.session.scalars(_query(given, now).offset(start).limit(PER_PAGE + 1)).all()
    return AlertList(
        filter=given,
        lines=tuple(line_of(row, now) for row in rows[:PER_PAGE]),
        has_more=len(rows) > PER_PAGE and given.page < PAGES_MOST,
        counts={show: _count(show, now) for show, _ in SHOWN if show != "cleared"},
        running=running_incidents(),
        now=now,
    )


def _query(given: Filter, now: datetime) -> Select[AlertGroup]:
    query = select(AlertGroup).options(joinedload(AlertGroup.source), joinedload(AlertGroup.incident))
    if given.incident is not None:
        query = query.where(AlertGroup.incident_id == given.incident)
    else:
        query = query.where(_is_in(given.show, now))
    if given.show == "noise" and given.incident is None:
        return query.order_by(AlertGroup.silenced_until, AlertGroup.id)
    return query.order_by(AlertGroup.since.desc(), AlertGroup.id.desc())


def _is_in(show: str, now: datetime) -> ColumnElement[bool]:
    if show == "noise":
        return and_(AlertGroup.silenced_until.is_not(None), AlertGroup.silenced_until > now)
    state = AlertGroup.state == AlertState(show)
    is_loud = or_(AlertGroup.silenced_until.is_(None), AlertGroup.silenced_until <= now)
    return state if show == "cleared" else and_(state, is_loud)


def _count(show: str, now: datetime) -> int:
    found = select(AlertGroup.id).where(_is_in(show, now)).limit(COUNTED_MOST)
    return db.session.scalar(select(func.count()).select_from(found.subquery())) or 0


def running_incidents() -> tuple[Incident, ...]:
    """The running incidents, drills apart, the newest first, to choose from."""
    real = select(Incident).where(IS_RUNNING, Incident.is_drill.is_(False))
    return tuple(db.session.scalars(real.order_by(Incident.opened_at.desc()).limit(OFFERED)))


def line_of(group: AlertGroup, now: datetime) -> Line:
    """A group as the page shows it now."""
    incident = newest_of(group.incident) if group.incident else None
    runs = incident is not None and not incident.is_resolved
    is_silent = group.silenced_until is not None and group.silenced_until > now
    return Line(
        id=group.id,
        title=group.title,
        source=group.source.name,
        severity=group.severity,
        suggested=severity_of(group.severity),
        systems=", ".join(group.system_names),
        state=group.state,
        alerts=group.firing + group.acknowledged,
        heard=group.heard,
        since=group.since,
        last_at=group.last_at,
        cleared_at=group.cleared_at,
        decided=group.decided,
        silenced_until=group.silenced_until if is_silent else None,
        incident=incident,
        runs=runs,
        goes_on=incident is not None and is_continued(incident.resolved_at, now),
    )


@dataclass(frozen=True)
class GroupPage:
    """One group with its newest alerts, of `total` up to 10,000, and the silences that it had."""

    line: Line
    alerts: tuple[Alert, ...]
    total: int
    silences: tuple[AlertSilence, ...]
    running: tuple[Incident, ...]
    now: datetime


def group_page(number: int, now: datetime) -> GroupPage | None:
    """The page of a group; None where there is none. Six queries."""
    group = db.session.get(AlertGroup, number) if number < 2**31 else None
    if group is None:
        return None
    mine = select(Alert).filter_by(group_id=number)
    newest = mine.order_by(Alert.heard_at.desc(), Alert.id.desc()).limit(ALERTS_SHOWN)
    total = select(func.count()).select_from(
        select(Alert.id).filter_by(group_id=number).limit(10_000).subquery()
    )
    silences = select(AlertSilence).filter_by(group_id=number).order_by(AlertSilence.id.desc())
    return GroupPage(
        line=line_of(group, now),
        alerts=tuple(db.session.scalars(newest)),
        total=db.session.scalar(total) or 0,
        silences=tuple(db.session.scalars(silences.limit(SILENCES_SHOWN))),
        running=running_incidents(),
        now=now,
    )
