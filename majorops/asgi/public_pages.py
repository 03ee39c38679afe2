"""Public pages as finished bytes, found by what a request asks for.

What has to be drawn first is drawn on one thread.
"""

from __future__ import annotations

import asyncio
import re

from majorops.asgi.pools import Pool, StaffRequests
from majorops.domain.public_names import GIVEN
from majorops.publishing.snapshots import TEXT, Key, Snapshot, Snapshots, accepted

# Headers of requests that no snapshot answers: a body comes with them.
WITH_BODY = {b"content-length", b"transfer-encoding", b"expect"}
TERMINALS = (b"curl/", b"Wget/")
HAS_TEXT = re.compile(rb"(/[a-z]{2})?(/|/incidents/\d{1,9})")
PAGED = re.compile(rb"(/[a-z]{2})?/incidents/\d{1,9}")
BEFORE = re.compile(rf"(?:^|&)before=({GIVEN}|0*\d{{1,9}})(?:&|$)".encode())
WAITING = 64  # drawings that may wait for their turn


class Busy(Exception):
    """Too many pages wait to be drawn."""


class PublicPages:
    """Answers public pages from `snapshots`.

    `origin`: where people reach the pages by the settings, or empty; `intake_host`: the host that has none of
    them.
    """

    def __init__(self, snapshots: Snapshots, origin: str, intake_host: str, staff: StaffRequests):
        self.snapshots, self._staff = snapshots, staff
        self._origin, self._intake_host = origin, intake_host.encode()
        self._pool = Pool("drawing", 1, WAITING)
        self._drawings: dict[object, asyncio.Task] = {}

    def key_of(
        self, path: bytes, query: bytes, headers: list[tuple[bytes, bytes]], scheme: str
    ) -> Key | None:
        """The snapshot that a GET asks for; None for what Flask answers: what has a body, the intake host,
        a search.

        Anything behind the `?` but an older page of a timeline (campaigns, trackers, nonsense) changes
        nothing.
        """
        host, asked, is_terminal = b"localhost", b"*/*", False
        for name, value in headers:
            if name == b"host":
                host = value
            elif name == b"accept":
                asked = value
            elif name == b"user-agent":
                is_terminal = value.startswith(TERMINALS)
            elif name in WITH_BODY:
                return None
        if self._intake_host and host.partition(b":")[0].lower() == self._intake_host:
            return None
        origin = self._origin or f"{scheme}://{host.decode('latin-1')}"
        page = path.decode("latin-1")
        if path.endswith(b"/history") and b"q=" in query:
            return None
        if (is_terminal and asked == b"*/*") or asked.startswith(b"text/plain"):
            return (origin, page, TEXT) if HAS_TEXT.fullmatch(path) else (origin, page)
        if query and b"before=" in query and PAGED.fullmatch(path) and (found := BEFORE.search(query)):
            return (origin, f"{page}?before={found[1].lstrip(b'0').decode() or '0'}")
        return (origin, page)

    def find(self, key: Key) -> Snapshot | None:
        """The finished page of a `key_of`; None for what has to be drawn first. Draws nothing itself."""
        return self.snapshots.find(key)

    async def answer(self, scope, send, *, is_anonymous: bool) -> bool:
        """Answer with a snapshot, drawn first if need be.

        False for what is none: Flask answers, errors too. Raises Busy.
        """
        key = self.key_of(scope["path"].encode(), scope["query_string"], scope["headers"], scope["scheme"])
        if key is None:
            return False
        found = self.snapshots.find(key)
        if found is None:
            if not self.snapshots.is_public(scope["path"]):
                is_nowhere = is_anonymous and not self.snapshots.has_route(scope["path"])
                return is_nowhere and await self._send_not_found(key, scope, send)
            found = await self._drawn_or_first_page(key)
            if found is None:
                is_404 = is_anonymous and self.snapshots.nothing(key) == 404
                return is_404 and await self._send_not_found(key, scope, send)
        await self._send(found, scope, send)
        return True

    async def _drawn_or_first_page(self, key: Key) -> Snapshot | None:
        found = None
        if self.snapshots.nothing(key) is None:
            found = await self._drawn(key)
        if found is None and "?" in key[1]:
            first = (key[0], key[1].partition("?")[0])
            found = self.snapshots.find(first) or await self._drawn(first)
        return found

    async def _drawn(self, key: Key) -> Snapshot | None:
        """None for what is no snapshot, or cannot be drawn: Flask will say what is wrong."""
        try:
            return await self._once(key, self._draw, key)
        except Busy:
            raise
        except Exception:
            return None

    def _draw(self, key: Key) -> Snapshot | None:
        self._staff.wait_until_done()
        return self.snapshots.draw(key)

    async def _once(self, name: object, work, *args):
        """One asks, the others wait for it; whoever leaves does not end it."""
        if name not in self._drawings:
            if not self._pool.enter():
                raise Busy
            task = asyncio.ensure_future(
                asyncio.get_running_loop().run_in_executor(self._pool.executor, work, *args)
            )
            self._drawings[name] = task
            task.add_done_callback(lambda _: self._end(name))
        return await asyncio.shield(self._drawings[name])

    def _end(self, name: object) -> None:
        self._drawings.pop(name, None)
        self._pool.leave()

    async def _send_not_found(self, key: Key, scope, send) -> bool:
        """The page for an address where there is nothing."""
        if any(name == b"hx-request" for name, _ in scope["headers"]):
            return False
        try:
            found = await self._once(("missing", *key), self.snapshots.draw_missing, key)
        except Busy:
            raise
        except Exception:
            return False
        await self._send(found, scope, send, status=404)
        return True

    async def _send(self, found: Snapshot, scope, send, status: int = 200) -> None:
        asked = dict(scope["headers"])
        encoding = accepted(asked.get(b"accept-encoding", b"").decode("latin-1"))
        is_known = status == 200 and found.is_known(asked.get(b"if-none-match", b"").decode("latin-1"))
        headers = found.headers_for(encoding)
        if is_known:
            headers = [line for line in headers if line[0] not in (b"content-length", b"content-type")]
        if status != 200:
            headers = [line for line in headers if line[0] != b"etag"]
        body = b"" if is_known or scope["method"] == "HEAD" else found.bodies[encoding]
        await send({"type": "http.response.start", "status": 304 if is_known else status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def stop(self) -> None:
        """End the thread that draws: what it has begun is finished, what waits is forgotten."""
        self._pool.stop()
