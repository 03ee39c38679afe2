"""What starts and ends with the server: relays, drawing of public pages, the worker, health, threads."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from functools import partial
from typing import Protocol

from flask import Flask

from config import unknown_in_words
from majorops.asgi.limits import fit_open_files
from majorops.asgi.pools import StaffRequests
from majorops.notifications import Worker
from majorops.operations import after_commit
from majorops.public.first_run import console_line
from majorops.publishing.snapshots import Snapshots
from majorops.realtime import Live, invalidation
from majorops.realtime.streams import IN_ALL
from majorops.storage import Finding, examine_file, sqlite_file
from majorops.web.health import HealthMonitor

GIVE_WAY = 0.05  # seconds for which alerts that came in wait for people to be done, before each step


class Stoppable(Protocol):
    """What has threads that end with the server."""

    def stop(self) -> None:
        """End the threads; may wait for what they have begun."""


class Lifespan:
    """ASGI's life span of the server. `last`: what is stopped at the very end."""

    def __init__(self, flask_app: Flask, staff: StaffRequests, last: tuple[Stoppable, ...]):
        self._app, self._last = flask_app, last
        self._live: Live = flask_app.extensions["live"]
        self._snapshots: Snapshots = flask_app.extensions["snapshots"]
        self._health: HealthMonitor = flask_app.extensions["health"]
        has_worker = flask_app.config["WORKER"]
        give_way = partial(staff.wait_until_done, GIVE_WAY)
        worker = Worker(flask_app, invalidation.publish_messages, give_way=give_way)
        self._worker = worker if has_worker else None

    async def __call__(self, receive, send) -> None:
        """Start the parts when the server starts, and stop them when it ends.

        The start fails, with the sentence of `examine_file`, on an SQLite file that must not be served.
        """
        await receive()  # lifespan.startup
        path = sqlite_file(self._app.config["DATABASE_URL"])
        found = examine_file(path) if path else Finding()
        if found.refusal:
            return await send({"type": "lifespan.startup.failed", "message": found.refusal})
        self._start(found)
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
        self._stop()
        return await send({"type": "lifespan.shutdown.complete"})

    def _start(self, found: Finding) -> None:
        self._live.start()
        self._live.add_listener(invalidation.PUBLIC, self._snapshots.invalidate)
        self._live.add_listener(invalidation.GONE, self._snapshots.forget)
        self._snapshots.start()
        self._health.worker = self._worker
        if self._worker:
            after_commit(self._app, self._worker.on_event)
            self._worker.start()
        self._health.start()
        self._end_streams_at_shutdown()
        said = [found.warning, *unknown_in_words(self._app.extensions["unknown_settings"])]
        for line in filter(None, (*said, console_line(self._app), fit_open_files(IN_ALL))):
            print(line, file=sys.stderr, flush=True)  # noqa: T201 (the console is where the code belongs)
        # What stands by now stays for good. Looking through all of it for garbage took 150 ms of
        # some save every 2 s.
        gc.collect()
        gc.freeze()

    def _stop(self) -> None:
        if self._worker:
            self._worker.stop()
        parts: tuple[Stoppable, ...] = (self._health, self._snapshots, self._live, *self._last)
        for part in parts:
            part.stop()

    def _end_streams_at_shutdown(self) -> None:
        """End the streams on SIGTERM and SIGINT.

        The server waits for open answers before it ends the life span, and a stream never ends by itself.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)

            def end(given, frame, before=before) -> None:
                loop.call_soon_threadsafe(self._live.close)
                if callable(before):
                    before(given, frame)

            signal.signal(number, end)
