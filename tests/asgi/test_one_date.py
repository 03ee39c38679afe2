"""Every answer says its Date once, whoever wrote it: a script reads two of them as none."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

import pytest

from tests.asgi.raw_http import connect, read_all, serving


def dates(port: int, request: bytes) -> list[bytes]:
    """Of the answer to these bytes; the connection is read to its end."""
    with connect(port) as line:
        line.sendall(request)
        head = read_all(line).partition(b"\r\n\r\n")[0]
    assert head.startswith(b"HTTP/1.1 ")
    return re.findall(rb"(?im)^date: ([^\r]+)", head)


def ask(path: str, more: str = "", method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n".encode()


# machine_clock: a server of its own answers here.
REQUESTS = {
    "a public page, drawn and then written at once": ask("/"),
    "known already": ask("/", "If-None-Match: *\r\n"),
    "a feed": ask("/history.atom"),
    "JSON": ask("/api/v2/summary.json"),
    "nothing there": ask("/nothing"),
    "a form by Flask": ask("/login"),
    "an asset of Flask": ask("/static/icon.svg"),
    "a static file that is known": ask("/static/icon.svg", "If-None-Match: *\r\n"),
    "a page of Flask with an ETag": ask("/", "Content-Length: 0\r\n"),
    "a redirect": ask("/admin/incidents"),
    "a method that is not allowed": ask("/", method="DELETE"),
    "a stream without a ticket": ask("/admin/incidents/stream"),
    "health": ask("/healthz"),
    "a refused body": ask("/new", "Content-Length: 900000\r\n", "POST"),
    "a malformed head": b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
    "an older HTTP": b"GET / HTTP/1.0\r\n\r\n",
}


@pytest.mark.machine_clock
def test_one_date_in_each_answer_of_the_server(server):
    for name, request in REQUESTS.items():
        for time in ("first", "again"):
            (date,) = dates(server.port, request) or [b""]
            assert parsedate_to_datetime(date.decode()), (name, time)


def test_one_date_where_the_protocol_refuses():
    with serving(head_bytes=2_000) as port:
        assert len(dates(port, ask("/page", f"X: {'x' * 3_000}\r\n"))) == 1
    with serving(head_seconds=0.2) as port:
        assert len(dates(port, b"GET /page HTTP/1.1\r\nHost:")) == 1
