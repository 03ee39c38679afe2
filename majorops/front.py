"""The server's front door (ASGI): public pages as finished bytes, event streams on the event loop, all else to Flask in
threads. `uvicorn majorops.front:app --http majorops.front:Protocol`."""

from __future__ import annotations

import asyncio
import io
import re
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from a2wsgi.wsgi import WSGIMiddleware, WSGIResponder
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from majorops import announce, create_app
from majorops.delivery import Worker
from majorops.first_run import console_line
from majorops.live import Live, Streams
from majorops.live.streams import refuse
from majorops.operations import after_commit
from majorops.snapshots import Key, Snapshot, Snapshots, accepted
from majorops.web.streams import STREAM

THREADS = 16
DRAFTING = 16  # threads of their own for what waits for a model: a slow one holds nobody else up
DRAFT = re.compile(r"/admin/incidents/\d+/drafts/[a-z]+")
# Headers, and what they begin with, of requests that no snapshot answers: plain text is wanted, or a body comes with it.
SPECIAL = {
    b"user-agent": (b"curl/", b"Wget/"),
    b"accept": (b"text/plain",),
    b"content-length": (),
    b"transfer-encoding": (),
    b"expect": (),
}
READERS_IN_A_ROW = 8  # so many public pages are given out while Flask works, then it has room
ROOM = 0.0001  # seconds
HANDED_BYTES = 65_536  # of a longer answer, so much at once
PATIENCE = 60.0  # seconds until a request's body must be here

flask_app = create_app()
_live: Live = flask_app.extensions["live"]
_streams = Streams(_live, flask_app.extensions["tickets"])
_flask = WSGIMiddleware(flask_app, workers=THREADS)
_drafting = ThreadPoolExecutor(DRAFTING, thread_name_prefix="drafting")
_worker = Worker(flask_app, told=announce.tell_ledger) if flask_app.config["WORKER"] else None
_snapshots: Snapshots = flask_app.extensions["snapshots"]
_origin: str = flask_app.extensions["public_origin"]
_intake_host = (flask_app.config["INTAKE_HOST"] or "").encode()
_drawings: dict[Key, asyncio.Task] = {}


def key_of(path: bytes, query: bytes, headers: list[tuple[bytes, bytes]], scheme: str) -> Key | None:
    """The snapshot that a GET asks for; None for what Flask answers: another page of a timeline, plain text for curl, the
    intake host. Anything else behind the `?` (campaigns, trackers) changes nothing."""
    if query and b"before=" in query:
        return None
    host = b"localhost"
    for name, value in headers:
        if name == b"host":
            host = value
        elif name in SPECIAL and (not SPECIAL[name] or value.startswith(SPECIAL[name])):
            return None
    if _intake_host and host.partition(b":")[0].lower() == _intake_host:
        return None
    return (_origin or f"{scheme}://{host.decode('latin-1')}", path.decode("latin-1"))


class Handed(WSGIResponder):
    """A request to Flask that asks the loop for nothing: a2wsgi alone fetches the body and hands over head, body and end
    one by one, and waits each time for a loop that two hundred reloading readers keep busy."""

    at_work: set[Handed] = set()

    def __init__(self, body: bytes):
        super().__init__(flask_app, _flask.executor, send_queue_size=10)
        self._body, self._kept, self._is_long = body, [], False

    def wsgi(self, environ: dict, start_response) -> None:
        self.at_work.add(self)
        try:
            super().wsgi(environ | {"wsgi.input": io.BytesIO(self._body)}, start_response)
        finally:
            self.at_work.discard(self)

    def send(self, message: dict) -> None:
        self._kept.append(message)
        is_end = message["type"] == "http.response.body" and not message.get("more_body")
        if is_end and not self._is_long:
            self.loop.call_soon_threadsafe(self.send_queue.put_nowait, self._kept)
        elif is_end or sum(len(one.get("body", b"")) for one in self._kept) > HANDED_BYTES:
            kept, self._kept, self._is_long = self._kept, [], True
            super().send(kept)

    async def sender(self, send) -> None:
        async def each(messages: list[dict]) -> None:
            for message in messages:
                await send(message)

        await super().sender(each)


class Drafting(Handed):
    """The same for a draft: each line goes out as it is written, and who leaves, or presses Stop, is noticed."""

    def __init__(self, body: bytes):
        super().__init__(body)
        self.executor, self._gone = _drafting, threading.Event()

    async def __call__(self, scope, receive, send) -> None:
        watching = asyncio.create_task(self._watch(receive))
        try:
            await super().__call__(scope, receive, send)
        finally:
            watching.cancel()

    async def _watch(self, receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gone.set()

    def wsgi(self, environ: dict, start_response) -> None:
        own = {"wsgi.input": io.BytesIO(self._body), "majorops.gone": self._gone}
        WSGIResponder.wsgi(
            self, environ | own, start_response
        )  # it waits, mostly: readers need not give it room

    def send(self, message: dict) -> None:
        WSGIResponder.send(self, [message])


class _Answered:
    """Stands for the request that a finished answer was written to."""

    response_complete, disconnected = True, False
    message_event = asyncio.Event()


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP, with a short way for public pages: written at once, without a task and a scope for each."""

    def on_headers_complete(self) -> None:
        if not self._has_answered():
            super().on_headers_complete()

    def _has_answered(self) -> bool:
        method, is_free = self.parser.get_method(), self.cycle is None or self.cycle.response_complete
        if method not in (b"GET", b"HEAD") or not is_free or self.access_log or self.flow.write_paused:
            return False
        if self.parser.get_http_version() != "1.1" or self.parser.should_upgrade():
            return False
        path, _, query = self.url.partition(b"?")
        key = key_of(path, query, self.headers, self.scheme)
        found = _snapshots.find(key) if key else None
        if found is None:
            return False
        self._write(found, method)
        if Handed.at_work and self.server_state.total_requests % READERS_IN_A_ROW == 0:
            time.sleep(ROOM)  # the loop lets go of Python's lock, or a save would take turns with each reader
        return True

    def _write(self, found: Snapshot, method: bytes) -> None:
        encoding, is_known = "identity", False
        for name, value in self.headers:
            if name == b"accept-encoding":
                encoding = accepted(value.decode("latin-1"))
            elif name == b"if-none-match":
                is_known = found.is_known(value.decode("latin-1"))
        parts = [(found.unchanged if is_known else found.heads)[encoding]]
        parts += [
            part
            for name, value in self.server_state.default_headers
            for part in (name, b": ", value, b"\r\n")
        ]
        stays = self.parser.should_keep_alive()
        parts.append(b"\r\n" if stays else b"connection: close\r\n\r\n")
        if method == b"GET" and not is_known:
            parts.append(found.bodies[encoding])
        self.cycle = _Answered
        self.transport.write(b"".join(parts))
        self.server_state.total_requests += 1
        if stays:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        else:
            self.transport.close()


async def app(scope, receive, send) -> None:
    """ASGI: the life span of the server, public pages and event streams here, other requests to Flask."""
    if scope["type"] == "lifespan":
        await _life(receive, send)
    elif scope["type"] == "http":
        if STREAM.fullmatch(scope["path"]):
            return await _streams(scope, receive, send)
        if scope["method"] in ("GET", "HEAD") and await _public(scope, send):
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                body = await read_body(scope, receive)
        except TimeoutError:
            return await refuse(send, 408)
        if body is not None:
            handed = Drafting if DRAFT.fullmatch(scope["path"]) else Handed
            await handed(body)(scope, receive, send)


async def _public(scope, send) -> bool:
    """Answer with a snapshot, drawn first if need be. False for what is none: Flask answers, errors too."""
    key = key_of(scope["path"].encode(), scope["query_string"], scope["headers"], scope["scheme"])
    found = _snapshots.find(key) if key else None
    if found is None:
        if key is None or not _snapshots.is_public(scope["path"]):
            return False
        try:
            found = await _drawn(key)
        except Exception:
            return False  # Flask will say what is wrong
        if found is None:
            return False
    asked = dict(scope["headers"])
    encoding = accepted(asked.get(b"accept-encoding", b"").decode("latin-1"))
    is_known = found.is_known(asked.get(b"if-none-match", b"").decode("latin-1"))
    headers = found.headers_for(encoding)
    if is_known:
        headers = [line for line in headers if line[0] not in (b"content-length", b"content-type")]
    body = b"" if is_known or scope["method"] == "HEAD" else found.bodies[encoding]
    await send({"type": "http.response.start", "status": 304 if is_known else 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return True


async def _drawn(key: Key) -> Snapshot | None:
    """One asks, the others wait for it; whoever leaves does not end it."""
    if key not in _drawings:
        loop = asyncio.get_running_loop()
        _drawings[key] = loop.create_task(asyncio.to_thread(_snapshots.draw, key))
        _drawings[key].add_done_callback(lambda _: _drawings.pop(key, None))
    return await asyncio.shield(_drawings[key])


async def read_body(scope, receive) -> bytes | None:
    """The whole body, so that whoever sends it slowly waits here and holds no thread. None for who left. Of a body without
    a length, or longer than is taken, nothing: Flask refuses by the length."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    if not length.isdigit() or int(length) > flask_app.config["MAX_CONTENT_LENGTH"]:
        return b""
    body, is_more = b"", True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
    return body


async def _life(receive, send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            _live.start()
            _live.listen(announce.PUBLIC, _snapshots.told)
            _snapshots.start()
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
            _snapshots.stop()
            _live.stop()
            _drafting.shutdown(wait=False, cancel_futures=True)
            _flask.executor.shutdown(wait=True)
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
