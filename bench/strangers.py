"""What people at work notice when strangers ask for all they can.

A MIM's field save, idle and beside each kind of crowd.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable
from itertools import count

import requests

from bench.public import saves
from bench.servers import one_box
from bench.table import spread, verdict
from tests.server import Person, Server, token_of

BAR = 3  # times the idle p95
SIGN_INS, READERS, SAVES = 64, 200, 60
SHORT = {"SIGN_INS": 4, "READERS": 8, "SAVES": 6}


def run() -> list[dict]:
    """A row without strangers, then one beside each crowd."""
    number = SAVES  # in each part
    with one_box() as server:
        maya = Person(server)
        path = maya.open()
        saves(maya, path, number // 3)
        crowds = (
            (f"beside {SIGN_INS} sign-in attempts at once", SIGN_INS, sign_in(server)),
            (
                f"beside {READERS} x GET /?before=1",
                READERS,
                lambda n: get("/?before=1", "Mozilla/5.0", "text/html"),
            ),
            (f"beside {READERS} x curl, plain text", READERS, lambda n: get("/", "curl/8.5.0", "*/*")),
            (
                f"beside {READERS} x addresses that nobody has",
                READERS,
                lambda n: get(f"/no/{n}", "x", "text/html"),
            ),
            (f"beside {READERS} x GET /login", READERS, lambda n: get("/login", "Mozilla/5.0", "text/html")),
        )
        idle = spread(saves(maya, path, number))
        rows = [{"row": "field save, idle", **idle}]
        for name, connections, ask in crowds:
            rows.append(beside(name, Crowd(server.port, connections, ask), maya, path, number, idle))
    return rows


def beside(name: str, crowd: Crowd, maya: Person, path: str, number: int, idle: dict) -> dict:
    """A row of saves while the crowd asks, with how many answers of each status that got.

    `idle`: the times without a crowd. Raises AssertionError where the crowd got no answer.
    """
    crowd.start()
    try:
        busy = spread(saves(maya, path, number))
    finally:
        answers = crowd.stop()
    ratio = busy["p95"] / idle["p95"]
    said = ", ".join(f"{many:,} x {status}" for status, many in sorted(answers.items()))
    assert answers, "the crowd got no answer"
    return {
        "row": name,
        **busy,
        "note": said,
        "bar": verdict(ratio <= BAR, f"p95 {ratio:.1f} x idle, at most {BAR}"),
    }


def get(path: str, agent: str, accept: str) -> bytes:
    """The bytes of a GET request, as a crowd sends it."""
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {agent}\r\nAccept: {accept}\r\n\r\n".encode()


def sign_in(server: Server) -> Callable[[int], bytes]:
    """Sign-in attempts with a right form and a wrong password.

    Each is from another address and for another account, so that each one is checked.
    """
    http = requests.Session()
    token = token_of(http.get(f"{server.url}/login", timeout=20).text)
    cookie = f"majorops={http.cookies['majorops']}"

    def ask(n: int) -> bytes:
        body = f"csrf_token={token}&email=nobody{n}%40example.org&password=a+wrong+password+of+{n}".encode()
        head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {cookie}\r\n"
        head += f"X-Forwarded-For: 10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}\r\n"
        head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    return ask


class Crowd:
    """Connections that ask again as soon as they have their answer, in a process of their own."""

    def __init__(self, port: int, connections: int, ask: Callable[[int], bytes]):
        self._port, self._connections, self._ask = port, connections, ask
        forks = multiprocessing.get_context("fork")
        self._stop, self._begun, self._found = forks.Event(), forks.Event(), forks.Queue()
        self._process = forks.Process(target=self._run, daemon=True)

    def start(self) -> None:
        """Let the crowd ask until `stop`. Raises AssertionError where no answer comes within a minute."""
        self._process.start()
        assert self._begun.wait(60), "the crowd did not come"
        time.sleep(0.5)

    def stop(self) -> Counter[int]:
        """End the crowd. Returns how many answers of each status it got."""
        self._stop.set()
        found = self._found.get(timeout=60)
        self._process.join()
        return found

    def _run(self) -> None:
        # Strangers have machines of their own: the server is measured, not the fight for two cores.
        os.nice(10)
        self._numbers, self._answers = count(1), Counter()
        asyncio.run(self._all())
        self._found.put(self._answers)

    async def _all(self) -> None:
        asking = [asyncio.create_task(self._one()) for _ in range(self._connections)]
        while not self._stop.is_set():
            await asyncio.sleep(0.05)
        for one in asking:
            one.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _one(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                while True:
                    writer.write(self._ask(next(self._numbers)))
                    head = (await reader.readuntil(b"\r\n\r\n")).lower()
                    length = int(head.partition(b"content-length: ")[2].partition(b"\r")[0] or 0)
                    await reader.readexactly(length)
                    self._answers[int(head.split(None, 2)[1])] += 1
                    self._begun.set()
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.05)
