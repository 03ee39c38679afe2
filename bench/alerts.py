"""A storm of 1,000 alerts in ten seconds: the receiver, a fireground meanwhile, and kill -9 in the middle."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import create_engine, text

from bench.public import processor_seconds, saves
from bench.servers import one_box, one_process
from bench.storm import PATIENCE, Storm
from bench.table import spread, verdict
from majorops import clock, create_app
from majorops.domain.access import SYSTEM
from majorops.domain.enums import RuleAction, Severity, SourceKind
from majorops.operations.alert_rules import Planned, add_rule
from majorops.operations.alert_sources import add_source
from tests.conftest import SECRET
from tests.server import Person, Server

ALERTS, SECONDS = 1_000, 10.0
LOOKS = 60  # at a fireground, before the storm and after it
# Seconds between two looks, idle and in the storm: of people whose screens draw themselves again after each
# change. One look after the other without a pause would be a storm of its own.
PACE = 0.25
LOOKS_A_SAVE = 6  # in the storm
P99, TIMES = 100, 2  # bars: ms of the receiver, times the idle p95 of a fireground
SHORT = {"ALERTS": 60, "SECONDS": 2.0, "LOOKS": 4, "PACE": 0.05}


def run() -> list[dict]:
    """The rows of both databases."""
    return [*measured("SQLite", one_box), *measured("PostgreSQL", one_process)]


def measured(name: str, box: Callable[[], AbstractContextManager[Server]]) -> list[dict]:
    """A row for the fireground idle, one for it in the storm, the receiver, and the storm with kill -9.

    Idle is what it takes before and after, so that the ratio is one of the same minutes.
    """
    with box() as server:
        address, secret = prepare(server)
        sent = (server.url + address, secret)
        maya = Person(server)
        page = maya.open("ledger-db")
        looks(maya, page, LOOKS // 3)
        idle = looks(maya, page, LOOKS // 2)
        used, storm = processor_seconds(server.process.pid), Storm(*sent, "measured", ALERTS, SECONDS)
        busy, saved = [], []
        while not storm.is_over:
            busy += looks(maya, page, LOOKS_A_SAVE)
            saved += saves(maya, page, 1)
        times, _ = storm.wait()
        used = processor_seconds(server.process.pid) - used
        idle += looks(maya, page, LOOKS // 2)
        killed = Storm(*sent, "killed", ALERTS, SECONDS)
        time.sleep(SECONDS / 2)
        server.stop(signal.SIGKILL)
        server.start()
        killed_times, again = killed.wait()
        took, rows = taken_in(server), counted(server)
    ratio, lost = spread(busy)["p95"] / spread(idle)["p95"], 2 * ALERTS - rows["alerts"]
    p99 = times[int(len(times) * 0.99)]
    note = f"{rows['incidents']} incident, {rows['alerts']:,} alerts in {rows['groups']} lines, {lost} lost"
    return [
        {"row": f"{name}: fireground, idle", **spread(idle)},
        {
            "row": f"{name}: fireground in the storm",
            **spread(busy),
            "note": f"{len(busy)} looks, {used:.1f} s of processor in all",
            "bar": verdict(ratio <= TIMES, f"p95 {ratio:.1f} x idle, at most {TIMES}"),
        },
        {"row": f"{name}: field save in the storm", **spread(saved)},
        {
            "row": f"{name}: receiver, {ALERTS:,} in {SECONDS:.0f} s",
            **spread(times),
            "note": f"p99 {p99:.0f}",
            "bar": verdict(p99 < P99, f"p99 under {P99} ms"),
        },
        {
            "row": f"{name}: the same, kill -9 in the middle",
            **spread(killed_times),
            "note": f"{note}; {again} sent again, all in after {took:.0f} s",
            "lost": lost + abs(rows["incidents"] - 1),
            "bar": verdict(rows["incidents"] == 1 and not lost, "one incident, 0 lost"),
        },
    ]


def prepare(server: Server) -> tuple[str, str]:
    """A source and a rule that opens. Returns the source's path and secret."""
    app = create_app({"DATABASE_URL": server.database_url, "SECRET_KEY": SECRET})
    with app.app_context():
        given = {"name": "Prometheus", "kind": SourceKind.ALERTMANAGER}
        row, secret = add_source(**given, actor=SYSTEM, now=clock.now())
        rule = Planned("everything", action=RuleAction.OPEN, severity=Severity.HIGH)
        add_rule(rule, actor=SYSTEM, now=clock.now())
        return row.path, secret


def looks(person: Person, path: str, number: int) -> list[float]:
    """Times of so many looks at a page, in ms."""
    times = []
    for _ in range(number):
        began = time.perf_counter()
        assert person.get(path).status_code == 200
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(max(0.0, PACE - times[-1] / 1000))
    return times


def taken_in(server: Server) -> float:
    """Seconds until no delivery waits any more, PATIENCE at most."""
    began = time.perf_counter()
    pending = "SELECT count(*) FROM alert_delivery WHERE state = 'pending'"
    while asked(server, pending) and time.perf_counter() - began < PATIENCE:
        time.sleep(0.2)
    return time.perf_counter() - began


def counted(server: Server) -> dict[str, int]:
    """What stands in the database: the incidents that a rule opened, alerts, and lines of the page."""
    opened = "SELECT count(*) FROM incident WHERE intake_source = 'webhook'"
    tables = {name: f"SELECT count(*) FROM {table}" for name, table in TABLES.items()}
    return {name: asked(server, query) for name, query in (tables | {"incidents": opened}).items()}


TABLES = {"alerts": "alert", "groups": "alert_group"}


def asked(server: Server, query: str) -> int:
    """The number that a query gives."""
    engine = create_engine(server.database_url)
    with engine.connect() as connection:
        number: int = connection.scalar(text(query))
    engine.dispose()
    return number
