"""A thousand open streams on one process.

How soon all are told, how much memory they take, and what ordinary requests notice.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from pathlib import Path

from bench.servers import one_box
from bench.table import spread, verdict
from majorops.realtime import Ticket, Tickets
from majorops.realtime.streams import PER_PERSON
from tests.conftest import SECRET
from tests.server import Person

STREAMS, CHANGES, REQUESTS = 1_000, 20, 100
SHORT = {"STREAMS": 20, "CHANGES": 3, "REQUESTS": 4}


class Readers:
    """Open streams, read on an event loop of their own thread.

    `heard`: version → when each stream told of it (`time.perf_counter()`).
    """

    def __init__(self, port: int, path: str):
        self.port, self.path = port, path
        self.heard: dict[int, list[float]] = {}
        self.ready, self._reading = 0, []
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def open(self) -> None:
        """Open STREAMS of them and wait until all are. Raises AssertionError after a minute."""
        tickets = Tickets([SECRET])
        for n in range(STREAMS):
            person = n // PER_PERSON + 100
            ticket = tickets.issue(Ticket(self.path.rsplit("/", 1)[1], person, f"Reader {person}"))
            self._reading.append(asyncio.run_coroutine_threadsafe(self._read(ticket), self._loop))
        end = time.monotonic() + 60
        while self.ready < STREAMS:
            assert time.monotonic() < end, f"{self.ready} streams opened"
            time.sleep(0.05)

    async def _read(self, ticket: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"GET {self.path}/stream?ticket={ticket} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await reader.readuntil(b"event: beat")
        self.ready += 1
        while line := await reader.readline():
            if found := re.search(rb'"version":([1-9]\d*)', line):
                self.heard.setdefault(int(found[1]), []).append(time.perf_counter())


def memory(pid: int) -> int:
    """Resident memory of a process, in KB."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


def said(person: Person, path: str, words: str) -> int:
    """Log a note. Returns the version that the answer has: what the streams must tell of."""
    answer = person.post(f"{path}/notes", kind="note", text=words)
    assert answer.status_code == 200, answer.status_code
    return int(answer.headers["X-Version"])


def ordinary(person: Person, path: str) -> list[float]:
    """Milliseconds of requests for the fireground and the public page, one after another."""
    times = []
    for n in range(REQUESTS):
        began = time.perf_counter()
        assert person.get(path if n % 2 else "/").status_code == 200
        times.append((time.perf_counter() - began) * 1000)
    return times


def run() -> list[dict]:
    """A row each: ordinary requests, the change until the last stream tells of it, memory."""
    with one_box() as server:
        maya = Person(server)
        path = maya.open()
        ordinary(maya, path)
        idle = spread(ordinary(maya, path))
        before = memory(server.process.pid)
        readers = Readers(server.port, path)
        readers.open()
        open_ = spread(ordinary(maya, path))
        last, lost = [], 0
        for n in range(CHANGES):
            began = time.perf_counter()
            version = said(maya, path, f"note {n}")
            end = time.monotonic() + 5
            while len(readers.heard.get(version, ())) < STREAMS and time.monotonic() < end:
                time.sleep(0.005)
            got = readers.heard.get(version, [])
            lost += STREAMS - len(got)
            last.append((max(got, default=began + 5) - began) * 1000)
        weight = memory(server.process.pid) - before
        told = spread(last)
        busy_stop = threading.Event()
        busy = threading.Thread(target=_chatter, args=(Person(server, "omar"), path, busy_stop))
        busy.start()
        under = spread(ordinary(maya, path))
        busy_stop.set()
        busy.join()
    ratio, busier = open_["p95"] / idle["p95"], under["p95"] / idle["p95"]
    return [
        {"row": "ordinary requests, no stream open", **idle},
        {
            "row": "ordinary requests, 1,000 open",
            **open_,
            "bar": verdict(ratio <= 3, f"p95 {ratio:.1f} x idle, at most 3"),
        },
        {
            "row": "ordinary requests, 1,000 told 2 times a second",
            **under,
            "bar": verdict(busier <= 3, f"p95 {busier:.1f} x idle, at most 3"),
        },
        {
            "row": "change to the last of 1,000 told",
            **told,
            "note": f"{lost} lost",
            "lost": lost,
            "bar": verdict(told["max"] <= 1000 and not lost, "max 1,000 ms"),
        },
        {
            "row": "memory of a stream",
            "note": f"{weight / STREAMS:.1f} KB each, {weight / 1024:.0f} MB in all",
        },
    ]


def _chatter(person: Person, path: str, stop: threading.Event) -> None:
    while not stop.wait(0.5):
        person.post(f"{path}/notes", kind="note", text="chatter")
