"""The tick: which running incidents the coach has something to say about.

Called about once a second by the worker.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.coach import next_change, nudges
from majorops.domain.errors import NotFound
from majorops.models import IS_RUNNING, Incident
from majorops.operations.coach_inputs import coach_inputs
from majorops.operations.coaching import remind, untold

# Incident → the version that was looked at, and when time alone will change what the coach says. Only
# a shortcut: what was told stands in the outbox, so another process, or this one after a restart,
# tells nothing twice.
_looked: dict[int, tuple[int, datetime | None]] = {}


def remind_all(*, now: datetime, on_reminder: Callable[[int], None] = lambda number: None) -> int:
    """Queue what has become due. Costs one query while nothing changes.

    `on_reminder`: called with the number of each incident that something was queued for, as no entry of its
    timeline says so. Returns the number of nudges told.
    """
    running = select(Incident.id, Incident.version).where(IS_RUNNING)
    rows = dict(db.session.execute(running).all())
    for gone in _looked.keys() - rows.keys():
        del _looked[gone]
    told = 0
    for number, version in rows.items():
        seen, next_at = _looked.get(number, (-1, None))
        if seen == version and (next_at is None or now < next_at):
            continue
        here = _remind_one(number, now)
        if here:
            on_reminder(number)
        told += here
    return told


def _remind_one(number: int, now: datetime) -> int:
    incident = db.session.get(Incident, number, populate_existing=True)
    if incident is None:
        return 0
    try:
        told = len(remind(incident, actor=SYSTEM, now=now)) if untold(incident, now) else 0
    except NotFound:
        return 0
    _looked[number] = (incident.version, next_change(nudges(coach_inputs(incident)), now))
    return told
