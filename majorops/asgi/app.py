"""The server's ASGI application, put together from its parts.

`uvicorn majorops.asgi.app:app --http majorops.asgi.app:Protocol`.
"""

from __future__ import annotations

import sys

from majorops import create_app
from majorops.asgi.admission import AdmissionQueue
from majorops.asgi.lifespan import Lifespan
from majorops.asgi.pools import StaffRequests
from majorops.asgi.programs import Programs
from majorops.asgi.protocol import PublicPagesProtocol
from majorops.asgi.public_pages import PublicPages
from majorops.asgi.request_log import RequestLog
from majorops.asgi.routing import Router
from majorops.asgi.session_cookie import SessionCookie
from majorops.realtime import Streams

# Staff's threads wait so long for the event loop at most, each time that they come back from the
# database. With Python's 5 ms a save of thirty steps took seconds beside a crowd.
SWITCH = 0.0005  # seconds
sys.setswitchinterval(SWITCH)

flask_app = create_app()
_staff, _session_cookie = StaffRequests(), SessionCookie(flask_app)
_pages = PublicPages(
    flask_app.extensions["snapshots"],
    flask_app.extensions["public_origin"],
    flask_app.config["INTAKE_HOST"] or "",
    _staff,
)
_router = Router(
    flask_app,
    Streams(flask_app.extensions["live"], flask_app.extensions["tickets"]),
    _pages,
    _session_cookie,
    _staff,
    Programs(flask_app, flask_app.extensions["live"]),
)
_http = RequestLog(flask_app, _router) if flask_app.config["LOG_JSON"] else _router
_lifespan = Lifespan(flask_app, _staff, (_router, _pages))


class Protocol(PublicPagesProtocol):
    """uvicorn's HTTP for this application."""

    pages, admission, session_cookie = _pages, AdmissionQueue(_staff), _session_cookie
    logs_requests = flask_app.config["LOG_JSON"]


async def app(scope, receive, send) -> None:
    """ASGI: the life span of the server, and HTTP."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        await _http(scope, receive, send)
