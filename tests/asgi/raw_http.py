"""A server with our protocol and a small application, and connections that say exactly what a test says."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager, suppress

import uvicorn

from majorops.asgi.admission import AdmissionQueue
from majorops.asgi.limits import IdleConnections
from majorops.asgi.pools import StaffRequests
from majorops.asgi.protocol import PublicPagesProtocol
from majorops.publishing.snapshots import Snapshot
from tests.server import free_port
from tests.waiting import wait_for

PAGE = Snapshot.of("name", (("Content-Type", "text/plain"),), b"a finished page", 0.0)


class Pages:
    """Everything at /page is finished."""

    @staticmethod
    def key_of(path, query, headers, scheme):
        return path

    @staticmethod
    def find(key):
        return PAGE if key == b"/page" else None


class Maya:
    """Somebody signed in, told by this cookie."""

    @staticmethod
    def is_signed_in(headers):
        return (b"cookie", b" majorops=maya") in headers


async def application(scope, receive, send):
    """`/slow` answers after the keep-alive time, everything else at once."""
    if scope["path"] == "/slow":
        await asyncio.sleep(1.5)
    body = scope["path"].encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def serving(app=application, **own):
    """The port of a server with this protocol, changed by `own`."""
    base = {
        "pages": Pages,
        "admission": AdmissionQueue(StaffRequests()),
        "session_cookie": Maya,
        "idle": IdleConnections(""),
        # pytest gives uvicorn's access log handlers, and then there is no fast path
        "access_log": property(lambda self: False, lambda self, value: None),
        **own,
    }
    protocol = type("Protocol", (PublicPagesProtocol,), base)
    given = {"http": protocol, "port": free_port(), "lifespan": "off", "log_level": "critical"}
    server = uvicorn.Server(uvicorn.Config(app, timeout_keep_alive=1, access_log=False, **given))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started or not thread.is_alive(), "the server")
    assert thread.is_alive()
    try:
        yield given["port"]
    finally:
        server.should_exit = True
        thread.join(20)


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def ask(path: str, more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode()


def read_all(line: socket.socket) -> bytes:
    got = bytearray()
    with suppress(ConnectionResetError):
        for part in iter(lambda: line.recv(65_536), b""):
            got += part
    return bytes(got)


def statuses(got: bytes) -> list[int]:
    """Of all answers, in their order."""
    return [int(part[:3]) for part in got.split(b"HTTP/1.1 ")[1:]]


class Other:
    """A connection beside: its answer says that the loop has read what others sent before."""

    def __init__(self, port: int):
        self._line = connect(port)

    def __enter__(self) -> Other:
        return self

    def __exit__(self, *_) -> None:
        self._line.close()

    def is_served(self) -> bool:
        self._line.sendall(ask("/beside"))
        return self._line.recv(65_536).startswith(b"HTTP/1.1 200 ")
