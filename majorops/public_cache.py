"""Public answers for a moment in memory, before Flask: in the worst hour a thousand readers cost one rendering a second.

Pure ASGI; knows addresses and headers, no rule of the product. The same page is the same for everybody: nothing that
carries a cookie or says that it is private is kept. When the application fails, the last good answer stands in for it.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from dataclasses import dataclass

FRESH = 1.0  # seconds an answer is given without asking again
STALE = 600.0  # seconds the last good answer may stand in for a failing application
MOST = 200  # answers kept
PUBLIC = re.compile(r"/|/incidents/\d{1,9}")
ENCODINGS = ("br", "gzip", "identity")


@dataclass
class Answer:
    """A finished answer and when it was made, in the loop's seconds."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    at: float

    @property
    def etag(self) -> bytes | None:
        return dict(self.headers).get(b"etag")

    @property
    def may_be_kept(self) -> bool:
        names = dict(self.headers)
        return (
            self.status == 200
            and b"set-cookie" not in names
            and b"public" in names.get(b"cache-control", b"")
        )


class PublicCache:
    """Wraps an ASGI application."""

    def __init__(self, app):
        self._app = app
        self._kept: OrderedDict[tuple, Answer] = OrderedDict()
        self._running: dict[tuple, asyncio.Task] = {}

    async def __call__(self, scope, receive, send) -> None:
        if (
            scope["method"] not in ("GET", "HEAD")
            or scope["query_string"]
            or not PUBLIC.fullmatch(scope["path"])
        ):
            return await self._app(scope, receive, send)
        asked = dict(scope["headers"])
        encoding = accepted(asked.get(b"accept-encoding", b"").decode("latin-1"))
        key = (asked.get(b"host", b""), scope["scheme"], scope["path"], encoding)
        await give(await self._answer(key, scope, encoding), asked, scope["method"], send)

    async def _answer(self, key: tuple, scope, encoding: str) -> Answer:
        loop = asyncio.get_running_loop()
        kept = self._kept.get(key)
        if kept and loop.time() - kept.at < FRESH:
            return kept
        if key not in self._running:  # one asks, the others wait for it; whoever leaves does not end it
            self._running[key] = loop.create_task(self._ask(key, scope, encoding))
            self._running[key].add_done_callback(lambda _: self._running.pop(key, None))
        stands_in = kept if kept and loop.time() - kept.at < STALE else None
        try:
            fresh = await asyncio.shield(self._running[key])
        except Exception:
            if stands_in is None:
                raise
            return stands_in
        return stands_in or fresh if fresh.status >= 500 else fresh

    async def _ask(self, key: tuple, scope, encoding: str) -> Answer:
        keep = (b"host", b"x-forwarded-proto", b"x-forwarded-for")
        headers = [(name, value) for name, value in scope["headers"] if name in keep]
        headers.append((b"accept-encoding", encoding.encode()))
        parts: list[dict] = []

        async def receive() -> dict:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict) -> None:
            parts.append(message)

        await self._app({**scope, "method": "GET", "headers": headers}, receive, send)
        body = b"".join(part.get("body", b"") for part in parts[1:])
        answer = Answer(
            parts[0]["status"], list(parts[0]["headers"]), body, asyncio.get_running_loop().time()
        )
        if answer.may_be_kept:
            self._kept[key] = answer
            self._kept.move_to_end(key)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        elif answer.status == 404:  # no longer public: no copy of it may stand in
            for gone in [other for other in self._kept if other[2] == key[2]]:
                del self._kept[gone]
        return answer


def accepted(header: str) -> str:
    """The best of our encodings that an Accept-Encoding header allows."""
    names = {
        part.split(";")[0].strip()
        for part in header.lower().split(",")
        if "q=0" not in part.replace("q=0.", "")
    }
    return next((name for name in ENCODINGS if name in names), "identity")


async def give(answer: Answer, asked: dict[bytes, bytes], method: str, send) -> None:
    """Send an answer, or say that the asking browser has it already."""
    known = [tag.strip().removeprefix(b"W/") for tag in asked.get(b"if-none-match", b"").split(b",")]
    is_known = answer.status == 200 and answer.etag is not None and answer.etag in known
    headers = [
        (name, value)
        for name, value in answer.headers
        if not is_known or name not in (b"content-length", b"content-type")
    ]
    await send(
        {"type": "http.response.start", "status": 304 if is_known else answer.status, "headers": headers}
    )
    await send({"type": "http.response.body", "body": b"" if is_known or method == "HEAD" else answer.body})
