"""The one door: every change of state is an operation in this package, and every operation leaves an event.

An operation is a function marked with `@operation(needs=…)`. It runs in one transaction that this
module begins and ends. `record` adds the timeline event; `audit` the entry for what happens outside an
incident. An operation that wrote anything without either is a bug and is rolled back. After the commit
the listeners of `after_commit` are called with what was recorded.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar, cast, overload

from flask import Flask, current_app
from sqlalchemy import event, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, UOWTransaction
from sqlalchemy.orm.exc import StaleDataError

from majorops import logs
from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.after_close import refusal_after_close
from majorops.domain.enums import Phase, Visibility
from majorops.domain.errors import Conflict, Forbidden, NotFound, Stale
from majorops.domain.events import AuditKind, EventKind
from majorops.domain.text import reference
from majorops.models import AuditEntry, Incident, TimelineEvent
from majorops.operations.public_names import new_key

log = logging.getLogger(__name__)

Given = ParamSpec("Given")
Result = TypeVar("Result")
Returned_co = TypeVar("Returned_co", covariant=True)

WAITED_AT_MOST = timedelta(hours=24)


@dataclass(frozen=True)
class RequestMeta:
    """How an act came.

    `idempotency_key` names it, so that sent twice it is done once, empty for none; `client_time` is when a
    person did it, where it had to wait in their browser for the connection; `expected_version`: what the
    incident must still be, None for whatever it is.
    """

    idempotency_key: str = ""
    client_time: datetime | None = None
    expected_version: int | None = None


@dataclass
class _Work:
    """The running operation's transaction: whether it wrote, and what it recorded."""

    request_meta: RequestMeta | None
    wrote: bool = False
    recorded: bool = False
    entries: list[TimelineEvent] = field(default_factory=list)
    audited: list[AuditKind] = field(default_factory=list)


_running: ContextVar[_Work | None] = ContextVar("running", default=None)


@dataclass(frozen=True)
class Recorded:
    """What listeners get of one entry of the timeline, or of the audit.

    Of the audit `incident_id` is None and `seq` 0.
    """

    incident_id: int | None
    seq: int
    kind: str
    field: str | None
    is_public: bool = False


def _recorded(entry: TimelineEvent) -> Recorded:
    is_public = entry.visibility is Visibility.PUBLIC
    return Recorded(entry.incident_id, entry.seq, entry.kind, entry.field, is_public)


def before_commit(app: Flask, listener: Callable[[list[TimelineEvent]], None]) -> None:
    """Have `listener` called with the entries of each operation, in its transaction.

    What it adds is saved with them, and what it raises undoes all.
    """
    app.extensions.setdefault("before_commit", []).append(listener)


def after_commit(app: Flask, listener: Callable[[list[Recorded]], None]) -> None:
    """Have `listener` called with what an operation recorded, once that is saved.

    What it raises is logged, nothing more.
    """
    app.extensions.setdefault("after_commit", []).append(listener)


class MissingEventError(RuntimeError):
    """An operation changed something and left no event."""


class Operation(Protocol[Given, Returned_co]):
    """A marked function. Called with a `request_meta` it may return None."""

    needs: Permission | None

    @overload
    def __call__(self, *args: Given.args, **kwargs: Given.kwargs) -> Returned_co: ...
    @overload
    def __call__(self, *args: Any, request_meta: RequestMeta | None, **kwargs: Any) -> Returned_co | None: ...


OPERATIONS: dict[str, Operation[..., object]] = {}


def operation(*, needs: Permission | None) -> Callable[[Callable[Given, Result]], Operation[Given, Result]]:
    """Mark an operation.

    `needs`: the permission its `actor` must have; None only where the operation itself decides
    (sign-in, first run). The operation takes its subject first (an Incident is locked and read afresh)
    and `actor` and `now` by keyword. With a `request_meta` whose key was seen before nothing happens,
    and it returns None. At a resolved incident only what `domain/after_close.py` names is done. Called from
    another operation it joins that one's transaction. Raises Forbidden, NotFound, Conflict, and what the
    operation raises.
    """

    def mark(function: Callable[Given, Result]) -> Operation[Given, Result]:
        call: Callable[..., Result] = function
        name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"

        @wraps(function)
        def run(
            *args: object,
            actor: Actor,
            now: datetime,
            request_meta: RequestMeta | None = None,
            **kwargs: object,
        ) -> Result | None:
            if needs is not None and (refusal := actor.refusal(needs)):
                raise Forbidden(refusal)
            if _running.get() is not None:
                return call(*args, actor=actor, now=now, **kwargs)
            return _transaction(name, call, args, {"actor": actor, "now": now, **kwargs}, request_meta)

        marked = cast("Operation[Given, Result]", run)
        marked.needs = needs
        OPERATIONS[name] = marked
        return marked

    return mark


def _transaction(
    name: str,
    function: Callable[..., Result],
    args: tuple[object, ...],
    kwargs: dict[str, object],
    request_meta: RequestMeta | None,
) -> Result | None:
    try:
        return _attempt(name, function, args, kwargs, request_meta)
    except (StaleDataError, IntegrityError):
        # Two operations met in a unique number or key; the second run sees what the first one wrote.
        try:
            return _attempt(name, function, args, kwargs, request_meta)
        except (StaleDataError, IntegrityError) as error:
            raise Conflict(
                "Somebody changed this at the same moment. Nothing was saved; try again."
            ) from error


def _attempt(
    name: str,
    function: Callable[..., Result],
    args: tuple[object, ...],
    kwargs: dict[str, object],
    request_meta: RequestMeta | None,
) -> Result | None:
    session, began = db.session(), time.monotonic()
    session.rollback()  # ends the request's read transaction: the operation must see the newest state
    session.connection(execution_options={"writing": True})
    token = _running.set(work := _Work(request_meta))
    try:
        incidents = [subject for subject in args if isinstance(subject, Incident)]
        for subject in sorted(incidents, key=_number):  # two that lock the same two never wait for each other
            _lock(session, subject)
            _demand_sight(subject, cast("Actor", kwargs["actor"]))
        if request_meta and _is_known(session, request_meta):
            session.rollback()
            return None
        if incidents and request_meta:
            _demand_version(incidents[0], request_meta)
        if incidents:
            demand_open(incidents[0], name)
        result = function(*args, **kwargs)
        session.flush()
        for listener in current_app.extensions.get("before_commit", ()) if work.entries else ():
            listener(list(work.entries))
        session.flush()
        if work.wrote and not work.recorded:
            raise MissingEventError(
                f"{function.__module__}.{function.__name__} changed something and recorded nothing"
            )
        recorded = [_recorded(entry) for entry in work.entries] + [
            Recorded(None, 0, kind, None) for kind in work.audited
        ]
        session.commit()
        _log(name, incidents, cast("Actor", kwargs["actor"]), recorded, began)
    except BaseException:
        session.rollback()
        raise
    finally:
        _running.reset(token)
    _call_listeners(recorded)
    return result


def _log(name: str, incidents: list[Incident], actor: Actor, recorded: list[Recorded], began: float) -> None:
    """A line for programs that read logs (`majorops/logs.py`): numbers and kinds, no words.

    What the clock does and nobody needs to know of, such as a heartbeat, has none.
    """
    if not recorded and not logs.REQUEST_ID.get():
        return
    log.info(
        "operation",
        extra=logs.fields(
            operation=name,
            incidents=[_number(one) for one in incidents],
            account=actor.user_id,
            kinds=[one.kind for one in recorded],
            milliseconds=round((time.monotonic() - began) * 1000, 1),
        ),
    )


def _demand_version(incident: Incident, request_meta: RequestMeta) -> None:
    expected = request_meta.expected_version
    if expected is not None and expected != incident.version:
        raise Stale(
            f"{incident.reference} is at version {incident.version} now, not {expected}. Read it again."
        )


def _is_known(session: Session, request_meta: RequestMeta) -> bool:
    return bool(request_meta.idempotency_key) and (
        session.scalar(select(TimelineEvent.id).filter_by(request_key=request_meta.idempotency_key))
        is not None
    )


def _call_listeners(recorded: list[Recorded]) -> None:
    for listener in current_app.extensions.get("after_commit", ()) if recorded else ():
        try:
            listener(recorded)
        except Exception:  # saved is saved: screens that hear nothing ask
            log.exception("after the commit")


def _number(incident: Incident) -> int:
    """Its number without reading the row: an expired one would be read twice."""
    identity = inspect(incident).identity
    return identity[0] if identity else 0


def _lock(session: Session, incident: Incident) -> None:
    """Read the incident afresh and hold its row: operations of one incident happen one after another."""
    found = session.get(Incident, _number(incident), with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("There is no such incident.")


def _demand_sight(incident: Incident, actor: Actor) -> None:
    if actor.only_system and not actor.sees(incident.system_names):
        raise NotFound("There is no such incident.")


@event.listens_for(Session, "before_flush")
def _note_writes(session: Session, context: UOWTransaction, instances: object) -> None:
    work = _running.get()
    if work is not None and (session.new or session.deleted or any(map(session.is_modified, session.dirty))):
        work.wrote = True


def demand_open(incident: Incident, operation: str = "") -> None:
    """Raise Conflict where an operation may not be done at this incident, which is over.

    `operation`: as `domain/after_close.py` names it; empty for what is never done after the close. Called
    before every operation on an incident; an operation calls it itself where only a part of it is open.
    """
    if refusal := closed_refusal(incident, operation):
        raise Conflict(refusal)


def closed_refusal(incident: Incident, operation: str = "") -> str:
    """Why an operation may not be done here any more; empty when it may. `operation` as for `demand_open`."""
    kept = reference(incident.merged_into_id) if incident.merged_into_id else ""
    return refusal_after_close(operation, incident.reference, incident.is_resolved, kept)


def record(
    incident: Incident,
    kind: EventKind,
    title: str,
    *,
    actor: Actor,
    now: datetime,
    detail: str = "",
    visibility: Visibility | None = None,
    phase: Phase | None = None,
    field: str | None = None,
    system: str | None = None,
    publication_id: int | None = None,
    corrects_id: int | None = None,
) -> TimelineEvent:
    """Add one entry to the timeline, in the running operation's transaction (domain §6). Returns the entry.

    `visibility`: other than the kind's own. `system`: the one system that it is about. Raises Forbidden:
    whatever led here, nobody makes public what they may not publish; RuntimeError outside an operation.
    """
    work = _recording()
    visibility = visibility or kind.visibility
    if visibility is Visibility.PUBLIC and (refusal := actor.refusal(Permission.PUBLISH)):
        raise Forbidden(refusal)
    request_meta, is_first = work.request_meta, not work.entries
    incident.version += 1
    entry = TimelineEvent(
        incident_id=incident.id,
        seq=incident.version,
        type=kind.type,
        kind=kind,
        title=title[:300],
        detail=detail,
        visibility=visibility,
        actor_name=actor.signed,
        actor_id=actor.user_id,
        at=now,
        phase=phase,
        field=field,
        system=system,
        public_key=new_key() if visibility is Visibility.PUBLIC else None,
        publication_id=publication_id,
        corrects_id=corrects_id,
        request_key=(request_meta.idempotency_key or None) if request_meta and is_first else None,
        made_at=_made_at(request_meta, incident, now),
    )
    db.session.add(entry)
    work.entries.append(entry)
    return entry


def _made_at(request_meta: RequestMeta | None, incident: Incident, now: datetime) -> datetime | None:
    """When the act was made, if that can be: a browser may claim anything."""
    made_at = request_meta and request_meta.client_time
    if not made_at or not max(incident.opened_at, now - WAITED_AT_MOST) <= made_at < now:
        return None
    return made_at


def audit(
    kind: AuditKind,
    subject: str,
    *,
    actor: Actor,
    now: datetime,
    detail: str | None = None,
    about: int | None = None,
) -> None:
    """Add one audit entry for a change outside any incident. Raises RuntimeError outside an operation.

    `about`: the account whose own security history tells it.
    """
    db.session.add(
        AuditEntry(
            kind=kind,
            subject=subject[:300],
            detail=detail,
            actor_name=actor.signed,
            actor_id=actor.user_id,
            about_id=about,
            at=now,
        )
    )
    _recording().audited.append(kind)


def _recording() -> _Work:
    work = _running.get()
    if work is None:
        raise RuntimeError("record() and audit() work only inside an operation")
    work.recorded = True
    return work
