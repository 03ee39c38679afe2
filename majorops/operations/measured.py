"""The numbers of resolved incidents are kept, in the transaction of whatever changed their record.

What was resolved before there was this table, or by a process of an earlier version, is filled in by the
worker and by `flask --app app measure`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, insert, select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.events import EventKind
from majorops.domain.measured import FORM, numbers_of, packed
from majorops.models import Incident, MeasuredIncident, TimelineEvent
from majorops.operations import operation
from majorops.projections.measured import AT_ONCE, facts_of


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
        db.session.execute(delete(MeasuredIncident).where(MeasuredIncident.incident_id.in_(again)))


@operation(needs=Permission.DATA_MANAGE)
def measure_past(before: int | None, *, actor: Actor, now: datetime) -> int | None:
    """Measure some hundred resolved incidents that have no numbers yet, or fewer than today; newest first.

    `before`: only those with a lower number. Returns the lowest number that was looked at, to go on from;
    None when there is nothing left. It can be interrupted and done again at any time. Without an entry:
    nothing changes that anybody wrote.
    """
    measured = exists().where(MeasuredIncident.incident_id == Incident.id, MeasuredIncident.form == FORM)
    query = select(Incident.id).where(Incident.resolved_at.is_not(None), ~measured)
    if before is not None:
        query = query.where(Incident.id < before)
    numbers = db.session.scalars(query.order_by(Incident.id.desc()).limit(AT_ONCE)).all()
    _keep(numbers, now)
    return min(numbers, default=None)


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
    db.session.execute(delete(MeasuredIncident).where(MeasuredIncident.incident_id.in_(numbers)))
    if rows:
        db.session.execute(insert(MeasuredIncident), rows)
