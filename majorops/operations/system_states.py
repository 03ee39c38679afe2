"""How the systems of an incident were, kept whenever that changes.

So that each public word stays beside the change of its time (status-api, `affected_components`).
"""

from __future__ import annotations

from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import SystemStatus
from majorops.domain.events import EventKind
from majorops.domain.systems import shown_status
from majorops.models import Incident, SystemState, TimelineEvent

SYSTEMS_FIELD = "affected_systems"
CHANGES = frozenset(
    {
        EventKind.INCIDENT_OPENED,
        EventKind.SEVERITY_CHANGED,
        EventKind.STATUS_CHANGED,
        EventKind.SYSTEM_STATUS,
    }
)


def keep_system_states(entries: list[TimelineEvent]) -> None:
    """Add a row for each system that is otherwise than it was. Called in the operation's transaction.

    A system that an incident names no more is operational, as far as the incident knows.
    """
    concerned = [entry for entry in entries if entry.kind in CHANGES or entry.field == SYSTEMS_FIELD]
    new = {entry.incident_id for entry in concerned if entry.kind == EventKind.INCIDENT_OPENED}
    for number, at in {entry.incident_id: entry.at for entry in concerned}.items():
        incident = db.session.get(Incident, number)
        if incident is None:
            continue
        before = {} if number in new else _newest(number)
        found = {
            row.name: shown_status(row.status, incident.severity, incident.is_resolved)
            for row in incident.systems
        }
        for name in dict.fromkeys([*before, *found]):
            status = found.get(name, SystemStatus.OPERATIONAL)
            if status is not before.get(name, SystemStatus.OPERATIONAL):
                db.session.add(SystemState(incident_id=number, name=name, status=status, at=at))


def _newest(number: int) -> dict[str, SystemStatus]:
    rows = select(SystemState.name, SystemState.status).filter_by(incident_id=number)
    return dict(db.session.execute(rows.order_by(SystemState.id)).all())
