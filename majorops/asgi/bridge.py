"""Requests handed to Flask (WSGI) in threads: the whole answer at once, or as it is made (drafts, files)."""

from __future__ import annotations

import asyncio
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from a2wsgi.asgi_typing import Send, SendEvent
from a2wsgi.wsgi import WSGIResponder
from a2wsgi.wsgi_typing import Environ

from majorops.asgi.pools import STAFF_FIRST, StaffRequests

AT_ONCE_BYTES = 65_536  # of a longer answer, so much at once
BODY_SECONDS = 60.0  # until a request's body must be here


class BufferedBridge(WSGIResponder):
    """A request to Flask that asks the loop for nothing.

    a2wsgi alone fetches the body and hands over head, body and end one by one, and waits each time for a loop
    that two hundred reloading readers keep busy. `patience`: seconds for which it waits for staff at most.
    """

    patience = STAFF_FIRST

    def __init__(self, app, executor: ThreadPoolExecutor, body: bytes, staff: StaffRequests, is_staff: bool):
        super().__init__(app, executor, send_queue_size=10)
        self._body, self._is_long = body, False
        self._kept: list[dict[str, Any]] = []
        self._staff, self._is_staff = staff, is_staff

    def wsgi(self, environ: Environ, start_response) -> None:
        """Have Flask answer, on a thread of the pool, with the body that is here already.

        What does not count as staff's waits first until staff are done, `patience` seconds at most.
        """
        environ["wsgi.input"] = io.BytesIO(self._body)
        if not self._is_staff:
            self._staff.wait_until_done(self.patience)
            return super().wsgi(environ, start_response)
        with self._staff:
            return super().wsgi(environ, start_response)

    def send(self, message: SendEvent | None) -> None:
        """Keep a message of Flask's answer until its end, then hand all of them to the loop at once.

        Without the Date that Werkzeug gives to whatever has an ETag: the server says one in every answer, and
        a browser's script reads two of them as none.
        A longer answer is handed over in parts, each as soon as it exceeds `AT_ONCE_BYTES`; its thread then
        waits for room in the queue.
        """
        one = cast(dict[str, Any], message)
        if one["type"] == "http.response.start":
            one["headers"] = [line for line in one["headers"] if line[0].lower() != b"date"]
        self._kept.append(one)
        is_end = one["type"] == "http.response.body" and not one.get("more_body")
        if is_end and not self._is_long:
            self.loop.call_soon_threadsafe(self.send_queue.put_nowait, self._kept)
        elif is_end or sum(len(one.get("body", b"")) for one in self._kept) > AT_ONCE_BYTES:
            kept, self._kept, self._is_long = self._kept, [], True
            super().send(cast(SendEvent, kept))  # here the queue carries lists

    async def sender(self, send) -> None:
        """Send what the queue brings, lists of messages, until the None that a2wsgi puts last."""

        async def each(messages: list[SendEvent]) -> None:
            for message in messages:
                await send(message)

        await super().sender(cast(Send, each))


class StreamingBridge(BufferedBridge):
    """The same for a draft or a long file: each part goes out as it is written.

    Who leaves, or presses Stop, is noticed.
    """

    def __init__(self, app, executor: ThreadPoolExecutor, body: bytes, staff: StaffRequests, is_staff: bool):
        super().__init__(app, executor, body, staff, is_staff)
        self._gone = threading.Event()

    async def __call__(self, scope, receive, send) -> None:
        """Answer, and watch meanwhile whether the client leaves."""
        watching = asyncio.create_task(self._watch(receive))
        try:
            await super().__call__(scope, receive, send)
        finally:
            watching.cancel()

    async def _watch(self, receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gone.set()

    def wsgi(self, environ: Environ, start_response) -> None:
        """Have Flask answer at once.

        `majorops.gone` in the environment is a threading.Event that is set when the client has left.
        """
        own = {"wsgi.input": io.BytesIO(self._body), "majorops.gone": self._gone}
        # A draft waits, mostly, and a file is long: nobody need give them room.
        WSGIResponder.wsgi(self, cast(Environ, {**environ, **own}), start_response)

    def send(self, message: SendEvent | None) -> None:
        """Hand one message of Flask's answer to the loop; its thread waits for room in the queue."""
        WSGIResponder.send(self, cast(SendEvent, [message]))


class BodyIsLateError(Exception):
    """A body is not here within `BODY_SECONDS`."""


async def read_body(scope, receive, most: int, *, takes_chunks: bool = False) -> bytes | None:
    """The whole body, so that whoever sends it slowly waits here and holds no thread.

    `most`: bytes. None for who left. Of a body without a length, or longer than `most`, nothing: Flask
    refuses by the length. `takes_chunks`: one without a length is read too, a little beyond `most` at most.
    Raises BodyIsLateError.
    """
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    is_open = takes_chunks and b"transfer-encoding" in headers
    if not is_open and (not length.isdigit() or int(length) > most):
        return b""
    body, is_more = b"", True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while is_more and len(body) <= most:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += message.get("body", b"")
                is_more = message.get("more_body", False)
    except TimeoutError:
        raise BodyIsLateError from None
    return body
