"""What became of the messages of an alarm or a stand-down, as an entry of the record."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, Select, func, select

from majorops.db import db
from majorops.domain.access import SYSTEM, Actor, Permission
from majorops.domain.enums import DeliveryState, Notice
from majorops.domain.events import EventKind
from majorops.domain.notices import BRIEFED, Outcome, Reach
from majorops.models import Delivery, Incident
from majorops.models.delivery import REACH, READER, called
from majorops.operations import RequestMeta, operation, record

TOLD_OF = {
    Notice.ALARM: "Alarm",
    Notice.ROLE: "Alarm",
    Notice.STAND_DOWN: "Stand-down",
    Notice.MILESTONE: "Milestone",
    Notice.UPDATE: "Update",
    Notice.RESOLVED: "Resolution",
}
REASONS = 5


def outcome_due(incident_id: int, act: str) -> RequestMeta | None:
    """Under which key the outcome of this act is recorded.

    None while a message of it is on its way, and for acts whose outcome stands in the ledger alone. The key
    carries the numbers: what an admin sent again is a new outcome.
    """
    base = act.removesuffix(":role")
    here = _of(incident_id, base)
    notice = db.session.scalar(select(Delivery.notice).where(*here).limit(1))
    waits = Delivery.state.in_([DeliveryState.PENDING, DeliveryState.SENDING])
    if notice not in TOLD_OF or db.session.scalar(select(Delivery.id).where(*here, waits).limit(1)):
        return None
    found = _outcome(here)
    if (
        found.people[Reach.QUIET] == found.total
    ):  # a recording that is replayed wakes nobody, and says nothing of it
        return None
    if notice in BRIEFED and not found.people[Reach.FAILED]:
        return None  # the ledger says it; an entry behind each milestone would bury the timeline
    return RequestMeta(sha256(f"outcome {base} {found.words}".encode()).hexdigest())


@operation(needs=Permission.INCIDENT_COMMAND)
def record_outcome(incident: Incident, act: str, *, actor: Actor, now: datetime) -> None:
    """Say how many were told of an act, and how many could not be. Reasons stand there, names do not."""
    here = _of(incident.id, act.removesuffix(":role"))
    about = db.session.execute(select(Delivery.notice, Delivery.created_at).where(*here).limit(1)).one()
    reasons = select(Delivery.last_error).where(*here, Delivery.last_error != "").distinct().limit(REASONS)
    title = f"{TOLD_OF[about.notice]} of {about.created_at:%H:%M} UTC: {_outcome(here).words}"
    detail = "\n".join(db.session.scalars(reasons))
    record(incident, EventKind.NOTICE_SETTLED, title, detail=detail, actor=actor, now=now)


def tell_outcome(incident_id: int, act: str, now: datetime) -> None:
    """After a message was settled: the entry of its act, once the last one is."""
    if request_meta := outcome_due(incident_id, act):
        incident = db.session.get(Incident, incident_id)
        record_outcome(incident, act, actor=SYSTEM, now=now, request_meta=request_meta)


def incident_reach(incident_id: int) -> Outcome:
    """What became of everybody whom the alarms of this incident call."""
    people = called(incident_id).subquery()
    rows = select(people.c.reach, func.count()).group_by(people.c.reach)
    return _counted(rows)


def not_told(incident_id: int, most: int) -> list[str]:
    """Names of those who were not told, at most `most`, for whoever has to call them."""
    people = called(incident_id).subquery()
    names = select(people.c.name).where(people.c.reach > Reach.QUEUED).order_by(people.c.name)
    return list(db.session.scalars(names.limit(most)))


def _of(incident_id: int, base: str) -> tuple[ColumnElement[bool], ...]:
    return (Delivery.incident_id == incident_id, Delivery.act.in_([base, f"{base}:role"]))


def _outcome(here: tuple[ColumnElement[bool], ...]) -> Outcome:
    people = select(func.min(REACH).label("reach")).where(*here).group_by(*READER).subquery()
    return _counted(select(people.c.reach, func.count()).group_by(people.c.reach))


def _counted(rows: Select[int, int]) -> Outcome:
    return Outcome(Counter({Reach(reach): number for reach, number in db.session.execute(rows)}))
