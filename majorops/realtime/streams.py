"""Event streams over ASGI.

Checks the ticket, then passes on what the hub says until the reader leaves or time is up.
"""

from __future__ import annotations

import asyncio
import json
import random
from functools import lru_cache
from urllib.parse import parse_qs

from majorops.realtime.hub import Change, Viewer
from majorops.realtime.live import Live
from majorops.realtime.tickets import Tickets

PER_PERSON = 20  # open streams of one person in one process; more of them ask instead
IN_ALL = 5_000
LIFE = 15 * 60.0  # seconds of one stream: rights are checked again with the next ticket
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


class Streams:
    """The ASGI application of `…/stream?ticket=…`."""

    def __init__(self, live: Live, tickets: Tickets):
        self._live, self._tickets = live, tickets

    async def __call__(self, scope, receive, send) -> None:
        """Serve one stream until its reader leaves, its session ends, or LIFE is over, a fifth more or less.

        Refused with 405 (no GET), 403 (no valid ticket, or its session has ended), 503 (no streams here, or
        too many) and 429 (too many of this person).
        """
        query = parse_qs(scope["query_string"][:3_000].decode("latin-1"))
        ticket = self._tickets.read(query.get("ticket", [""])[0])
        if scope["method"] != "GET":
            return await refuse(send, 405)
        if ticket is None or self._live.sessions.is_over(ticket.session):
            return await refuse(send, 403)
        hub = self._live.hub
        if hub is None or hub.is_closing or hub.count() >= IN_ALL:
            return await refuse(send, 503)
        if hub.count(person=ticket.person) >= PER_PERSON:
            return await refuse(send, 429)
        await self._serve(Viewer(ticket.topic, ticket.person, ticket.name, ticket.session), receive, send)

    async def _serve(self, viewer: Viewer, receive, send) -> None:
        self._live.join(viewer)
        gone = asyncio.ensure_future(self._until_gone(viewer, receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await self._pass_on(viewer, send)
            await send({"type": "http.response.body", "body": event("bye", ""), "more_body": False})
        finally:
            self._live.leave(viewer)
            gone.cancel()

    @staticmethod
    async def _until_gone(viewer: Viewer, receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        viewer.end()

    @staticmethod
    async def _pass_on(viewer: Viewer, send) -> None:
        loop = asyncio.get_running_loop()
        # Not all at once: a thousand streams that began together would all come back together.
        end = loop.time() + LIFE * random.uniform(0.8, 1.2)  # noqa: S311 (no secret)
        await send({"type": "http.response.body", "body": event("beat", ""), "more_body": True})
        while not viewer.is_over and loop.time() < end:
            events = await viewer.events()
            body = b"".join(event(name, data) for name, data in events) or event("beat", "")
            await send({"type": "http.response.body", "body": body, "more_body": True})


@lru_cache(256)  # a thousand streams say the same
def event(name: str, data: str | Change) -> bytes:
    """One event as a stream carries it. `data`: a text, or what the hub says of a change."""
    # `regions`: for pages of the version before, still open; it goes with the next version.
    given = data if isinstance(data, str) else data._asdict() | {"regions": ["*"]}
    text = given if isinstance(given, str) else json.dumps(given, separators=(",", ":"))
    return f"event: {name}\ndata: {text}\n\n".encode()


async def refuse(send, status: int) -> None:
    """Answer with this status and nothing else."""
    headers = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
