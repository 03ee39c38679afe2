"""kill -9 of the server, of PostgreSQL and of Redis in turn, while somebody edits and another one listens."""

from __future__ import annotations

import signal
import threading
import time

import requests
from sqlalchemy import create_engine, text

from bench.servers import two_processes
from bench.table import verdict
from tests.server import Person, Server

DOWN, AFTER = 2.0, 10  # seconds
SHORT = {"DOWN": 0.5, "AFTER": 4}


class Writer(threading.Thread):
    """Writes all the time; remembers what was acknowledged, and when (`time.perf_counter()`)."""

    def __init__(self, person: Person, path: str):
        super().__init__(daemon=True)
        self.person, self.path = person, path
        self.saved: list[tuple[float, str]] = []
        self.stop = threading.Event()

    def run(self) -> None:
        """Post a note every 50 ms until `stop` is set; what is not acknowledged is not tried again."""
        n = 0
        while not self.stop.wait(0.05):
            n += 1
            words = f"note {id(self)} {n}"
            try:
                if self.person.post(f"{self.path}/notes", kind="note", text=words).status_code == 200:
                    self.saved.append((time.perf_counter(), words))
            except requests.RequestException:
                pass


class Screen(threading.Thread):
    """Keeps a stream open; one that breaks or tells of nothing for two seconds is opened anew."""

    def __init__(self, server: Server, path: str):
        super().__init__(daemon=True)
        self.person, self.path = Person(server, "omar"), path
        self.told: list[float] = []
        self.stop = threading.Event()

    def run(self) -> None:
        """Listen until `stop` is set; `told` has the time of each change (`time.perf_counter()`)."""
        while not self.stop.is_set():
            try:
                stream = self.person.listen(self.path)
                while True:
                    stream.next("stale", 2)
                    self.told.append(time.perf_counter())
            except Exception:
                time.sleep(0.3)


def run() -> list[dict]:
    """A row for each server that is killed: what was lost, and the time from its start until work goes on."""
    rows = []
    for name, with_redis in (("the server", False), ("PostgreSQL", False), ("Redis", True)):
        with two_processes(with_redis) as (servers, postgres, redis):
            maya = Person(servers[0])
            path = maya.open()
            writer, screen = Writer(maya, path), Screen(servers[0], path)
            writer.start(), screen.start()
            time.sleep(3)
            ways = {
                "the server": (lambda s=servers[0]: s.stop(signal.SIGKILL), servers[0].start),
                "PostgreSQL": (postgres.kill, postgres.start),
                "Redis": (redis and redis.kill, redis and redis.start),
            }
            kill, start = ways[name]
            kill()
            time.sleep(DOWN)
            start()
            back = time.perf_counter()
            time.sleep(AFTER)
            writer.stop.set(), screen.stop.set()
            writer.join(20)
            rows.append(_row(name, postgres.url, writer, screen, back))
    return rows


def _row(name: str, url: str, writer: Writer, screen: Screen, back: float) -> dict:
    engine = create_engine(url)
    with engine.connect() as connection:
        kept = set(connection.scalars(text("SELECT title FROM timeline_event")))
    engine.dispose()
    lost = sum(words not in kept for _, words in writer.saved)
    saved = next((at - back for at, _ in writer.saved if at > back), 99)
    told = next((at - back for at in screen.told if at > back), 99)
    return {
        "row": f"kill -9 of {name}",
        "note": (
            f"{len(writer.saved)} saved, {lost} lost; first save {saved * 1000:.0f}, "
            f"screen told {told * 1000:.0f}"
        ),
        "lost": lost,
        "bar": verdict(not lost and max(saved, told) < 10, "0 lost, 10 s"),
    }
