"""The server's front door (ASGI): Flask runs in threads behind it. `uvicorn majorops.front:app`."""

from __future__ import annotations

import sys

from a2wsgi import WSGIMiddleware

from majorops import create_app
from majorops.first_run import console_line

THREADS = 16

flask_app = create_app()
_threads = WSGIMiddleware(flask_app, workers=THREADS)


async def app(scope, receive, send) -> None:
    """ASGI: the life span of the server here, requests to Flask."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["type"] == "http":
        await _threads(scope, receive, send)


async def _live(receive, send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            if line := console_line(flask_app):
                print(line, file=sys.stderr, flush=True)  # noqa: T201 (the console is where the code belongs)
            await send({"type": "lifespan.startup.complete"})
        else:
            _threads.executor.shutdown(wait=True)
            await send({"type": "lifespan.shutdown.complete"})
            return
