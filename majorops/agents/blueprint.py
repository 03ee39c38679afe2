"""The address of the MCP server: one message a request, one JSON answer; no session, no stream."""

from __future__ import annotations

import json

from flask import Blueprint, current_app, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from majorops.web.access import by_bearer
from majorops.web.bearer import check_bearer
from majorops.web.error_handlers import on_database_error

bp = Blueprint("agents", __name__)

REFUSED = -32000  # JSON-RPC: a code of the server's own
MESSAGES = {
    404: "There is nothing at this address.",
    405: "Send each message by POST: there are no sessions and no streams here.",
    413: "The message is longer than 256 KB.",
}


def refusal(status: int, sentence: str) -> Response:
    """An error before any tool is asked, in the protocol's form."""
    body = {"jsonrpc": "2.0", "id": None, "error": {"code": REFUSED, "message": sentence}}
    answer = current_app.response_class(json.dumps(body), status, content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.before_request
def check_token() -> Response | None:
    """401 or 429, where the token is worth nothing or asks too often."""
    denied = check_bearer()
    if denied is None:
        return None
    answer = refusal(denied.status, denied.detail)
    answer.headers.update(denied.headers)
    return answer


@bp.post("/mcp")
@by_bearer
def mcp() -> Response:
    """Answer one message. The SDK is imported by the first one: it takes half a second."""
    from majorops.agents.server import answer

    status, headers, body = answer(request.get_data(), list(request.headers.items()))
    drawn = current_app.response_class(body, status, headers)
    drawn.headers["Cache-Control"] = "no-store"
    return drawn


@bp.errorhandler(HTTPException)
@bp.errorhandler(401)
@bp.errorhandler(403)
def on_http_error(error: HTTPException) -> Response:
    """An error of HTTP, with its methods where it has some."""
    code = error.code or 500
    answer = refusal(code, MESSAGES.get(code, "The request could not be read."))
    for name, value in error.get_headers():
        if name == "Allow":
            answer.headers[name] = value
    return answer


@bp.errorhandler(TimeoutError)
def on_timeout(error: TimeoutError) -> Response:
    """503: what was begun is not known to be done."""
    return refusal(503, "This took too long. It may have been done: look before you send it again.")


@bp.errorhandler(DBAPIError)
def on_database(error: DBAPIError) -> Response:
    """503, or 507 where the disk is full: nothing was saved, try again."""
    return refusal(on_database_error(error).status_code, "The database does not answer. Nothing was saved.")
