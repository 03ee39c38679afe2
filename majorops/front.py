"""The server's front door (ASGI): event streams on the event loop, all else to Flask in threads. `uvicorn majorops.front:app`."""

from __future__ import annotations

import asyncio
import signal
import sys

from a2wsgi import WSGIMiddleware

from majorops import announce, create_app
from majorops.delivery import Worker
from majorops.first_run import console_line
from majorops.live import Live, Streams
from majorops.live.streams import refuse
from majorops.operations import after_commit
from majorops.public_cache import PublicCache
from majorops.web.streams import STREAM

THREADS = 16
PATIENCE = 60.0  # seconds until a request's body must be here

flask_app = create_app()
_live: Live = flask_app.extensions["live"]
_streams = Streams(_live, flask_app.extensions["tickets"])
_threads = WSGIMiddleware(flask_app, workers=THREADS)
_flask = PublicCache(_threads)
_worker = Worker(flask_app, told=announce.tell_ledger) if flask_app.config["WORKER"] else None


async def app(scope, receive, send) -> None:
    """ASGI: the life span of the server and event streams here, requests to Flask."""
    if scope["type"] == "lifespan":
        await _life(receive, send)
    elif scope["type"] == "http":
        if STREAM.fullmatch(scope["path"]):
            return await _streams(scope, receive, send)
        try:
            whole = await asyncio.wait_for(read_body(scope, receive), PATIENCE)
        except TimeoutError:
            return await refuse(send, 408)
        if whole is not None:
            await _flask(scope, whole, send)


async def read_body(scope, receive):
    """A `receive` that has the body already: whoever sends it slowly waits here and holds no thread. None for who left.
    A body without a length, or longer than is taken, goes on unread; Flask reads neither."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    if not length.isdigit() or int(length) > flask_app.config["MAX_CONTENT_LENGTH"]:
        return receive
    body, is_more = b"", True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        is_more = message.get("more_body", False)

    async def give() -> dict:
        return {"type": "http.request", "body": body, "more_body": False}

    return give


async def _life(receive, send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            _live.start()
            if _worker:
                after_commit(_worker.hear)
                _worker.start()
            _end_streams_at_shutdown()
            if line := console_line(flask_app):
                print(line, file=sys.stderr, flush=True)  # noqa: T201 (the console is where the code belongs)
            await send({"type": "lifespan.startup.complete"})
        else:
            if _worker:
                _worker.stop()
            _live.stop()
            _threads.executor.shutdown(wait=True)
            await send({"type": "lifespan.shutdown.complete"})
            return


def _end_streams_at_shutdown() -> None:
    """The server waits for open answers before it says goodbye to us, and a stream never ends by itself."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)

        def end(given, frame, before=before) -> None:
            loop.call_soon_threadsafe(_live.close)
            if callable(before):
                before(given, frame)

        signal.signal(number, end)
