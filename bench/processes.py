"""A change through one process until the other one's stream says so."""

from __future__ import annotations

import time

from bench.servers import two_processes
from bench.streams import said
from bench.table import spread, verdict
from tests.server import Person

ROUNDS = 40
SHORT = {"ROUNDS": 2}


def run() -> list[dict]:
    """A row for each relay."""
    return [_relay("PostgreSQL LISTEN/NOTIFY", False), _relay("Redis", True)]


def _relay(name: str, with_redis: bool) -> dict:
    with two_processes(with_redis) as (servers, _, _):
        maya, omar = Person(servers[0]), Person(servers[1], "omar")
        path = maya.open()
        stream = omar.listen(path)
        stream.next("beat")
        time.sleep(1)
        times = []
        for n in range(ROUNDS):
            began = time.perf_counter()
            version = said(maya, path, f"note {n}")
            while stream.next("stale")["version"] < version:
                pass
            times.append((time.perf_counter() - began) * 1000)
    row = {"row": f"save to the other's stream, {name}", **spread(times)}
    return row | {"bar": verdict(row["max"] < 1000, "max 1,000 ms")}
