"""Where alerts come in: `/hooks/<source>/<number>`.

What is sent is verified over its raw bytes, kept with the verdict, and answered; the work is the worker's.
Our own trouble is a 503, never a 4xx: sources do not send again what was refused.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from majorops import clock
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import HookVerdict
from majorops.domain.errors import Refused
from majorops.integrations import INTEGRATIONS
from majorops.integrations.base import Answer, Integration, NotReadError, Sent
from majorops.models import AlertSource
from majorops.operations.alert_sources import secrets_of
from majorops.operations.alerts import keep_delivery
from majorops.web.access import by_bearer
from majorops.web.error_handlers import on_database_error

PREFIX = "/hooks"
LONGEST = 2 * 1024 * 1024  # bytes of a body
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
}
TOO_OLD = "This was signed more than 5 minutes ago, or by a clock that far ahead."

bp = Blueprint("hooks", __name__, url_prefix=PREFIX)


def answer(status: int, body: object) -> Response:
    """JSON with this status."""
    return current_app.response_class(json.dumps(body), status, content_type="application/json")


def problem(status: int, message: str = "") -> Response:
    """An error that says why, in the form that PagerDuty's senders know."""
    return answer(status, {"status": "error", "message": message or MESSAGES.get(status, "Not taken.")})


def allow_long_bodies() -> None:
    """Before a body is read: one of a source may be longer than any other request."""
    if request.path.startswith(f"{PREFIX}/"):
        request.max_content_length = LONGEST


@bp.post("/<kind>/<int:number>")
@bp.post("/<kind>/<int:number>/v2/enqueue")
@by_bearer
def take(kind: str, number: int) -> Response:
    """Keep what a source sends. 401, 400 or 413 where it is not taken; 503 while the database is away."""
    integration, source = INTEGRATIONS.get(kind), find_source(kind, number)
    if integration is None or source is None:
        return problem(401)
    sent = Sent(
        {name.lower(): text for name, text in request.headers.items()},
        request.get_data(cache=False),
        header=source.header,
        mapping=source.mapping,
    )
    now = clock.now()
    verdict, said = judge(integration, sent, source, now)
    kept = {name: text for name, text in sent.headers.items() if is_kept(integration, name)} | dict(said.kept)
    given: dict[str, Any] = {"body": sent.body, "headers": kept, "address": request.remote_addr or ""}
    why = str(said.body.get("message", "")) if verdict is HookVerdict.NOT_READ else verdict.label
    keep_delivery(number, verdict=verdict, problem=why, **given, actor=SYSTEM, now=now)
    return answer(said.status, dict(said.body))


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
    except NotReadError as problem:
        return HookVerdict.NOT_JSON, refusal(HookVerdict.NOT_JSON, str(problem))
    try:
        return HookVerdict.ACCEPTED, integration.answer(sent)
    except NotReadError as problem:
        return HookVerdict.NOT_READ, refusal(HookVerdict.NOT_READ, str(problem))


def refusal(verdict: HookVerdict, message: str) -> Answer:
    """What a source is told that was refused."""
    return Answer(STATUS[verdict], {"status": "error", "message": message})


def is_kept(integration: Integration, name: str) -> bool:
    """A header that says what the body is: kept with it. Never one that carries a secret."""
    return name in integration.keeps or name.startswith("ce-")


def find_source(kind: str, number: int) -> AlertSource | None:
    """The source of this address that is in use; None for none, which a stranger is not told apart."""
    row = db.session.get(AlertSource, number) if number < 2**31 else None
    return row if row is not None and row.kind.value == kind and row.is_active else None


def on_http_error(error: HTTPException) -> BaseResponse:
    """An error of HTTP as JSON, with its headers."""
    found = problem(error.code or 500)
    for name, value in error.get_headers():
        if name == "Allow":
            found.headers[name] = value
    return found


@bp.errorhandler(DBAPIError)
def on_database(error: DBAPIError) -> Response:
    """503: the source sends it again."""
    on_database_error(error)
    found = problem(503, "Nothing was kept: the database does not take it at this moment. Send it again.")
    found.headers["Retry-After"] = "5"
    return found


@bp.errorhandler(Refused)
def on_refused(error: Refused) -> Response:
    """503 for two that came at the same moment, and whatever else is our own trouble."""
    return problem(503, str(error))


@bp.errorhandler(Exception)
def on_crash(error: Exception) -> BaseResponse:
    """503 for what nobody expected: it is logged, and the source sends it again."""
    if isinstance(error, HTTPException):
        return on_http_error(error)
    current_app.logger.exception("alerts in", exc_info=error)
    db.session.rollback()
    return problem(503, "Nothing was kept. Send it again.")
