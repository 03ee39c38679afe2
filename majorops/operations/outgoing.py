"""Events for programs outside: queued with the entry that they tell of, taken one after another, settled.

An endpoint is worked on by one worker at a time, which holds it by a lease; so the events of an incident
reach it in their order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import joinedload

from majorops.db import changed_rows, db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import AccountRole, DeliveryState, Visibility
from majorops.domain.errors import Conflict
from majorops.domain.events import AuditKind
from majorops.domain.outgoing import TELLS_THE_PUBLIC, TEST, new_id, next_try, parts, rest, wants
from majorops.models import Endpoint, EventAttempt, Incident, OutgoingEvent, TimelineEvent
from majorops.operations import audit, operation
from majorops.operations.endpoints import drop_waiting
from majorops.operations.outbox import audience
from majorops.operations.owner_notices import tell_owner

GONE = 410
ENDPOINT = "endpoint"  # what a mail to admins is about, before its number
LEASE = timedelta(seconds=40)  # longer than any conversation (notifications/net.py)
KEPT_FOR = timedelta(days=30)
FORGOTTEN_AT_ONCE = 500
ATTEMPTS_SHOWN = 20
WAITS = OutgoingEvent.settled_at.is_(None)


@dataclass(frozen=True)
class Answer:
    """What a try came to: the status of HTTP, None for no answer, how long it took, and why it failed.

    `asked`: how long the receiver wants to be left alone (Retry-After), None for nothing said.
    """

    status: int | None
    milliseconds: int
    error: str = ""
    asked: timedelta | None = None


def queue_events(entries: Iterable[TimelineEvent]) -> None:
    """Queue what one operation recorded for each endpoint that wants it; in the operation's transaction.

    A drill stays quiet, as in the outbox. One query where there is no endpoint.
    """
    columns = (Endpoint.id, Endpoint.kinds, Endpoint.systems, Endpoint.is_internal)
    endpoints = db.session.execute(select(*columns).where(Endpoint.is_active.is_(True))).all()
    rows = []
    for entry in entries if endpoints else ():
        incident = db.session.get_one(Incident, entry.incident_id)
        is_public = entry.visibility is Visibility.PUBLIC or entry.kind in TELLS_THE_PUBLIC
        may_be_told = incident.is_shown and is_public
        for number, kinds, systems, is_internal in endpoints if not incident.is_drill else ():
            named = incident.system_names if systems else ()
            if (is_internal or may_be_told) and wants(parts(kinds), parts(systems), entry.kind, named):
                rows.append(_row(entry, number))
    if rows:
        db.session.execute(insert(OutgoingEvent), rows)


def _row(entry: TimelineEvent, endpoint_id: int) -> dict[str, object]:
    return {
        "key": new_id(),
        "endpoint_id": endpoint_id,
        "kind": entry.kind,
        "incident_id": entry.incident_id,
        "seq": entry.seq,
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "last_error": "",
        "next_at": entry.at,
        "created_at": entry.at,
    }


def due_endpoints(now: datetime) -> list[int]:
    """The endpoints for which something is due and that no worker has, in any order."""
    due = exists().where(OutgoingEvent.endpoint_id == Endpoint.id, WAITS, OutgoingEvent.next_at <= now)
    found = select(Endpoint.id).where(_is_free(None, now), due)
    return list(db.session.scalars(found.order_by(func.random())))


def _is_free(mine: datetime | None, now: datetime) -> ColumnElement[bool]:
    """In use, not resting, and with no worker but the one whose lease ends at `mine`.

    A lease further ahead than any was written before the clock was set back.
    """
    until = Endpoint.claimed_until
    nobodys = or_(until.is_(None), until <= now, until > now + 2 * LEASE)
    rests = or_(Endpoint.rests_until.is_(None), Endpoint.rests_until <= now)
    return and_(Endpoint.is_active.is_(True), rests, nobodys if mine is None else or_(nobodys, until == mine))


@operation(needs=None)
def take_event(
    endpoint_id: int, mine: datetime | None, *, actor: Actor, now: datetime
) -> tuple[int, datetime] | None:
    """Claim an endpoint, or go on with it, and take its next event. Without an entry.

    `mine`: the end of the lease that the caller has, None for none. Returns the number of the event and the
    end of the new lease; None where nothing is due or another worker has the endpoint.
    """
    lease = now + LEASE
    claim = update(Endpoint).where(Endpoint.id == endpoint_id, _is_free(mine, now))
    if not changed_rows(claim.values(claimed_until=lease)):
        return None
    number = _next(endpoint_id, now)
    if number is None:
        db.session.execute(update(Endpoint).where(Endpoint.id == endpoint_id).values(claimed_until=None))
        return None
    return number, lease


def _next(endpoint_id: int, now: datetime) -> int | None:
    """The event that has been due longest, of each incident the oldest; None for none.

    What is due while an older one of its incident waits for its next try waits as long.
    """
    waiting = (OutgoingEvent.endpoint_id == endpoint_id, WAITS)
    due = select(OutgoingEvent.id, OutgoingEvent.incident_id).where(*waiting, OutgoingEvent.next_at <= now)
    due = due.order_by(OutgoingEvent.next_at, OutgoingEvent.id).limit(1)
    while row := db.session.execute(due).first():
        if row.incident_id is None:
            return int(row.id)
        same = (*waiting, OutgoingEvent.incident_id == row.incident_id)
        oldest = select(OutgoingEvent.id, OutgoingEvent.next_at).where(*same)
        head = db.session.execute(oldest.order_by(OutgoingEvent.id).limit(1)).one()
        if head.next_at <= now:
            return int(head.id)
        behind = update(OutgoingEvent).where(*same, OutgoingEvent.next_at <= now)
        db.session.execute(behind.values(next_at=head.next_at))
    return None


@operation(needs=None)
def release_endpoint(endpoint_id: int, mine: datetime, *, actor: Actor, now: datetime) -> None:
    """Give an endpoint back whose lease ends at `mine`. Without an entry."""
    held = update(Endpoint).where(Endpoint.id == endpoint_id, Endpoint.claimed_until == mine)
    db.session.execute(held.values(claimed_until=None))


@operation(needs=None)
def set_aside(number: int, why: str, *, actor: Actor, now: datetime) -> None:
    """Settle an event that must not go any more, without an entry. `why`: a sentence."""
    values = {"state": DeliveryState.QUIET, "settled_at": now, "last_error": why[:300]}
    db.session.execute(update(OutgoingEvent).where(OutgoingEvent.id == number).values(**values))


@operation(needs=None)
def settle_event(number: int, answer: Answer, *, actor: Actor, now: datetime) -> None:
    """Keep what a try came to, and when the next one is.

    Without an entry; but 410 ends the endpoint, and when an event is given up admins are told, once until the
    endpoint works again. A test is not tried again.
    """
    row = db.session.get_one(OutgoingEvent, number, options=[joinedload(OutgoingEvent.endpoint)])
    endpoint, attempts, error = row.endpoint, row.attempts + 1, answer.error[:300]
    tried = {"event_id": number, "at": now, "status": answer.status, "milliseconds": answer.milliseconds}
    db.session.execute(insert(EventAttempt).values(**tried, error=error))
    if not error:
        _set(row, state=DeliveryState.SENT, attempts=attempts, settled_at=now, last_error="")
        fresh = {"failures": 0, "rests_until": None, "reached_at": now, "told_at": None}
        _set(endpoint, **fresh)
        return
    failures = endpoint.failures + 1
    values = {"failures": failures, "unreached_at": now, "unreached_why": error, "claimed_until": None}
    _set(endpoint, **values, rests_until=now + rest(failures, answer.asked))
    is_last = answer.status == GONE or row.kind == TEST
    pause = None if is_last else next_try(attempts, answer.asked)
    if pause is not None:
        _set(row, attempts=attempts, next_at=now + pause, last_error=error)
        return
    _set(row, state=DeliveryState.FAILED, attempts=attempts, settled_at=now, last_error=error)
    if answer.status == GONE:
        _end(endpoint, error, actor=actor, now=now)
    elif endpoint.told_at is None and row.kind != TEST:
        _set(endpoint, told_at=now)
        audit(AuditKind.ENDPOINT_FAILING, endpoint.name, detail=error, actor=actor, now=now)
        what = f"An event was given up after {attempts} tries. More follow where nobody mends it. {error}"
        _tell_admins(endpoint, "takes no events", what, now)


def _set(row: Endpoint | OutgoingEvent, **values: object) -> None:
    """Write values without an entry: what happens at each try is in the log of attempts."""
    model = type(row)
    statement = update(model).where(model.id == row.id).values(**values)
    db.session.execute(statement, execution_options={"synchronize_session": False})


def _end(endpoint: Endpoint, why: str, *, actor: Actor, now: datetime) -> None:
    _set(endpoint, is_active=False, ended_why=why)
    drop_waiting(endpoint.id, now)
    audit(AuditKind.ENDPOINT_ENDED, endpoint.name, detail=why, actor=actor, now=now)
    _tell_admins(endpoint, "was ended", f"Its receiver says that it is gone for good. {why}", now)


def _tell_admins(endpoint: Endpoint, what: str, body: str, now: datetime) -> None:
    subject, act = f"MajorOps: the endpoint {endpoint.name} {what}", f"{ENDPOINT}:{endpoint.id}"
    for user in audience([AccountRole.ADMIN]):
        tell_owner(user, subject, body, now=now, act=act)


@operation(needs=Permission.DATA_MANAGE)
def send_event_again(event: OutgoingEvent, *, actor: Actor, now: datetime) -> None:
    """Queue a settled event once more, under its old id and with all its tries. Raises Conflict."""
    if refusal := again_refusal(event):
        raise Conflict(refusal)
    event.state, event.attempts, event.next_at = DeliveryState.PENDING, 0, now
    event.settled_at, event.last_error = None, ""
    audit(AuditKind.EVENT_AGAIN, str(event), detail=event.key, actor=actor, now=now)


def again_refusal(event: OutgoingEvent) -> str:
    """Why this event is not sent again; empty when it can be."""
    if event.settled_at is None:
        return "It waits to be sent."
    return "" if event.endpoint.is_active else "The endpoint is switched off."


@operation(needs=None)
def forget_events(*, before: datetime, actor: Actor, now: datetime) -> int:
    """Forget events that were settled before this time, with their attempts; FORGOTTEN_AT_ONCE at most.

    Without an entry: they hold no words. Returns how many.
    """
    old = select(OutgoingEvent.id).where(OutgoingEvent.settled_at < before)
    numbers = db.session.scalars(old.order_by(OutgoingEvent.settled_at).limit(FORGOTTEN_AT_ONCE)).all()
    if numbers:
        db.session.execute(delete(EventAttempt).where(EventAttempt.event_id.in_(numbers)))
        db.session.execute(delete(OutgoingEvent).where(OutgoingEvent.id.in_(numbers)))
    return len(numbers)


def attempts_of(event_id: int) -> list[EventAttempt]:
    """The newest tries of an event, the newest first."""
    rows = select(EventAttempt).filter_by(event_id=event_id).order_by(EventAttempt.id.desc())
    return list(db.session.scalars(rows.limit(ATTEMPTS_SHOWN)))


def newest_events(endpoint_id: int) -> list[OutgoingEvent]:
    """The newest events of an endpoint, the newest first."""
    rows = select(OutgoingEvent).filter_by(endpoint_id=endpoint_id)
    return list(db.session.scalars(rows.order_by(OutgoingEvent.id.desc()).limit(ATTEMPTS_SHOWN)))
