"""Alerts as they come in, without Flask: all that wait are judged and kept in one transaction, by one thread.

A storm costs one commit for many requests that way; each is answered only when that commit is on the disk.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from majorops.alerts.hooks import PREFIX
from majorops.alerts.receiver import AGAIN, LONGEST, Received, Reply, is_suspect, problem, receive
from majorops.asgi.bridge import read_body
from majorops.asgi.pools import StaffRequests

log = logging.getLogger(__name__)

ADDRESS = re.compile(rf"{PREFIX}/([a-z-]+)/(\d{{1,18}})(?:/v2/enqueue)?")
AT_ONCE, AT_ONCE_BYTES = 200, 4 * LONGEST  # of one transaction
WAITING, WAITING_SUSPECT = 2_000, 50  # requests; of those from addresses that sent too much without a secret
STAFF_FIRST = 0.01  # seconds for which alerts wait for people to be done, while more of them gather
BUSY = "Too many alerts wait at this moment. Send it again."


class AlertsIn:
    """The ASGI side of the receiver. All of it but `_keep` belongs to the event loop's thread."""

    def __init__(self, app: Flask, staff: StaffRequests):
        self._app, self._staff = app, staff
        self._status_host = (app.config["STATUS_HOST"] or "").encode()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="alerts in")
        self._waiting = deque[tuple[Received, asyncio.Future[Reply]]]()
        self._keeping: asyncio.Task | None = None
        self._inside = self._suspect = 0

    def stop(self) -> None:
        """Finish what has begun; what waits is sent again by its source."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def takes(self, scope) -> bool:
        """Whether a source sends to an address of ours; on the status page's own host there is none."""
        if scope["method"] != "POST" or not ADDRESS.fullmatch(scope["path"]):
            return False
        host = dict(scope["headers"]).get(b"host", b"").partition(b":")[0].lower()
        return not self._status_host or host != self._status_host

    async def answer(self, scope, receive, send) -> None:
        """Answer one request; nothing for who left before the body was here. Raises BodyIsLateError.

        503 where too many wait; 429, unread, where many of one that is suspect do; 413 for a long body.
        """
        address = (scope.get("client") or ("",))[0]
        with self._app.app_context():
            suspect = is_suspect(address)
        if self._inside >= WAITING:
            return await self._send(send, problem(503, BUSY, AGAIN))
        if suspect and self._suspect >= WAITING_SUSPECT:
            return await self._send(send, problem(429, wait=AGAIN))
        self._inside += 1
        self._suspect += suspect
        try:
            body = await read_body(scope, receive, LONGEST, takes_chunks=True)
            if body is not None:
                await self._send(send, await self._reply(scope, address, body))
        finally:
            self._inside -= 1
            self._suspect -= suspect
        return None

    async def _reply(self, scope, address: str, body: bytes) -> Reply:
        headers = {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in scope["headers"]}
        length = headers.get("content-length", "0")
        if len(body) > LONGEST or not length.isdigit() or int(length) > LONGEST:
            return problem(413)
        found = ADDRESS.fullmatch(scope["path"])
        kind, number = found.groups() if found else ("", "0")
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((Received(kind, int(number), headers, body, address), future))
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.ensure_future(self._keep_all())
        return await future

    async def _keep_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            for future, reply in await loop.run_in_executor(self._thread, self._keep):
                if not future.done():  # who sent it may have gone
                    future.set_result(reply)

    def _keep(self) -> list[tuple[asyncio.Future[Reply], Reply]]:
        """On the thread: take what waits by now, as much as one transaction has, and have it kept."""
        self._staff.wait_until_done(STAFF_FIRST)
        batch: list[tuple[Received, asyncio.Future[Reply]]] = []
        size = 0
        while self._waiting and len(batch) < AT_ONCE and size < AT_ONCE_BYTES:
            batch.append(self._waiting.popleft())
            size += len(batch[-1][0].body)
        try:
            with self._app.app_context():
                replies = receive([request for request, _ in batch])
        except Exception:  # nobody who waits must wait for ever
            log.exception("alerts in")
            replies = [problem(503, wait=AGAIN)] * len(batch)
        return [(future, reply) for (_, future), reply in zip(batch, replies, strict=True)]

    @staticmethod
    async def _send(send, reply: Reply) -> None:
        body = json.dumps(dict(reply.body)).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        headers += [(name.lower().encode(), text.encode()) for name, text in reply.headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
