"""HTTP itself, over real sockets: slow, large and idle requests are bounded;
many at once are all answered.
"""

from __future__ import annotations

import pytest

from majorops.asgi import limits
from majorops.asgi.limits import IdleConnections
from majorops.asgi.protocol import BoundedProtocol
from tests.asgi.raw_http import ask, connect, read_all, serving
from tests.waiting import wait_for


class HeldQueue:
    """Admits nobody until the test says so."""

    def __init__(self):
        self.waiting = []

    def admits(self, loop):
        return False

    def enqueue(self, connection, data):
        self.waiting.append((connection, data))

    def go_on(self):
        for connection, data in self.waiting:
            connection.loop.call_soon_threadsafe(connection.on_admitted, data)


@pytest.mark.parametrize("path", ["/page", "/other"])
def test_who_is_signed_in_never_waits_behind_strangers_whatever_their_cookies_say(path):
    queue = HeldQueue()
    with serving(admission=queue) as port:
        strangers = [connect(port) for _ in range(3)]
        for line, cookie in zip(
            strangers, ("", "Cookie: majorops=forged\r\n", "cookie: a=maya\r\n"), strict=True
        ):
            line.sendall(ask(path, cookie))
        wait_for(lambda: len(queue.waiting) == 3, "three strangers that wait")
        with connect(port) as maya:
            maya.sendall(ask(path, "Cookie: majorops=maya\r\n"))
            assert maya.recv(65_536).startswith(b"HTTP/1.1 200 ")
        for line in strangers:
            line.settimeout(0.2)
            with pytest.raises(TimeoutError):
                line.recv(1)
        queue.go_on()
        for line in strangers:
            line.settimeout(20)
            assert line.recv(65_536).startswith(b"HTTP/1.1 200 ")
            line.close()


def test_slow_heads_are_cut_and_say_so():
    with serving(head_seconds=0.5) as port, connect(port) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert read_all(line).startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_says_nothing_is_closed():
    with serving(head_seconds=0.5) as port, connect(port) as line:
        assert read_all(line) == b""


def test_a_slow_second_head_is_cut_after_the_first_answer():
    with serving(head_seconds=0.5) as port, connect(port) as line:
        line.sendall(ask("/quick") + b"GET / HTTP/1.1\r\nHo")
        got = read_all(line)
        assert got.startswith(b"HTTP/1.1 200 ")
        assert b"HTTP/1.1 408 " in got


def test_a_head_timer_does_not_cut_the_answer_that_is_on_its_way():
    with serving(head_seconds=0.5) as port, connect(port) as line:
        line.sendall(ask("/slow") + b"GET / HTTP/1.1\r\nHo")
        assert read_all(line).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("how", ["one line", "many lines", "a line without an end", "the address"])
def test_heads_above_64_kb_are_refused(how):
    with serving() as port, connect(port) as line:
        begin = b"GET / HTTP/1.1\r\nHost: x\r\n"
        try:
            if how == "one line":
                line.sendall(begin + b"X-Long: " + b"a" * 70_000 + b"\r\n\r\n")
            elif how == "many lines":
                line.sendall(begin + b"".join(b"X-%d: aaaaaaaa\r\n" % n for n in range(6_000)) + b"\r\n")
            elif how == "the address":
                line.sendall(b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            else:
                line.sendall(begin + b"X-Long: ")
                for _ in range(200):
                    line.sendall(b"a" * 4_000)
        except OSError:
            pass  # it was refused while it was sent
        try:
            got = read_all(line)
        except OSError:
            got = b""
        assert got.startswith(b"HTTP/1.1 431 ") or (how == "a line without an end" and got == b"")


def test_heads_below_64_kb_are_taken():
    with serving() as port, connect(port) as line:
        line.sendall(ask("/x", "X-Long: " + "a" * 60_000 + "\r\nConnection: close\r\n"))
        assert read_all(line).startswith(b"HTTP/1.1 200 ")


def test_two_hundred_pipelined_gets_get_two_hundred_answers_in_order():
    with serving() as port, connect(port) as line:
        asked = [ask("/page") if n % 3 else ask(f"/number/{n}") for n in range(200)]
        line.sendall(b"".join(asked[:-1]) + ask("/last", "Connection: close\r\n"))
        got = read_all(line)
        assert got.count(b"HTTP/1.1 200 OK") == 200
        numbers = [int(part.split(b"HTTP")[0]) for part in got.split(b"/number/")[1:]]
        assert numbers == [n for n in range(199) if n % 3 == 0]


def test_a_timer_of_an_earlier_answer_does_not_cut_a_later_request():
    """Each finished page began to count to the end of the connection, and only the last count was stopped."""
    with serving() as port, connect(port) as line:
        line.sendall(ask("/page") * 200)
        got = b""
        for part in iter(lambda: line.recv(65_536), b""):
            got += part
            if got.count(b"a finished page") == 200:
                break
        line.sendall(ask("/slow", "Connection: close\r\n"))
        assert read_all(line).startswith(b"HTTP/1.1 200 OK")


def test_a_page_and_a_slow_request_at_once():
    with serving() as port, connect(port) as line:
        line.sendall(ask("/page") + ask("/slow", "Connection: close\r\n"))
        assert read_all(line).count(b"HTTP/1.1 200 OK") == 2


def test_connections_of_one_address_that_ask_for_nothing_are_bounded(monkeypatch):
    monkeypatch.setattr(limits, "network_of", lambda address: address)
    idle = IdleConnections("", most=3)
    with serving(idle=idle) as port:
        lines = [connect(port) for _ in range(3)]
        for line in lines:
            line.sendall(b"GET /page HT")
        wait_for(lambda: idle.count("127.0.0.1") >= 3, "three half-open connections")
        with connect(port) as fourth:
            assert read_all(fourth) == b""
        lines[0].sendall(b"TP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert read_all(lines[0]).startswith(b"HTTP/1.1 200 ")
        wait_for(lambda: idle.count("127.0.0.1") <= 2, "the end of one of them")
        with connect(port) as again:
            again.sendall(ask("/page", "Connection: close\r\n"))
            assert read_all(again).startswith(b"HTTP/1.1 200 ")
        for line in lines:
            line.close()
        wait_for(lambda: not idle.count("127.0.0.1"), "the end of all")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.2", "/run/socket", ""])
def test_behind_a_proxy_nobody_is_bound(address):
    idle = IdleConnections("10.0.0.0/24, /run/socket", most=1)
    assert [idle.begin(address) for _ in range(5)] == [True] * 5
    assert idle.count(address) == 0


def test_strangers_are_counted_by_address_and_of_ipv6_by_network():
    idle = IdleConnections("", most=2)
    given = [
        "203.0.113.5",
        "203.0.113.5",
        "203.0.113.5",
        "203.0.113.6",
        "2001:db8::1",
        "2001:db8::2",
        "2001:db8::3",
    ]
    assert [idle.begin(address) for address in given] == [True, True, False, True, True, True, False]
    idle.end("2001:db8::9")
    assert idle.begin("2001:db8::4")


@pytest.mark.parametrize(
    ("soft", "hard", "is_allowed", "set_to", "is_said"),
    [
        (1_024, 1_048_576, True, 1_048_576, False),
        (1_024, -1, True, 5_600, False),
        (1_024, 4_096, True, 4_096, True),
        (1_024, 1_048_576, False, None, True),
        (65_536, 65_536, True, None, False),
        (-1, -1, True, None, False),
    ],
)
def test_open_files_fit_the_streams_or_it_is_said_at_the_start(
    monkeypatch, soft, hard, is_allowed, set_to, is_said
):
    found = []

    def set_limit(which, pair):
        if not is_allowed:
            raise ValueError("not allowed to raise maximum limit")
        found.append(pair[0])

    monkeypatch.setattr(limits.resource, "getrlimit", lambda which: (soft, hard))
    monkeypatch.setattr(limits.resource, "setrlimit", set_limit)
    said = limits.fit_open_files(5_000)
    assert found == ([set_to] if set_to else [])
    assert ("LimitNOFILE=5600" in said) is is_said


def test_the_protocol_of_the_server_has_these_bounds():
    assert (BoundedProtocol.head_seconds, BoundedProtocol.head_bytes) == (10, 65_536)
