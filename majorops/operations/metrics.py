"""What programs that watch the server read: values of the record, at this moment, in a few small queries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, text

from majorops.db import db
from majorops.domain.enums import DeliveryState, HookState, Severity
from majorops.models import (
    IS_RUNNING,
    AlertDelivery,
    Announcement,
    Delivery,
    Incident,
    OutgoingEvent,
    TimelineEvent,
)

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Measured:
    """Numbers of this moment.

    `running`: incidents that run, by severity, without drills; `overdue`: of these, those whose promised
    update is past. `incidents`, `entries`, `messages`: the number given last. `waiting`: messages that are
    not sent yet; `failed`: those that were due within a day and were given up; `oldest_due`: for how many
    seconds the oldest has been due. `events`, `alerts`, `announced`: what waits to go out to programs, to be
    taken in, to be made into messages. `database`: its size in bytes.
    """

    running: Counter[Severity]
    overdue: int
    incidents: int
    entries: int
    messages: int
    waiting: int
    failed: int
    events: int
    alerts: int
    announced: int
    oldest_due: float
    database: int


def measured(now: datetime) -> Measured:
    """The values; each query is answered by an index, however long the record is."""
    of_running = (IS_RUNNING, Incident.is_drill.is_(False))
    severities = select(Incident.severity, Incident.next_update_eta).where(*of_running)
    rows = db.session.execute(severities).all()
    asked = {
        "incidents": _newest(Incident.id),
        "entries": _newest(TimelineEvent.id),
        "messages": _newest(Delivery.id),
        "waiting": _count(Delivery.id, Delivery.state == DeliveryState.PENDING),
        "failed": _count(Delivery.id, Delivery.state == DeliveryState.FAILED, Delivery.next_at > now - DAY),
        "events": _count(OutgoingEvent.id, OutgoingEvent.settled_at.is_(None)),
        "alerts": _count(AlertDelivery.id, AlertDelivery.state == HookState.PENDING),
        "announced": _count(Announcement.id, Announcement.done_at.is_(None)),
    }
    columns = [query.scalar_subquery().label(name) for name, query in asked.items()]
    found: dict[str, Any] = dict(db.session.execute(select(*columns)).mappings().one())
    due = select(func.min(Delivery.next_at)).where(Delivery.state == DeliveryState.PENDING)
    oldest = db.session.scalar(due)
    return Measured(
        running=Counter(row.severity for row in rows),
        overdue=sum(row.next_update_eta is not None and row.next_update_eta < now for row in rows),
        **{name: number or 0 for name, number in found.items()},
        oldest_due=max((now - oldest).total_seconds(), 0) if oldest else 0,
        database=_size(),
    )


def _newest(number: Any) -> Select[Any]:
    return select(number).order_by(number.desc()).limit(1)


def _count(number: Any, *rules: ColumnElement[bool]) -> Select[Any]:
    return select(func.count(number)).where(*rules)


def _size() -> int:
    asked = (
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        if db.engine.dialect.name == "sqlite"
        else "SELECT pg_database_size(current_database())"
    )
    return db.session.scalar(text(asked)) or 0
