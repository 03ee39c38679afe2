"""Each request has an id, a proxy's or a new one: in logs, the messages that it queues, staff's answers."""

from __future__ import annotations

from flask import Flask, current_app, request
from werkzeug.wrappers import Response

from majorops.logs import HEADER, REQUEST_ID, request_id

BEFORE = "majorops.request_id_before"


def init_app(app: Flask) -> None:
    """Give every request its id before anything else looks at it."""
    app.before_request(_begin)
    app.after_request(_answer)
    app.teardown_request(_end)


def _begin() -> None:
    request.environ[BEFORE] = REQUEST_ID.get()  # a public page is drawn by a request within another one
    REQUEST_ID.set(request_id(request.headers.get(HEADER, "")))


def _answer(answer: Response) -> Response:
    """What strangers get is the same for all of them, and says nothing of one request."""
    view = current_app.view_functions.get(request.endpoint or "")
    is_ours = getattr(view, "access", "public") != "public" or getattr(view, "is_by_bearer", False)
    if is_ours and (found := REQUEST_ID.get()):
        answer.headers[HEADER] = found
    return answer


def _end(error: BaseException | None) -> None:
    REQUEST_ID.set(request.environ.get(BEFORE, ""))  # the thread goes on to another one
