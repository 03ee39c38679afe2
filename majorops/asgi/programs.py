"""Programs that ask by a token: their stream of events, and the refusals that Flask never sees.

However many listen to a process, the database is read once for all of them.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import parse_qs

from flask import Flask
from sqlalchemy.exc import DBAPIError
from werkzeug.wrappers import Response

from majorops import clock
from majorops.api import feed
from majorops.api.blueprint import on_database
from majorops.api.feed import Item, Position
from majorops.api.problems import problem
from majorops.domain.access import Actor, Permission
from majorops.operations.tokens import alive_among
from majorops.realtime import ANY_INCIDENT, Live
from majorops.realtime.hub import Viewer
from majorops.realtime.streams import HEADERS
from majorops.web.bearer import Denied, admit

log = logging.getLogger(__name__)

EVENTS = "/api/v1/events"
PER_TOKEN, IN_ALL = 20, 1_000  # open streams in one process; the others are for screens
BEHIND = 5_000  # events that wait for a reader; one that is further behind asks again with its cursor
AGAIN = b"retry: 2000\n\n"  # milliseconds after which a reader comes back


class Listener(Viewer):
    """A program's open stream, with the entries that wait for it."""

    def __init__(self, token: int, actor: Actor, position: Position):
        super().__init__("events", -token, actor.name)  # below zero: no number of an account
        self.token, self.actor, self.position = token, actor, position
        self.waiting: list[Item] = []

    def said(self, items: list[Item]) -> bytes:
        """What the stream says of these entries: those that were not told, and that its token sees.

        The last one carries the new cursor, those before it the old one: who breaks off between gets the rest
        again.
        """
        before = self.position.settled
        fresh = self.position.take(items, clock.now())
        seen = [one for one in fresh if self.actor.sees(one.systems)]
        after = self.position.settled
        cursors = [*([before] * (len(seen) - 1)), after]
        events = b"".join(
            f"id: {cursor}\ndata: {one.text}\n\n".encode() for one, cursor in zip(seen, cursors, strict=False)
        )
        return events or (b": alive\n\n" if after == before else _cursor(after))


class Programs:
    """The ASGI side of the API."""

    def __init__(self, app: Flask, live: Live):
        self._app, self._live = app, live
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="events")
        self._listeners: set[Listener] = set()
        self._position = Position(0, feed.SETTLED)
        self._reading: asyncio.Task | None = None
        self._is_due = False
        live.add_listener(ANY_INCIDENT, self._wake)

    def stop(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    def wants_events(scope) -> bool:
        """The request asks for events as a stream; as one page Flask answers it."""
        accepted = dict(scope["headers"]).get(b"accept", b"")
        return scope["path"] == EVENTS and scope["method"] == "GET" and b"text/event-stream" in accepted

    async def refuse(self, send, status: int, detail: str) -> None:
        """Answer with a problem, with Retry-After."""
        with self._app.app_context():
            answer = problem(status, detail)
        answer.headers["Retry-After"] = "5"
        await self._send(send, answer)

    async def stream(self, scope, receive, send) -> None:
        """Serve the stream of events from the cursor on, until its reader leaves or its token ends.

        Refused with a problem: 401, 403, 422 (no cursor), 429 (too often, too many streams of a token), 503.
        """
        hub = self._live.hub
        if hub is None or hub.is_closing or len(self._listeners) >= IN_ALL:
            return await self.refuse(send, 503, "No stream can be opened at this moment.")
        opened = await self._in_thread(self._open, scope)
        if isinstance(opened, Response):
            return await self._send(send, opened)
        if hub.count(person=opened.person) >= PER_TOKEN:
            return await self.refuse(send, 429, f"This token has {PER_TOKEN} streams open.")
        hub.add(opened)
        self._listeners.add(opened)
        leaving = asyncio.ensure_future(self._until_gone(opened, receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            with suppress(DBAPIError):  # it comes back, and is told then that nothing can be read
                await self._pass_on(opened, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            leaving.cancel()
            self._listeners.discard(opened)
            hub.remove(opened)
        return None

    async def _pass_on(self, listener: Listener, send) -> None:
        position, items = listener.position, []
        await self._say(send, AGAIN + _cursor(position.settled))
        while not listener.is_over:  # what was recorded before it came
            items = await self._in_thread(feed.read, position.settled, position.told)
            await self._say(send, listener.said(items))
            if len(items) < feed.READ_MOST:
                break
        self._wake()  # for what was recorded between
        while not listener.is_over:
            await listener.events()
            items, listener.waiting = listener.waiting, []
            if not items:
                self._wake()  # a beat: is its token still worth something?
            await self._say(send, listener.said(items))

    @staticmethod
    async def _say(send, body: bytes) -> None:
        await send({"type": "http.response.body", "body": body, "more_body": True})

    @staticmethod
    async def _until_gone(listener: Listener, receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        listener.end()

    def _open(self, scope) -> Listener | Response:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("after", [""])[0]
        cursor = headers.get(b"last-event-id", asked)
        client = scope.get("client") or ("",)
        try:
            row, actor = admit(headers.get(b"authorization", ""), client[0])
            if refusal := actor.refusal(Permission.INCIDENT_READ):
                return problem(403, refusal)
            if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
                errors = [{"field": "after", "detail": "A cursor, as it came with an event."}]
                return problem(422, "This is no cursor.", errors=errors)
            number = row.id
            begins = feed.start(int(cursor) if cursor else None, feed.newest_number())
            return Listener(number, actor, Position(begins, feed.lag_here()))
        except Denied as denied:
            answer = problem(denied.status, denied.detail)
            answer.headers.update(denied.headers)
            return answer
        except DBAPIError as error:
            return on_database(error)

    # One reading for everybody who listens, on the loop.

    def _wake(self) -> None:
        if not self._listeners:
            return
        self._is_due = True
        if self._reading is None or self._reading.done():
            self._reading = asyncio.ensure_future(self._read_for_all())

    async def _read_for_all(self) -> None:
        while self._is_due and self._listeners:
            self._is_due = False
            least = min(one.position.settled for one in self._listeners)
            if self._position.settled < least:
                self._position = Position(least, next(iter(self._listeners)).position.lag)
            tokens = frozenset(one.token for one in self._listeners)
            try:
                items, alive = await self._in_thread(
                    self._look, self._position.settled, self._position.told, tokens
                )
            except DBAPIError:
                log.warning("events were not read; they are at the next beat")
                return
            fresh = self._position.take(items, clock.now())
            self._is_due = self._is_due or len(items) == feed.READ_MOST
            ended = tokens - alive  # not those that came while this was read
            for listener in list(self._listeners):
                self._hand_over(listener, fresh, ended)

    @staticmethod
    def _hand_over(listener: Listener, items: list[Item], ended: frozenset[int]) -> None:
        if listener.token in ended or len(listener.waiting) > BEHIND:
            listener.end()
        elif items:
            listener.waiting += items
            listener.beat()

    @staticmethod
    def _look(after: int, told: frozenset[int], tokens: frozenset[int]) -> tuple[list[Item], set[int]]:
        return feed.read(after, told), alive_among(tokens, Permission.INCIDENT_READ, clock.now())

    async def _in_thread(self, act, *given):
        def run():
            with self._app.app_context():
                return act(*given)

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    @staticmethod
    async def _send(send, answer: Response) -> None:
        body = answer.get_data()
        headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _cursor(number: int) -> bytes:
    """An id without an event: by it a reader that comes back misses nothing."""
    return f"id: {number}\n\n".encode()
