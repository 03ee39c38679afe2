"""What sources send is judged over its raw bytes and kept with the verdict: many requests in one transaction.

Nothing is answered before it is kept. Our own trouble is a 503, never a 4xx: sources do not send again what
was refused.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError

from majorops import clock
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import HookVerdict
from majorops.integrations import INTEGRATIONS
from majorops.integrations.base import Answer, Integration, NotReadError, Sent
from majorops.models import AlertSource
from majorops.operations.alert_sources import secrets_of
from majorops.operations.alerts import Arrived, keep_deliveries
from majorops.operations.throttle import place
from majorops.web.budget import Budget

log = logging.getLogger(__name__)

LONGEST = 2 * 1024 * 1024  # bytes of a body
# What comes without the secret of a source: so many answers of an address until it has to wait.
STRANGERS, STRANGERS_SPAN = 60, 60.0  # seconds
STATUS = {
    HookVerdict.WRONG_SECRET: 401,
    HookVerdict.TOO_OLD: 401,
    HookVerdict.NOT_JSON: 400,
    HookVerdict.NOT_READ: 400,
}
MESSAGES = {
    400: "The body is not JSON.",
    401: "The secret or the signature is missing or wrong.",
    404: "There is nothing at this address.",
    405: "Alerts are sent by POST.",
    413: "The body is longer than 2 MB.",
    429: "Too many requests without the right secret came from this address.",
    503: "Nothing was kept. Send it again.",
}
TOO_OLD = "This was signed more than 5 minutes ago, or by a clock that far ahead."
AWAY = "Nothing was kept: the database does not take it at this moment. Send it again."
AGAIN = 5  # seconds until a source should send again


@dataclass(frozen=True)
class Received:
    """A request of a source. `kind`, `number`: of its address; `headers`: by their names in lower case."""

    kind: str
    number: int
    headers: Mapping[str, str]
    body: bytes
    address: str


@dataclass(frozen=True)
class Reply:
    """What a source is told: the status of HTTP, a JSON body, headers of its own."""

    status: int
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


def problem(status: int, message: str = "", wait: int = 0) -> Reply:
    """An error that says why, in the form that PagerDuty's senders know. `wait`: seconds to Retry-After."""
    body = {"status": "error", "message": message or MESSAGES.get(status, "Not taken.")}
    return Reply(status, body, {"Retry-After": str(wait)} if wait else {})


def strangers() -> Budget:
    """The budget of requests that come without the secret of a source, by address."""
    found: Budget = current_app.extensions["alert_strangers"]
    return found


def is_suspect(address: str) -> bool:
    """Whether so many requests without the right secret came from an address that the next is told to wait.

    One with the right secret is taken all the same.
    """
    return strangers().is_used_up(place(address))


def receive(requests: Sequence[Received]) -> list[Reply]:
    """Judge these requests and keep what must be kept, in one transaction; the answers, in the same order.

    Never raises: 503 while the database is away, and for what nobody expected. What fails for another reason
    than that fails alone.
    """
    try:
        return _receive(requests)
    except (OperationalError, InterfaceError) as error:
        log.error("alerts in: %s", error.orig)
        db.session.rollback()
        return [problem(503, AWAY, AGAIN)] * len(requests)
    except Exception as error:
        db.session.rollback()
        if len(requests) > 1:
            return [reply for one in requests for reply in receive([one])]
        log.exception("alerts in", exc_info=error)
        return [problem(503, wait=AGAIN)]


def _receive(requests: Sequence[Received]) -> list[Reply]:
    now = clock.now()
    sources = sources_at({one.number for one in requests})
    found = [_judge(one, sources.get((one.kind, one.number)), now) for one in requests]
    if arrived := [row for _, row in found if row is not None]:
        keep_deliveries(arrived, actor=SYSTEM, now=now)
    return [reply for reply, _ in found]


def sources_at(numbers: Iterable[int]) -> dict[tuple[str, int], AlertSource]:
    """The sources in use with these numbers, by kind and number."""
    known = select(AlertSource).where(
        AlertSource.id.in_([number for number in numbers if number < 2**31]), AlertSource.is_active.is_(True)
    )
    return {(row.kind.value, row.id): row for row in db.session.scalars(known)}


def _judge(one: Received, source: AlertSource | None, now: datetime) -> tuple[Reply, Arrived | None]:
    """What the sender is told, and what is kept. No source is not told apart from a wrong secret."""
    integration = INTEGRATIONS.get(one.kind)
    if integration is None or source is None:
        return _refuse_stranger(one.address), None
    sent = Sent(one.headers, one.body, header=source.header, mapping=source.mapping)
    verdict, said = judge(integration, sent, source, now)
    reply = Reply(said.status, said.body)
    if verdict is HookVerdict.WRONG_SECRET:
        reply = _refuse_stranger(one.address)
        if reply.status != said.status:
            return reply, None
    kept = {name: text for name, text in one.headers.items() if is_kept(integration, name)} | dict(said.kept)
    why = str(said.body.get("message", "")) if verdict is HookVerdict.NOT_READ else verdict.label
    return reply, Arrived(source.id, verdict, one.body, kept, one.address, why)


def _refuse_stranger(address: str) -> Reply:
    wait = strangers().wait(place(address))
    return problem(429, wait=wait) if wait else problem(401)


def judge(
    integration: Integration, sent: Sent, source: AlertSource, now: datetime
) -> tuple[HookVerdict, Answer]:
    """Whether a body is taken, and what its source is told."""
    verdict = integration.verify(sent, secrets_of(source, now), now)
    if verdict is not HookVerdict.ACCEPTED:
        message = TOO_OLD if verdict is HookVerdict.TOO_OLD else MESSAGES[401]
        return verdict, refusal(verdict, message)
    try:
        sent.json()
    except NotReadError as error:
        return HookVerdict.NOT_JSON, refusal(HookVerdict.NOT_JSON, str(error))
    try:
        return HookVerdict.ACCEPTED, integration.answer(sent)
    except NotReadError as error:
        return HookVerdict.NOT_READ, refusal(HookVerdict.NOT_READ, str(error))


def refusal(verdict: HookVerdict, message: str) -> Answer:
    """What a source is told that was refused."""
    return Answer(STATUS[verdict], {"status": "error", "message": message})


def is_kept(integration: Integration, name: str) -> bool:
    """A header that says what the body is: kept with it. Never one that carries a secret."""
    return name in integration.keeps or name.startswith("ce-")
