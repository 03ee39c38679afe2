"""Operations on the coach's nudges: set one aside, and tell the MIM of those that hold (domain §4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.coach import SNOOZE, Nudge, nudges, reminder, standing
from majorops.domain.enums import AccountRole, CommandRole, Notice
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import AuditKind, EventKind
from majorops.models import Incident, NudgeMark, User
from majorops.operations import audit, operation, record
from majorops.operations.coach_inputs import coach_inputs
from majorops.operations.command import holder
from majorops.operations.late import record_late
from majorops.operations.outbox import audience, notify


@operation(needs=Permission.INCIDENT_COMMAND)
def rest_nudge(incident: Incident, key: str, *, actor: Actor, now: datetime, is_snooze: bool = False) -> None:
    """Set one occurrence of a nudge aside: for five minutes, or for good (only amber ones snooze).

    It comes back when its cause does. Raises Conflict (it does not hold any more), Invalid.
    """
    nudge = next((one for one in standing(nudges(coach_inputs(incident)), now) if one.key == key), None)
    if nudge is None:
        raise Conflict("This nudge is settled already.")
    if is_snooze and nudge.is_red:
        raise Invalid({"nudge": "Red ones do not snooze. Settle or dismiss it."})
    mark = _mark(incident, key)
    if is_snooze:
        mark.snoozed_until = now + SNOOZE
    else:
        mark.dismissed_at = now
    word = "snoozed 5 min" if is_snooze else "dismissed"
    record(incident, EventKind.NUDGE_RESTED, f"Nudge {word}: {nudge.what}", actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def note_called(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """The MIM called whom no message reached. Raises Conflict where that is settled already."""
    here = coach_inputs(incident)
    asking = [nudge for nudge in nudges(here) if nudge.action == "called"]
    if not asking:
        raise Conflict("Messages go out meanwhile: see Sent.")
    for nudge in asking:
        _mark(incident, nudge.key).dismissed_at = now
    total = here.reach.total if here.reach else 0
    whom = f"{total} {'person' if total == 1 else 'people'}" if total else "who must know"
    title = f"Told by phone, as no message went out: {whom}"
    record(incident, EventKind.PEOPLE_CALLED, title, actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def confirm_late(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """The problem did begin so long before the opening: kept for the review.

    Raises Conflict where it was not late, or that is kept already.
    """
    if not record_late(incident, actor=actor, now=now):
        raise Conflict("This is settled already.")
    for nudge in nudges(coach_inputs(incident)):
        if nudge.action == "late":
            _mark(incident, nudge.key).dismissed_at = now


@operation(needs=Permission.INCIDENT_COMMAND)
def remind(incident: Incident, *, actor: Actor, now: datetime) -> list[Nudge]:
    """Tell the MIM of each nudge that holds and was not told of: once per occurrence, whoever is MIM by then.

    While nobody holds command every MIM is told. A timebox that ran out is an entry of the timeline too.
    Returns what was told.
    """
    fresh, people = untold(incident, now), _mims(incident)
    for nudge in fresh:
        line = reminder(nudge, now)
        _mark(incident, nudge.key).reminded_at = now
        notify(
            incident,
            Notice.REMINDER,
            f"nudge:{incident.id}:{nudge.key}",
            people,
            subject=f"{incident.reference} {line.split('. ')[0]}",
            body=(
                f"{line}\n"
                f"{incident.title}\n"
                f"{incident.severity.label}, {incident.alarm_level.label}, phase {incident.phase.title}"
            ),
            now=now,
        )
        if nudge.action in ("extend", "close_timebox") and nudge.is_red:
            # A timebox without a track is neither extended nor escalated: it is closed.
            title = (
                f"Timebox expired: {nudge.why}{'. Extend or escalate' if nudge.action == 'extend' else ''}"
            )
            record(incident, EventKind.TIMEBOX_EXPIRED, title, actor=actor, now=now)
        else:
            audit(AuditKind.NUDGE_TOLD, f"{incident.reference} {nudge.what}", actor=actor, now=now)
    return fresh


def untold(incident: Incident, now: datetime) -> list[Nudge]:
    """The nudges that hold, do not rest, and of which nobody was told yet."""
    here = standing(nudges(coach_inputs(incident)), now)
    known = marks(incident, here)
    told = {key for key, mark in known.items() if mark.reminded_at}
    return [nudge for nudge in here if nudge.key not in told | resting(known, now)]


def marks(incident: Incident, of: list[Nudge]) -> dict[str, NudgeMark]:
    """What became of these nudges, by key."""
    if not of:
        return {}
    rows = select(NudgeMark).where(
        NudgeMark.incident_id == incident.id, NudgeMark.key.in_([nudge.key for nudge in of])
    )
    return {mark.key: mark for mark in db.session.scalars(rows)}


def resting(known: dict[str, NudgeMark], now: datetime) -> set[str]:
    """The keys of those that are set aside now."""
    return {
        key
        for key, mark in known.items()
        if mark.dismissed_at or (mark.snoozed_until and mark.snoozed_until > now)
    }


def _mark(incident: Incident, key: str) -> NudgeMark:
    mark = db.session.scalar(select(NudgeMark).filter_by(incident_id=incident.id, key=key))
    if mark is None:
        mark = NudgeMark(incident_id=incident.id, key=key)
        db.session.add(mark)
    return mark


def _mims(incident: Incident) -> list[User]:
    mim = holder(incident, CommandRole.MIM)
    if mim is None:
        return audience([AccountRole.MIM])
    user = db.session.get(User, mim.user_id) if mim.user_id else None
    return [user] if user and user.is_active else []
