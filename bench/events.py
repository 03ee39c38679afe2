"""Programs that listen to events: how soon each of them is told, and what a MIM's requests notice."""

from __future__ import annotations

import asyncio
import json
import threading
import time

from bench.servers import one_box
from bench.streams import ordinary, said
from bench.table import spread, verdict
from majorops.asgi.programs import PER_TOKEN
from tests.server import Person, add_token

LISTENERS, CHANGES = 500, 20
SHORT = {"LISTENERS": 10, "CHANGES": 3}
NICKS = ("maya", "omar", "ada")  # an account has 25 tokens at most
TOKENS = 20  # of each of them
BAR = 250  # ms for the p95


class Listeners:
    """Open streams of events, read on an event loop of their own thread.

    `heard`: text of a note → when each stream told of it (`time.perf_counter()`).
    """

    def __init__(self, port: int, tokens: list[str]):
        self.port, self.ready = port, 0
        self.heard: dict[str, list[float]] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._reading = [
            asyncio.run_coroutine_threadsafe(self._read(tokens[n // PER_TOKEN]), self._loop)
            for n in range(LISTENERS)
        ]

    def wait(self) -> None:
        """Wait until all are open. Raises AssertionError after a minute."""
        end = time.monotonic() + 60
        while self.ready < LISTENERS:
            assert time.monotonic() < end, f"{self.ready} streams opened"
            time.sleep(0.05)

    async def _read(self, token: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        asked = (
            "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
            f"Authorization: Bearer {token}\r\n\r\n"
        )
        writer.write(asked.encode())
        await reader.readuntil(b"id: ")
        self.ready += 1
        while line := await reader.readline():
            if line.startswith(b"data: "):
                title = json.loads(line[6:])["entry"]["title"]
                self.heard.setdefault(title, []).append(time.perf_counter())


def run() -> list[dict]:
    """A row: what passes from the answer to the MIM until each program is told; one of ordinary requests."""
    with one_box() as server:
        maya = Person(server)
        path = maya.open()
        needed = -(-LISTENERS // PER_TOKEN)
        tokens = [add_token(server.database_url, NICKS[n // TOKENS])[1] for n in range(needed)]
        ordinary(maya, path)
        idle = spread(ordinary(maya, path))
        listeners = Listeners(server.port, tokens)
        listeners.wait()
        times, lost = [], 0
        for n in range(CHANGES):
            words = f"note {n} for programs"
            said(maya, path, words)
            answered, end = time.perf_counter(), time.monotonic() + 5
            while len(listeners.heard.get(words, ())) < LISTENERS and time.monotonic() < end:
                time.sleep(0.005)
            got = listeners.heard.get(words, [])
            lost += LISTENERS - len(got)
            times += [(at - answered) * 1000 for at in got]
        open_ = spread(ordinary(maya, path))
    told = spread(times)
    return [
        {
            "row": f"event to each of {LISTENERS} programs",
            **told,
            "note": f"{lost} lost",
            "lost": lost,
            "bar": verdict(told["p95"] < BAR and not lost, f"p95 {BAR} ms"),
        },
        {"row": "ordinary requests, nobody listens", **idle},
        {"row": f"ordinary requests, {LISTENERS} listen", **open_},
    ]
