"""The one door: every change of state is a verb in this package, and every verb leaves an event.

A verb is a function marked with `@operation(needs=…)`. It runs in one transaction that this module begins
and ends. `record` adds the timeline event; `audit` the entry for what happens outside an incident. A verb
that wrote anything without either is a bug and is rolled back.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from functools import wraps

from sqlalchemy import event, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.errors import Conflict, Forbidden, NotFound
from majorops.domain.vocab import EventType, Phase, Visibility
from majorops.models import AuditEntry, Incident, TimelineEvent

VERBS: dict[str, Callable] = {}
_running: ContextVar[dict | None] = ContextVar("running", default=None)


class Unrecorded(RuntimeError):
    """A verb changed something and left no event."""


def operation(*, needs: Permission | None) -> Callable:
    """Mark a verb.

    `needs`: the permission its `actor` must have; None only where the verb itself decides (sign-in, first run).
    The verb takes its subject first (an Incident is locked and read afresh) and `actor` and `now` by keyword.
    Called from another verb it joins that one's transaction. Raises Forbidden, NotFound, Conflict, and what the verb raises.
    """

    def mark(verb: Callable) -> Callable:
        @wraps(verb)
        def run(*args, actor: Actor, now: datetime, **kwargs):
            if needs is not None and (refusal := actor.refusal(needs)):
                raise Forbidden(refusal)
            if _running.get() is not None:
                return verb(*args, actor=actor, now=now, **kwargs)
            return _transaction(verb, args, {"actor": actor, "now": now, **kwargs})

        run.needs = needs
        VERBS[f"{verb.__module__.rpartition('.')[2]}.{verb.__name__}"] = run
        return run

    return mark


def _transaction(verb: Callable, args: tuple, kwargs: dict):
    try:
        return _attempt(verb, args, kwargs)
    except (StaleDataError, IntegrityError):
        # Two verbs met in a unique number or key; the second run sees what the first one wrote.
        try:
            return _attempt(verb, args, kwargs)
        except (StaleDataError, IntegrityError) as error:
            raise Conflict(
                "Somebody changed this at the same moment. Nothing was saved; try again."
            ) from error


def _attempt(verb: Callable, args: tuple, kwargs: dict):
    session = db.session()
    session.rollback()  # ends the request's read transaction: the verb must see the newest state
    session.connection(execution_options={"writing": True})
    token = _running.set(work := {"recorded": False, "wrote": False})
    try:
        for subject in args:
            if isinstance(subject, Incident):
                _lock(session, subject)
        result = verb(*args, **kwargs)
        session.flush()
        if work["wrote"] and not work["recorded"]:
            raise Unrecorded(f"{verb.__module__}.{verb.__name__} changed something and recorded nothing")
        session.commit()
        return result
    except BaseException:
        session.rollback()
        raise
    finally:
        _running.reset(token)


def _lock(session: Session, incident: Incident) -> None:
    """Read the incident afresh and hold its row: verbs of one incident happen one after another."""
    identity = inspect(incident).identity  # not incident.id: an expired row would be read twice
    found = session.get(Incident, identity, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("There is no such incident.")


@event.listens_for(Session, "before_flush")
def _note_writes(session: Session, context, instances) -> None:
    work = _running.get()
    if work is not None and (session.new or session.deleted or any(map(session.is_modified, session.dirty))):
        work["wrote"] = True


def demand_open(incident: Incident) -> None:
    """Raise Conflict for a resolved incident: it is continued by a new one, never changed (domain §4)."""
    if refusal := closed_refusal(incident):
        raise Conflict(refusal)


def closed_refusal(incident: Incident) -> str:
    """Why nothing changes here any more; empty while the incident runs."""
    return f"{incident.reference} is resolved. Continue it as a new incident." if incident.is_resolved else ""


def record(
    incident: Incident,
    kind: str,
    title: str,
    *,
    type: EventType,
    actor: Actor,
    now: datetime,
    detail: str = "",
    visibility: Visibility = Visibility.INTERNAL,
    phase: Phase | None = None,
    field: str | None = None,
    publication_id: int | None = None,
    corrects_id: int | None = None,
) -> TimelineEvent:
    """Add one entry to the timeline, in the running verb's transaction (domain §6). Returns the entry."""
    incident.version += 1
    entry = TimelineEvent(
        incident_id=incident.id,
        seq=incident.version,
        type=type,
        kind=kind,
        title=title[:300],
        detail=detail,
        visibility=visibility,
        actor_name=actor.name,
        actor_id=actor.user_id,
        at=now,
        phase=phase,
        field=field,
        publication_id=publication_id,
        corrects_id=corrects_id,
    )
    db.session.add(entry)
    _mark_recorded()
    return entry


def audit(kind: str, subject: str, *, actor: Actor, now: datetime, detail: str | None = None) -> None:
    """Add one audit entry for a change outside any incident."""
    db.session.add(
        AuditEntry(
            kind=kind,
            subject=subject[:300],
            detail=detail,
            actor_name=actor.name,
            actor_id=actor.user_id,
            at=now,
        )
    )
    _mark_recorded()


def _mark_recorded() -> None:
    work = _running.get()
    if work is None:
        raise RuntimeError("record() and audit() work only inside a verb")
    work["recorded"] = True
