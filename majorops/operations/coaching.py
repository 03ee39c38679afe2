"""Verbs on the coach's nudges: set one aside, and remind the MIM of those that hold (domain §4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.coach import SNOOZE, Nudge, nudges, reminder, standing
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.vocab import AccountRole, CommandRole, EventType, Notice
from majorops.models import Delivery, Incident, NudgeRest, User
from majorops.operations import audit, demand_open, operation, record
from majorops.operations.command import holder
from majorops.operations.outbox import audience, notify
from majorops.operations.watching import watch


@operation(needs=Permission.INCIDENT_COMMAND)
def rest_nudge(incident: Incident, key: str, *, actor: Actor, now: datetime, is_snooze: bool = False) -> None:
    """Set one occurrence of a nudge aside: for five minutes, or for good (DESIGN: only amber ones snooze). It comes
    back when its cause does. Raises Conflict (it does not hold any more), Invalid."""
    demand_open(incident)
    nudge = next((one for one in standing(nudges(watch(incident)), now) if one.key == key), None)
    if nudge is None:
        raise Conflict("This nudge is settled already.")
    if is_snooze and nudge.is_red:
        raise Invalid({"nudge": "Red ones do not snooze. Settle or dismiss it."})
    rest = db.session.scalar(select(NudgeRest).filter_by(incident_id=incident.id, key=key))
    if rest is None:
        rest = NudgeRest(incident_id=incident.id, key=key)
        db.session.add(rest)
    rest.until, rest.by, rest.at = now + SNOOZE if is_snooze else None, actor.name, now
    word = "snoozed 5 min" if is_snooze else "dismissed"
    title = f"Nudge {word}: {nudge.what}"
    record(incident, "nudge.rested", title, type=EventType.ACTION, actor=actor, now=now)


def resting(incident: Incident, keys: list[str], now: datetime) -> dict[str, datetime | None]:
    """Which of these occurrences rest now, and until when; None for those that were dismissed."""
    if not keys:
        return {}
    rows = select(NudgeRest.key, NudgeRest.until).where(
        NudgeRest.incident_id == incident.id,
        NudgeRest.key.in_(keys),
        or_(NudgeRest.until.is_(None), NudgeRest.until > now),
    )
    return dict(db.session.execute(rows).all())


@operation(needs=Permission.INCIDENT_COMMAND)
def remind(incident: Incident, *, actor: Actor, now: datetime) -> list[Nudge]:
    """Queue a message to the MIM for each nudge that holds and was not told of yet: once per occurrence, whoever is MIM
    by then. With an empty seat every MIM is told. Returns what was told."""
    fresh = unsaid(incident, now)
    people = _mims(incident)
    for nudge in fresh:
        line = reminder(nudge, now)
        told = notify(
            incident,
            Notice.REMINDER,
            act_of(incident, nudge),
            people,
            subject=f"{incident.reference} {line.split('. ')[0]}",
            body=f"{line}\n\n{incident}\n{incident.severity.label}, {incident.alarm_level.label}, phase {incident.phase.title}",
            now=now,
        )
        if told:
            audit("reminder.queued", f"{incident.reference} {nudge.what}", actor=actor, now=now)
    return fresh


def unsaid(incident: Incident, now: datetime) -> list[Nudge]:
    """The nudges that hold, do not rest, and of which nobody was told yet."""
    here = standing(nudges(watch(incident)), now)
    rest = resting(incident, [nudge.key for nudge in here], now)
    acts = {act_of(incident, nudge): nudge for nudge in here if nudge.key not in rest}
    if not acts:
        return []
    said = set(db.session.scalars(select(Delivery.act).where(Delivery.act.in_(acts)).distinct()))
    return [nudge for act, nudge in acts.items() if act not in said]


def act_of(incident: Incident, nudge: Nudge) -> str:
    return f"nudge:{incident.id}:{nudge.key}"


def _mims(incident: Incident) -> list[User]:
    seat = holder(incident, CommandRole.MIM)
    if seat is None:
        return audience([AccountRole.MIM])
    user = db.session.get(User, seat.user_id) if seat.user_id else None
    return [user] if user and user.is_active else []
