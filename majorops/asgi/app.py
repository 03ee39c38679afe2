"""The server's ASGI application: public pages as finished bytes, event streams on the event loop, all else
to Flask in threads. `uvicorn majorops.asgi.app:app --http majorops.asgi.app:Protocol`."""

from __future__ import annotations

import asyncio
import gc
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

from majorops import create_app
from majorops.asgi.bridge import BufferedBridge, StreamingBridge, read_body
from majorops.asgi.limits import fit_open_files
from majorops.asgi.pools import Pool, StaffWork
from majorops.asgi.protocol import PublicPagesProtocol
from majorops.asgi.public_pages import Busy, PublicPages
from majorops.asgi.refusals import too_many
from majorops.asgi.turns import Turns
from majorops.asgi.visitors import Visitors
from majorops.notifications import Worker
from majorops.operations import after_commit
from majorops.public.first_run import console_line
from majorops.realtime import Live, Streams, invalidation
from majorops.realtime.streams import IN_ALL, refuse
from majorops.storage import Finding, examine_file, sqlite_file
from majorops.web.assets import asset_url
from majorops.web.health import HealthMonitor
from majorops.web.streams import STREAM

DRAFTING = 16  # threads of their own for what waits for a model: a slow one holds nobody else up
DRAFT = re.compile(r"/admin/incidents/\d+/drafts/[a-z]+")
# What tries passwords and codes, or asks the provider: slow on purpose, or as slow as somebody else.
SIGNING_IN = {("POST", "/login"), ("POST", "/setup"), ("GET", "/login/oidc"), ("GET", "/auth/callback")}
HEALTH = {"/healthz", "/readyz"}
PATIENCE = 60.0  # seconds until a request's body must be here

# Staff's threads wait so long for the event loop at most, each time that they come back from the
# database. With Python's 5 ms a save of thirty steps took seconds beside a crowd.
SWITCH = 0.0005  # seconds
sys.setswitchinterval(SWITCH)

flask_app = create_app()
_live: Live = flask_app.extensions["live"]
_streams = Streams(_live, flask_app.extensions["tickets"])
_staff_work = StaffWork()
_staff, _strangers = Pool("staff", 16, 2_000), Pool("strangers", 3, 64)
_signing_in, _health = Pool("signing-in", 4, 32), Pool("health", 1, 16)
_drafting = ThreadPoolExecutor(DRAFTING, thread_name_prefix="drafting")
_worker = Worker(flask_app, on_delivery=invalidation.publish_messages) if flask_app.config["WORKER"] else None
_watch: HealthMonitor = flask_app.extensions["health"]
_visitors = Visitors(flask_app)
_pages = PublicPages(
    flask_app.extensions["snapshots"],
    flask_app.extensions["public_origin"],
    flask_app.config["INTAKE_HOST"] or "",
    _staff_work,
)


class Protocol(PublicPagesProtocol):
    """uvicorn's HTTP for this application."""

    pages, turns, visitors = _pages, Turns(_staff_work), _visitors


async def app(scope, receive, send) -> None:
    """ASGI: the life span of the server, public pages and event streams here, other requests to Flask."""
    if scope["type"] == "lifespan":
        await _life(receive, send)
    elif scope["type"] == "http":
        if STREAM.fullmatch(scope["path"]):
            return await _streams(scope, receive, send)
        is_staff = _visitors.is_signed_in(scope["headers"])
        try:
            if scope["method"] in ("GET", "HEAD") and await _pages.answer(
                scope, send, is_stranger=not is_staff
            ):
                return None
        except Busy:
            return await too_many(scope, send, b"", asset_url("public.css"))
        try:
            async with asyncio.timeout(PATIENCE):
                body = await read_body(scope, receive, flask_app.config["MAX_CONTENT_LENGTH"])
        except TimeoutError:
            return await refuse(send, 408)
        if body is not None:
            await _to_flask(scope, receive, send, body, is_staff)


async def _to_flask(scope, receive, send, body: bytes, is_staff: bool) -> None:
    if is_staff and DRAFT.fullmatch(scope["path"]):
        return await StreamingBridge(flask_app, _drafting, body, _staff_work, True)(scope, receive, send)
    pool = _pool_for(scope["method"], scope["path"], is_staff)
    if not pool.enter():
        return await too_many(scope, send, body, asset_url("public.css"))
    try:
        goes_first = pool in (_staff, _health)
        bridge = BufferedBridge(flask_app, pool.executor, body, _staff_work, goes_first)
        await bridge(scope, receive, send)
    finally:
        pool.leave()


def _pool_for(method: str, path: str, is_staff: bool) -> Pool:
    if (method, path) in SIGNING_IN:
        return _signing_in
    if path in HEALTH:
        return _health
    return _staff if is_staff else _strangers


async def _life(receive, send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            found = (
                examine_file(path) if (path := sqlite_file(flask_app.config["DATABASE_URL"])) else Finding()
            )
            if found.refusal:
                return await send({"type": "lifespan.startup.failed", "message": found.refusal})
            _live.start()
            _live.add_listener(invalidation.PUBLIC, _pages.snapshots.invalidate)
            _pages.snapshots.start()
            _watch.worker = _worker
            if _worker:
                after_commit(flask_app, _worker.on_event)
                _worker.start()
            _watch.start()
            _end_streams_at_shutdown()
            for line in filter(None, (found.warning, console_line(flask_app), fit_open_files(IN_ALL))):
                print(line, file=sys.stderr, flush=True)  # noqa: T201 (the console is where the code belongs)
            # What stands by now stays for good. Looking through all of it for garbage took 150 ms of
            # some save every 2 s.
            gc.collect()
            gc.freeze()
            await send({"type": "lifespan.startup.complete"})
        else:
            if _worker:
                _worker.stop()
            _watch.stop()
            _pages.snapshots.stop()
            _live.stop()
            _drafting.shutdown(wait=False, cancel_futures=True)
            for pool in (_staff, _strangers, _signing_in, _health, _pages):
                pool.stop()
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
