"""Events to programs outside: written from the record as they go, signed, sent, and what came of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import joinedload

from majorops import clock
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.origin import public_origin
from majorops.domain.outgoing import TELLS_THE_PUBLIC, TEST, retry_after, signed
from majorops.models import Incident, OutgoingEvent, TimelineEvent
from majorops.notifications import payloads, webhook
from majorops.notifications.message import NotSent
from majorops.operations.endpoints import secrets_of
from majorops.operations.outgoing import Answer, release_endpoint, set_aside, settle_event, take_event
from majorops.operations.shapes import Entry, IncidentSummary, summary_of
from majorops.projections import public_event

log = logging.getLogger(__name__)

AT_ONCE = 100  # then others get their turn
TOO_OLD = timedelta(days=4)  # what is told of a recording that is replayed, or was queued behind too much
PAST = "Not sent: it tells of something more than four days ago."
DRILL = "Not sent: a drill."
NOT_PUBLIC = "Not sent: it is not public any more."
NO_KEY = "Not sent: no secret key of ours opens the endpoint's secret. Make a new one on its page."


@dataclass(frozen=True)
class Ready:
    """An event to be sent, as a value that needs no database; `void`: why it must not go, empty if it may."""

    number: int
    key: str
    address: str
    body: bytes = b""
    secrets: tuple[str, ...] = ()
    void: str = ""


def work_on(endpoint_id: int, settings: dict[str, Any], goes_on: Callable[[], bool]) -> int:
    """Send what is due for an endpoint, one after another, while `goes_on` says so and AT_ONCE at most.

    Nothing where another worker has it. Returns how many events were tried.
    """
    count, mine = 0, None
    while count < AT_ONCE and goes_on():
        taken = take_event(endpoint_id, mine, actor=SYSTEM, now=clock.now())
        if taken is None:
            return count
        number, mine = taken
        deliver(number, settings)
        count += 1
    if mine is not None:
        release_endpoint(endpoint_id, mine, actor=SYSTEM, now=clock.now())
    return count


def deliver(number: int, settings: dict[str, Any]) -> str:
    """Send one event that is ours, and keep what came of it. Returns why it did not arrive, empty if it did.

    No transaction is open while it is on its way.
    """
    try:
        ready = read(number, settings, clock.now())
    except SQLAlchemyError:
        raise
    except Exception as error:  # one that a newer version wrote, or a hand
        log.exception("event %s cannot be read and is set aside", number)
        ready = Ready(number, "", "", void=f"Cannot be read: {type(error).__name__}")
    db.session.remove()
    if ready.void:
        set_aside(number, ready.void, actor=SYSTEM, now=clock.now())
        return ready.void
    answer = send(ready, settings)
    settle_event(number, answer, actor=SYSTEM, now=clock.now())
    return answer.error


def read(number: int, settings: dict[str, Any], now: datetime) -> Ready:
    """The event as it is sent now: from what stands in the record at this moment, as late as can be."""
    row = db.session.get_one(OutgoingEvent, number, options=[joinedload(OutgoingEvent.endpoint)])
    ready = Ready(row.id, row.key, row.endpoint.address)
    try:
        event = _event(row, settings, now)
        return replace(ready, body=payloads.body_of(event), secrets=tuple(secrets_of(row.endpoint, now)))
    except NotSent as why:
        return replace(ready, void=str(why))
    except ValueError:
        return replace(ready, void=NO_KEY)


def _event(row: OutgoingEvent, settings: dict[str, Any], now: datetime) -> payloads.Event:
    """What a row tells. Raises NotSent where it must not go."""
    if now - row.created_at > TOO_OLD and not row.attempts:
        raise NotSent(PAST)
    if row.kind == TEST:
        test = payloads.TestData(endpoint=row.endpoint.name)
        return payloads.TestEvent(type=row.kind, timestamp=row.created_at, data=test)
    if row.endpoint.is_internal:
        return _internal(row, settings["BASE_URL"] or "")
    return _public(row, public_origin(settings))


def _internal(row: OutgoingEvent, base: str) -> payloads.Event:
    """The event for an endpoint that may read the fireground."""
    incident = db.session.get_one(Incident, row.incident_id)
    if incident.is_drill:
        raise NotSent(DRILL)
    entry = db.session.scalars(select(TimelineEvent).filter_by(incident_id=incident.id, seq=row.seq)).one()
    url = f"{base}/api/v1/incidents/{incident.id}/timeline?after={entry.seq - 1}&limit=1"
    if not row.endpoint.is_full:
        thin = payloads.ThinData(incident=incident.id, entry=entry.seq, url=url)
        return payloads.ThinEvent(type=row.kind, timestamp=entry.at, data=thin)
    shown = IncidentSummary.model_validate(summary_of(incident))
    full = payloads.FullData(incident=shown, entry=Entry.model_validate(entry), url=url)
    return payloads.FullEvent(type=row.kind, timestamp=entry.at, data=full)


def _public(row: OutgoingEvent, base: str) -> payloads.Event:
    """The event for anybody, from projections alone."""
    incident, entry = public_event(row.incident_id or 0, row.seq or 0) or (None, None)
    if incident is None or (entry is None and row.kind not in TELLS_THE_PUBLIC):
        raise NotSent(NOT_PUBLIC)
    at, url = entry.at if entry else row.created_at, f"{base}/incidents/{incident.number}"
    if not row.endpoint.is_full:
        key = entry.key if entry else None
        thin = payloads.PublicThinData(incident=incident.number, entry=key, url=url)
        return payloads.PublicThinEvent(type=row.kind, timestamp=at, data=thin)
    shown, said = payloads.public_incident_shape(incident), payloads.public_entry_shape(entry)
    full = payloads.PublicFullData(incident=shown, entry=said, url=url)
    return payloads.PublicFullEvent(type=row.kind, timestamp=at, data=full)


def send(ready: Ready, settings: dict[str, Any]) -> Answer:
    """POST an event. Redirects are not followed, private addresses refused, answers not read (webhook.py)."""
    headers = {"Content-Type": "application/json"}
    headers |= signed(ready.key, clock.now(), ready.body, ready.secrets)
    began = time.perf_counter()
    try:
        status, said, _ = webhook.ask(ready.address, ready.body, headers, settings)
    except NotSent as problem:
        return Answer(None, _since(began), str(problem))
    except Exception as error:
        log.exception("event %s", ready.number)
        return Answer(None, _since(began), f"{type(error).__name__}: {error}")
    if 200 <= status < 300:
        return Answer(status, _since(began))
    redirects = " It redirects; redirects are not followed." if 300 <= status < 400 else ""
    asked = retry_after(said.get("Retry-After", ""), clock.now())
    return Answer(status, _since(began), f"It answered {status}.{redirects}", asked)


def _since(began: float) -> int:
    return round(1_000 * (time.perf_counter() - began))
