"""The blueprint of the API: who asks, and how every error looks."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from majorops.api.problems import of_refusal, problem
from majorops.domain.errors import Refused
from majorops.web.bearer import check_bearer
from majorops.web.error_handlers import on_database_error, status_of

bp = Blueprint("api", __name__, url_prefix="/api/v1")

MESSAGES = {
    404: "There is nothing at this address.",
    405: "This address knows other methods: see the header Allow.",
    413: "The body is longer than 256 KB.",
    415: "Send JSON, with the header Content-Type: application/json.",
}


@bp.before_request
def check_token() -> Response | None:
    """401 or 429 as a problem, where the token is worth nothing or asks too often."""
    denied = check_bearer()
    if denied is None:
        return None
    refused = problem(denied.status, denied.detail)
    refused.headers.update(denied.headers)
    return refused


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
