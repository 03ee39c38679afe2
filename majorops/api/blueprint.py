"""The blueprint of the API: who asks, and how every error looks."""

from __future__ import annotations

from flask import Blueprint, current_app, g, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from majorops import clock
from majorops.api.budget import Budget
from majorops.api.problems import of_refusal, problem
from majorops.domain.access import Actor
from majorops.domain.errors import Refused
from majorops.models import ApiToken
from majorops.operations.tokens import USED_EVERY, actor_of, note_token_used, token_of
from majorops.web.error_handlers import on_database_error, status_of

bp = Blueprint("api", __name__, url_prefix="/api/v1")

MESSAGES = {
    404: "There is nothing at this address.",
    405: "This address knows other methods: see the header Allow.",
    413: "The body is longer than 256 KB.",
    415: "Send JSON, with the header Content-Type: application/json.",
}


class NotAdmitted(Exception):
    """A program that may not ask: `answer` is the problem that it gets."""

    def __init__(self, answer: Response):
        super().__init__(answer.status)
        self.answer = answer


def admit(authorization: str, address: str) -> tuple[ApiToken, Actor]:
    """The token of a request's header and who acts by it; keeps that it was used, from this address.

    Raises NotAdmitted: 401 without a token that is worth something, 429 where it asks too often.
    """
    kind, _, given = authorization.partition(" ")
    now = clock.now()
    row = token_of(given.strip(), now) if kind.lower() == "bearer" else None
    if row is None:
        refused = problem(401, "Send a token in the header Authorization: Bearer.")
        refused.headers["WWW-Authenticate"] = 'Bearer realm="MajorOps"'
        raise NotAdmitted(refused)
    budget: Budget = current_app.extensions["api_budget"]
    if waits := budget.wait(row.id):
        refused = problem(429, f"This token asks too often. Try again in {waits} s.")
        refused.headers["Retry-After"] = str(waits)
        raise NotAdmitted(refused)
    actor = actor_of(row)
    if row.used_at is None or row.used_at <= now - USED_EVERY:
        note_token_used(row.id, address, actor=actor, now=now)
    return row, actor


@bp.before_request
def check_token() -> Response | None:
    """Admit the program or answer why not; no cookie counts."""
    try:
        row, g.api_actor = admit(request.headers.get("Authorization", ""), request.remote_addr or "")
    except NotAdmitted as refused:
        return refused.answer
    g.api_token = row.id
    return None


def asking() -> Actor:
    """Who asks: the account of the token, with what both give."""
    actor: Actor = g.api_actor
    return actor


@bp.errorhandler(Refused)
def on_refused(error: Refused) -> Response:
    """The sentence of the rule, with the status that the screens have for it."""
    return of_refusal(error, status_of(error))


@bp.errorhandler(HTTPException)
@bp.errorhandler(401)
@bp.errorhandler(403)
def on_http_error(error: HTTPException) -> Response:
    """An error of HTTP as a problem, with its headers."""
    code = error.code or 500
    answer = problem(code, MESSAGES.get(code, "The request could not be read."))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


@bp.errorhandler(DBAPIError)
def on_database(error: DBAPIError) -> Response:
    """503, or 507 where the disk is full: nothing was saved, try again."""
    status = on_database_error(error).status_code
    answer = problem(status, "Nothing was saved: the database does not take it at this moment.")
    answer.headers["Retry-After"] = "5"
    return answer
