"""One line for each request: its route and not its address, as words and secrets may stand in that."""

from __future__ import annotations

import logging
import time
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from majorops.logs import HEADER, fields, request_id

log = logging.getLogger("majorops.request")

NAME = HEADER.lower().encode()


class RequestLog:
    """An ASGI application around another one that logs what that answered. `flask_app`: knows the routes."""

    def __init__(self, flask_app: Flask, inner):
        self._routes, self._inner = flask_app.url_map.bind(""), inner

    async def __call__(self, scope, receive, send) -> None:
        """Answer, and log when the answer is over, however it ended; status 0 where there was none."""
        began = time.monotonic()
        lines = {name.lower(): value for name, value in scope["headers"]}
        given = request_id(lines.get(NAME, b"").decode("latin-1"))
        others = [line for line in scope["headers"] if line[0].lower() != NAME]
        said: dict[str, Any] = {"status": 0, "bytes": 0, "request_id": given}

        async def noting(message) -> None:
            if message["type"] == "http.response.start":
                said["status"] = message["status"]
            said["bytes"] += len(message.get("body", b""))
            await send(message)

        scope = {**scope, "headers": [*others, (NAME, given.encode())]}
        try:
            await self._inner(scope, receive, noting)
        finally:
            took = round((time.monotonic() - began) * 1000, 1)
            route = self._route(scope["path"], scope["method"])
            log.info("request", extra=fields(**said, method=scope["method"], **route, milliseconds=took))

    def _route(self, path: str, method: str) -> dict[str, object]:
        """The route, and the number of the incident or other thing in it; empty where no route answers."""
        try:
            rule, values = self._routes.match(path, method, return_rule=True)
        except (HTTPException, RequestRedirect):
            return {"route": ""}
        numbers = {name: value for name, value in values.items() if isinstance(value, int)}
        return {"route": rule.rule, **numbers}
