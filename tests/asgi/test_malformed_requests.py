"""Requests that browsers do not send: malformed, pipelined, in pieces, given up half-way, never read."""

from __future__ import annotations

import socket
import struct

import pytest
import requests

from majorops.asgi import limits
from majorops.asgi.limits import IdleConnections
from tests.asgi.raw_http import Other, ask, connect, read_all, serving, statuses
from tests.waiting import wait_for

CLOSE = "Connection: close\r\n"
GARBAGE = b"\x00 what is this\r\n\r\n"
LARGE = b"a" * 65_536  # of each of the parts of a large answer
PARTS = 600


def post(headers: str, body: bytes = b"", path: str = "/other") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode() + body


MALFORMED = {
    "no HTTP": GARBAGE,
    "TLS": bytes.fromhex("16030100c8010000c403"),
    "no target": b"GET HTTP/1.1\r\n\r\n",
    "space in the target": ask("/a b"),
    "byte above 127 in the path": b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "byte above 127 in the query": b"GET /?\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "unknown method": ask("/page").replace(b"GET", b"BREW"),
    "small letters": ask("/page").replace(b"GET", b"get"),
    "CONNECT": ask("x:443").replace(b"GET", b"CONNECT"),
    "unknown version": ask("/page").replace(b"1.1", b"9.9"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "NUL in a value": ask("/page", "X: a\0b\r\n"),
    "space in a name": ask("/page", "X Y: a\r\n"),
    "space before the colon": ask("/page", "X : a\r\n"),
    "folded line": ask("/page", "X: a\r\n b\r\n"),
    "bare CR": ask("/page", "X: a\rb\r\n"),
    "bare LF": ask("/page").replace(b"\r", b""),
    "length and chunks": post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "chunks and length": post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
    "two lengths": post("Content-Length: 5\r\nContent-Length: 6\r\n", b"hello!"),
    "length below 0": post("Content-Length: -1\r\n"),
    "length with a sign": post("Content-Length: +5\r\n", b"hello"),
    "length beyond numbers": post("Content-Length: 99999999999999999999999\r\n"),
    "unknown encoding": post("Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"),
    "chunk without a length": post("Transfer-Encoding: chunked\r\n", b"zz\r\nhello\r\n0\r\n\r\n"),
}


@pytest.fixture(scope="module")
def port():
    with serving() as port:
        yield port


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_request_is_refused_once_and_what_follows_is_not_read(port, name):
    with connect(port) as line:
        line.sendall(MALFORMED[name] + ask("/page"))
        assert statuses(read_all(line)) == [400]


@pytest.mark.parametrize("name", MALFORMED)
def test_after_a_finished_page_too(port, name):
    with connect(port) as line:
        line.sendall(ask("/page") + MALFORMED[name])
        assert statuses(read_all(line)) == [200, 400]


@pytest.mark.parametrize("malformed", [GARBAGE, ask("/" + "a" * 70_000)])
def test_answers_on_their_way_come_before_the_end_and_no_refusal_takes_their_place(port, malformed):
    with connect(port) as line:
        line.sendall(ask("/first") + ask("/second") + malformed)
        got = read_all(line)
        assert statuses(got) == [200, 200]
        assert got.index(b"/first") < got.index(b"/second")
        assert got.count(b"connection: close") == 1


def test_a_malformed_body_is_refused_behind_the_answers_before_it(port):
    with connect(port) as line:
        line.sendall(ask("/first") + MALFORMED["chunk without a length"] + ask("/page"))
        assert statuses(read_all(line)) == [200, 400]


def test_a_malformed_body_ends_the_wait_for_it():
    begun, ended = [], []

    async def reads(scope, receive, send):
        message = await receive()
        begun.append(message["body"])
        ended.append((await receive())["type"] if message.get("more_body") else message["type"])

    with serving(reads) as port, connect(port) as line:
        line.sendall(post("Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n"))
        wait_for(lambda: begun, "the begin of the request")
        line.sendall(b"zz\r\n")
        assert statuses(read_all(line)) == [400]
        wait_for(lambda: ended == ["http.disconnect"], "the end of the request")


@pytest.mark.parametrize("last", ["/page", "/other"])
def test_nothing_is_done_behind_the_last_request_of_a_connection(last):
    asked = []

    async def notes(scope, receive, send):
        asked.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    with serving(notes) as port, connect(port) as line, Other(port) as other:
        line.sendall(ask(last, CLOSE) + ask("/too-late") + ask("/page") + GARBAGE)
        assert len(statuses(read_all(line))) == 1
        assert other.is_served()
    assert "/too-late" not in asked


def test_a_request_may_come_in_two_pieces_cut_anywhere(port):
    whole = ask("/page", "Accept: */*\r\n") + post("Content-Length: 5\r\n", b"hello")
    with connect(port) as line, Other(port) as other:
        for cut in range(1, len(whole)):
            line.sendall(whole[:cut])
            assert other.is_served()
            line.sendall(whole[cut:])
            got = b""
            for _ in range(4):  # two answers, in at most two parts each
                got += line.recv(65_536)
                if got.endswith(b"/other"):
                    break
            assert statuses(got) == [200, 200], cut
            assert got.index(b"a finished page") < got.index(b"/other")


def test_bytes_one_by_one(port):
    with connect(port) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in ask("/page") + ask("/other", CLOSE):
            line.sendall(bytes([byte]))
        assert statuses(read_all(line)) == [200, 200]


def test_a_large_body_behind_the_rest_of_a_head_is_no_large_head(port):
    body = b"a" * 200_000
    whole = post(f"Content-Length: {len(body)}\r\n", body) + ask("/last", CLOSE)
    cuts = [30, len(whole) - 30]  # within the first head, and within the last
    with connect(port) as line, Other(port) as other:
        for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
            line.sendall(whole[begin:end])
            assert other.is_served()
        assert statuses(read_all(line)) == [200, 200]


def test_a_body_that_belongs_to_a_get_is_not_the_next_request(port):
    with connect(port) as line:
        smuggled = ask("/smuggled")
        line.sendall(ask("/page", f"Content-Length: {len(smuggled)}\r\n") + smuggled + ask("/page", CLOSE))
        got = read_all(line)
        assert statuses(got) == [200, 200]
        assert b"/smuggled" not in got


def test_head_has_no_body_and_the_next_answer_begins_at_once(port):
    with connect(port) as line:
        line.sendall(ask("/page").replace(b"GET", b"HEAD") + ask("/page", CLOSE))
        got = read_all(line)
        assert statuses(got) == [200, 200]
        assert got.count(b"content-length: 15\r\n") == 2
        assert got.count(b"a finished page") == 1


@pytest.mark.parametrize("more", ["", CLOSE, "Connection: keep-alive\r\n"])
@pytest.mark.parametrize("path", ["/page", "/other"])
def test_http_1_0_gets_one_answer_and_the_end(port, path, more):
    with connect(port) as line:
        line.sendall(ask(path, more).replace(b"1.1", b"1.0"))
        got = read_all(line)
        assert statuses(got) == [200]
        assert b"\r\nconnection: close\r\n" in got
        assert b"chunked" not in got


def test_who_wants_another_protocol_gets_an_answer_in_this_one(port):
    with connect(port) as line:
        line.sendall(ask("/page", "Connection: Upgrade\r\nUpgrade: h2c\r\n"))
        assert statuses(line.recv(65_536)) == [200]


@pytest.mark.parametrize(
    "begin", [b"", b"GET /pa", ask("/other"), ask("/page") * 50, post("Content-Length: 9\r\n", b"half")]
)
def test_who_leaves_half_way_leaves_nothing_behind(monkeypatch, begin):
    monkeypatch.setattr(limits, "network_of", lambda address: address)
    idle = IdleConnections("")
    with serving(idle=idle) as port:
        for _ in range(5):
            line = connect(port)
            line.sendall(begin)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.close()  # a reset, not an end
        wait_for(lambda: not idle.count("127.0.0.1"), "the end of all of them")
        with Other(port) as other:
            assert other.is_served()


def test_a_large_answer_waits_for_who_reads_it_and_nobody_else_does():
    sent = []

    async def large(scope, receive, send):
        parts = PARTS if scope["path"] == "/large" else 0
        headers = [(b"content-length", b"%d" % (parts * len(LARGE)))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for _ in range(parts):
            await send({"type": "http.response.body", "body": LARGE, "more_body": True})
            sent.append(len(LARGE))
        await send({"type": "http.response.body", "body": b""})

    with serving(large) as port, connect(port) as line, Other(port) as other:
        line.sendall(ask("/large", CLOSE))
        for _ in range(50):
            assert other.is_served()
        assert 0 < len(sent) < PARTS  # what is not read is not written: memory has a bound
        assert read_all(line).endswith(LARGE)
        assert len(sent) == PARTS


TARGETS = {
    "/": 200,
    "/?": 200,
    "/#top": 200,
    "http://elsewhere.example/": 200,
    "/%2f": 200,
    "//elsewhere.example/": 404,
    "/%": 404,
    "/%zz": 404,
    "/%00": 404,
    "/%ff": 404,
    "/%C3%BC": 404,
    "/%2e%2e/%2e%2e/etc/passwd": 404,
    "/../../etc/passwd": 404,
    "/%0d%0aX-Added:%20yes": 404,
    "/login%0d%0aSet-Cookie:a=b": 404,
    "/incidents/1%3Fbefore=1": 404,
    "/incidents/99999999999999999999": 404,
    "/login?next=%00&a=%ff": 200,
    "/healthz": 200,
    "http://elsewhere.example/healthz": 200,
}


class TestServer:
    """The same against the whole server, with pages, Flask and its threads."""

    def test_answers_of_pages_and_of_flask_come_in_the_order_of_the_questions(self, server):
        titles = {path: title(requests.get(server.url + path, timeout=60)) for path in ("/", "/login", "/no")}
        assert len(set(titles.values())) == 3
        order = [*titles, "/", "/", *reversed(titles)] * 5
        with connect(server.port) as line:
            line.settimeout(60)
            line.sendall(b"".join(map(ask, order)) + ask("/healthz", CLOSE))
            got = read_all(line)
        assert statuses(got) == [404 if path == "/no" else 200 for path in order] + [200]
        assert [part.split("</title>")[0] for part in got.decode().split("<title>")[1:]] == [
            titles[path] for path in order
        ]

    def test_targets_of_every_kind_have_an_answer(self, server):
        with connect(server.port) as line:
            line.settimeout(60)
            line.sendall(b"".join(map(ask, TARGETS)) + ask("/", CLOSE))
            got = read_all(line)
        assert statuses(got) == [*TARGETS.values(), 200]
        assert b"x-added" not in got.lower()
        assert b"a=b" not in got

    def test_a_reader_who_does_not_read_gets_all_of_it_later(self, server):
        body = requests.get(server.url, headers={"Accept-Encoding": "identity"}, timeout=60).content
        many = 2 * 8_000_000 // len(body)  # more than the system keeps for a connection
        with connect(server.port) as line:
            line.settimeout(60)
            line.sendall(ask("/") * (many - 1) + ask("/", CLOSE))
            for _ in range(20):
                assert requests.get(f"{server.url}/login", timeout=60).status_code == 200
            got = read_all(line)
        assert statuses(got) == [200] * many
        assert got.count(b"</html>") == many


def title(answer: requests.Response) -> str:
    return answer.text.split("<title>")[1].split("</title>")[0]
