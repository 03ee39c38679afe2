"""Where alerts come in: `/hooks/<source>/<number>`.

The server answers these addresses itself (`asgi/alerts_in.py`); here is what else lies below them, and the
same for whoever calls the application without that server.
"""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from majorops.alerts.receiver import LONGEST, Received, Reply, problem, receive
from majorops.web.access import by_bearer

PREFIX = "/hooks"

bp = Blueprint("hooks", __name__, url_prefix=PREFIX)


def answer(reply: Reply) -> Response:
    """JSON with the status and the headers of this reply."""
    found = current_app.response_class(
        json.dumps(dict(reply.body)), reply.status, content_type="application/json"
    )
    found.headers.update(reply.headers)
    return found


def allow_long_bodies() -> None:
    """Before a body is read: one of a source may be longer than any other request."""
    if request.path.startswith(f"{PREFIX}/"):
        request.max_content_length = LONGEST


@bp.post("/<kind>/<int:number>")
@bp.post("/<kind>/<int:number>/v2/enqueue")
@by_bearer
def take(kind: str, number: int) -> Response:
    """Keep what a source sends. 401, 400 or 413 where it is not taken; 503 while the database is away."""
    headers = {name.lower(): text for name, text in request.headers.items()}
    body = request.get_data(cache=False)
    [reply] = receive([Received(kind, number, headers, body, request.remote_addr or "")])
    return answer(reply)


def on_http_error(error: HTTPException) -> BaseResponse:
    """An error of HTTP as JSON, with its headers."""
    found = answer(problem(error.code or 500))
    for name, value in error.get_headers():
        if name == "Allow":
            found.headers[name] = value
    return found


@bp.errorhandler(Exception)
def on_crash(error: Exception) -> BaseResponse:
    """503 for what nobody expected: it is logged, and the source sends it again."""
    if isinstance(error, HTTPException):
        return on_http_error(error)
    current_app.logger.exception("alerts in", exc_info=error)
    return answer(problem(503))
