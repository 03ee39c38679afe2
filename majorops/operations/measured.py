"""The numbers of resolved incidents are kept, in the transaction of whatever changed their record.

What was resolved before there was this table, or by a process of an earlier version, is filled in by the
worker and by `flask --app app measure`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, insert, select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.events import EventKind
from majorops.domain.measured import FORM, numbers_of, packed
from majorops.models import DownTime, Incident, MeasuredIncident, TimelineEvent
from majorops.operations import operation
from majorops.projections.measured import AT_ONCE, facts_of
from majorops.projections.systems import downs_of

LOOKED_AT = 2_000  # numbers of incidents that one call looks through


def keep_measured(entries: list[TimelineEvent]) -> None:
    """Keep the numbers of the incidents of these entries that are over, in the operation's transaction.

    One that runs again, as after an undone merge, has none: it is measured when it is looked at.
    """
    last = {entry.incident_id: entry for entry in entries}
    incidents = {number: db.session.get_one(Incident, number) for number in last}
    resolved = [number for number, incident in incidents.items() if incident.is_resolved]
    if resolved:
        _keep(resolved, max(entry.at for entry in entries))
    if undone := {entry.incident_id for entry in entries if entry.kind == EventKind.MERGE_UNDONE}:
        again = undone.difference(resolved)
        _forget(again)


@operation(needs=Permission.DATA_MANAGE)
def measure_past(before: int | None, *, actor: Actor, now: datetime) -> int | None:
    """Measure at most AT_ONCE resolved incidents that have no numbers yet, or not all; the newest first.

    `before`: an incident's number, to look at the LOOKED_AT below it; None for the newest. Returns the number
    to go on with, None at the end. It may be interrupted and begun anew at any time: what is measured stays.
    Without an entry, as nothing changes that anybody wrote.
    """
    if before is None:
        before = (db.session.scalar(select(func.max(Incident.id))) or 0) + 1
    after = before - LOOKED_AT
    known = exists().where(MeasuredIncident.incident_id == Incident.id, MeasuredIncident.form == FORM)
    missing = select(Incident.id).where(
        Incident.id < before, Incident.id >= after, Incident.resolved_at.is_not(None), ~known
    )
    numbers = db.session.scalars(missing.order_by(Incident.id.desc()).limit(AT_ONCE)).all()
    if numbers:
        _keep(numbers, now)
    if len(numbers) == AT_ONCE:
        return numbers[-1]
    return after if after > 1 else None


def _keep(numbers: Sequence[int], now: datetime) -> None:
    rows = [
        {
            "incident_id": one.number,
            "opened_at": one.opened_at,
            "severity": one.severity,
            "apart": one.apart.value,
            "form": FORM,
            "numbers": packed(numbers_of(one.facts, now)),
        }
        for one in facts_of(numbers)
    ]
    _forget(numbers)
    if rows:
        db.session.execute(insert(MeasuredIncident), rows)
    downs = [
        {"incident_id": number, "name": name, "began_at": start, "ended_at": end, "counts": counts}
        for number, name, (start, end, counts) in downs_of(numbers)
    ]
    if downs:
        db.session.execute(insert(DownTime), downs)


def _forget(numbers: Iterable[int]) -> None:
    for kept in (MeasuredIncident, DownTime):
        db.session.execute(delete(kept).where(kept.incident_id.in_(numbers)))
