"""Operations on what is asked and decided: asks with a clock, decisions, causes that are ruled out."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import AskState, CommandRole, Notice
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import EventKind
from majorops.domain.measures import short_clock
from majorops.models import Ask, Incident, TimelineEvent, User
from majorops.operations import operation, record
from majorops.operations.command import holder
from majorops.operations.outbox import notify

LONGEST = 720


@operation(needs=Permission.INCIDENT_COMMAND)
def ask(incident: Incident, *, whom: str, what: str, minutes: int, actor: Actor, now: datetime) -> Ask:
    """Ask a person to do something within so many minutes, 1 to 720. Raises Invalid, Conflict."""
    if not whom or not what:
        raise Invalid({"text": "Say whom and what, such as Lena: check the pool size 5."})
    if len(whom) > 120 or len(what) > 300:
        raise Invalid({"text": "At most 120 characters for whom, 300 for what."})
    _check(minutes)
    return add_ask(incident, whom, what, minutes, actor=actor, now=now)


def add_ask(
    incident: Incident,
    whom: str,
    what: str,
    minutes: int,
    *,
    actor: Actor,
    now: datetime,
    asked_from: str = "",
    asked_as: str = "",
) -> Ask:
    """Add an open ask and its entry, and tell the account that it is for. Part of an operation.

    `asked_from`, `asked_as`: of a question from a brief (`models.Ask`).
    """
    row = Ask(
        incident_id=incident.id,
        whom=whom,
        what=what,
        asked_by=actor.name,
        asked_at=now,
        asked_from=asked_from,
        asked_as=asked_as,
        due_at=now + timedelta(minutes=minutes),
        state=AskState.OPEN,
    )
    db.session.add(row)
    db.session.flush()
    title = f"Asked {whom}: {what}, {short_clock(timedelta(minutes=minutes))}"
    detail = f"Question by {row.asker}." if asked_from else ""
    record(incident, EventKind.ASK_OPENED, title, detail=detail, actor=actor, now=now)
    if (user := _account(incident, whom)) and user.id != actor.user_id:
        until = f"Until {row.due_at:%H:%M} UTC."
        body = f"{what}\n\n{until}\n{incident.title}"
        subject = f"{incident.reference} {row.asker} asks: {what}"
        notify(incident, Notice.ASK, f"ask:{row.id}", [user], subject=subject, body=body, now=now)
    return row


def _account(incident: Incident, whom: str) -> User | None:
    """The account that an ask is for: of who holds the role of this name, or of the one with this name.

    None where it is nobody's, or where several bear the name.
    """
    role = next((one for one in CommandRole if whom.lower() in (one.value, one.label.lower())), None)
    if role is not None:
        held = holder(incident, role)
        user = db.session.get(User, held.user_id) if held and held.user_id else None
        return user if user and user.is_active else None
    rows = select(User).where(func.lower(User.name) == whom.lower(), User.is_active.is_(True)).limit(2)
    found = list(db.session.scalars(rows))
    return found[0] if len(found) == 1 else None


@operation(needs=Permission.TIMELINE_NOTE)
def answer_ask(incident: Incident, ask_id: int, answer: str, *, actor: Actor, now: datetime) -> None:
    """Close an ask with its answer. Raises Invalid, Conflict."""
    row = _open(incident, ask_id)
    if not answer:
        raise Invalid({"answer": "Write the answer, or defer it."})
    _close(row, AskState.ANSWERED, answer, actor, now)
    record(
        incident,
        EventKind.ASK_ANSWERED,
        f"Answered: {row}",
        detail=answer,
        actor=actor,
        now=now,
    )


@operation(needs=Permission.INCIDENT_COMMAND)
def park_ask(incident: Incident, ask_id: int, minutes: int, *, actor: Actor, now: datetime) -> None:
    """Give an ask a new time, so many minutes from now: it is quiet until then and comes back.

    Raises Invalid, Conflict.
    """
    row = _open(incident, ask_id)
    _check(minutes)
    row.due_at, row.parked = now + timedelta(minutes=minutes), row.parked + 1
    title = f"Parked until {row.due_at:%H:%M:%S} UTC: {row}"
    record(incident, EventKind.ASK_PARKED, title, actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def defer_ask(incident: Incident, ask_id: int, why: str, *, actor: Actor, now: datetime) -> None:
    """Close an ask without an answer, on purpose and with the reason. Raises Invalid, Conflict."""
    row = _open(incident, ask_id)
    if not why:
        raise Invalid({"answer": "Say why, or until when it can wait."})
    _close(row, AskState.DEFERRED, why, actor, now)
    record(incident, EventKind.ASK_DEFERRED, f"Deferred: {row}", detail=why, actor=actor, now=now)


@operation(needs=Permission.TIMELINE_NOTE)
def log_decision(
    incident: Incident,
    *,
    proposal: str,
    actor: Actor,
    now: datetime,
    decided_by: str = "",
    objections: str = "",
) -> TimelineEvent:
    """Log what was decided, by whom (the actor unless said), against which objections: one entry.

    Raises Invalid.
    """
    if not proposal:
        raise Invalid({"text": "Write the decision, such as Roll back now / Leader / Database: data loss."})
    detail = f"Decided by {decided_by or actor.name}.\nObjections: {objections or 'none'}."
    title = f"Decision: {proposal}"
    return record(incident, EventKind.DECISION_MADE, title, detail=detail, actor=actor, now=now)


@operation(needs=Permission.TIMELINE_NOTE)
def rule_out(incident: Incident, *, cause: str, why: str, actor: Actor, now: datetime) -> TimelineEvent:
    """Log a cause that was eliminated, and why.

    Striking out the entry brings it back. Raises Invalid, Conflict.
    """
    if not cause or not why:
        raise Invalid({"text": "Say the cause and why not, such as Network: traces clean since 14:05."})
    title = f"Ruled out: {cause}"
    return record(incident, EventKind.CAUSE_RULED_OUT, title, detail=why, actor=actor, now=now)


def _open(incident: Incident, ask_id: int) -> Ask:
    row = db.session.get(Ask, ask_id)
    if row is None or row.incident_id != incident.id:
        raise Invalid({"ask": "There is no such ask."})
    if row.state is not AskState.OPEN:
        raise Conflict(f"{row.closed_by} closed this at {row.closed_at:%H:%M:%S}: {row.state.label.lower()}.")
    return row


def _close(row: Ask, state: AskState, text: str, actor: Actor, now: datetime) -> None:
    row.state, row.answer, row.closed_by, row.closed_at = state, text[:5_000], actor.name, now


def _check(minutes: int) -> None:
    if not 1 <= minutes <= LONGEST:
        raise Invalid({"minutes": f"Between 1 and {LONGEST} minutes."})
