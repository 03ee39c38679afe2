"""A storm of 1,000 alerts in ten seconds: the receiver, a fireground meanwhile, and kill -9 in the middle."""

from __future__ import annotations

import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from sqlalchemy import create_engine, text

from bench.public import saves
from bench.servers import one_box
from bench.table import spread, verdict
from majorops import clock, create_app
from majorops.domain.access import SYSTEM
from majorops.domain.enums import RuleAction, Severity, SourceKind
from majorops.operations.alert_rules import Planned, add_rule
from majorops.operations.alert_sources import add_source
from tests.conftest import SECRET
from tests.server import Person, Server

ALERTS, SECONDS, GROUPS, SENDERS = 1_000, 10.0, 25, 8
LOOKS = 60  # at a fireground
AGAIN, PATIENCE = 0.2, 120.0  # seconds between tries of a sender, and until all must be taken in
P99, TIMES = 100, 2  # bars: ms of the receiver, times the idle p95 of a fireground
SHORT = {"ALERTS": 60, "SECONDS": 2.0, "LOOKS": 4, "GROUPS": 5}


class Storm:
    """Sends ALERTS within SECONDS, each by itself, again and again until it is taken.

    `times`: of each answer in ms; `tries`: how many were needed.
    """

    def __init__(self, address: str, secret: str, name: str):
        self.address, self.secret, self.name = address, secret, name
        self.times: list[float] = []
        self.tries, self.sent = 0, 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin, on threads of its own."""
        self._thread.start()

    def wait(self) -> None:
        """Until every alert was taken, or PATIENCE is over."""
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        began = time.perf_counter()
        with ThreadPoolExecutor(SENDERS) as pool:
            for n in range(ALERTS):
                time.sleep(max(0.0, began + SECONDS * n / ALERTS - time.perf_counter()))
                pool.submit(self._send, n)

    def _send(self, n: int) -> None:
        body = json.dumps(alert(self.name, n)).encode()
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        end = time.perf_counter() + PATIENCE
        while time.perf_counter() < end:
            self.tries += 1
            began = time.perf_counter()
            try:
                status = requests.post(self.address, data=body, headers=headers, timeout=10).status_code
            except requests.RequestException:
                status = 0
            if status == 202:
                self.times.append((time.perf_counter() - began) * 1000)
                self.sent += 1
                return
            time.sleep(AGAIN)


def alert(name: str, n: int) -> dict[str, object]:
    """A notification of Alertmanager with one alert of a system of the catalogue."""
    labels = {"alertname": f"{name}{n % GROUPS}", "instance": f"{name}-{n}", "service": "payments-api"}
    one = {"status": "firing", "labels": labels, "fingerprint": f"{name}-{n}", "annotations": {}}
    return {"version": "4", "groupKey": f"{{}}:{name}{n % GROUPS}", "status": "firing", "alerts": [one]}


def run() -> list[dict]:
    """A row for the fireground idle, one for it in the storm, the receiver, and the storm with kill -9."""
    with one_box() as server:
        path, secret = prepare(server)
        maya = Person(server)
        page = maya.open("ledger-db")
        looks(maya, page, LOOKS // 3)
        idle = spread(looks(maya, page, LOOKS))
        storm = Storm(server.url + path, secret, "measured")
        storm.start()
        busy = spread(looks(maya, page, LOOKS))
        saved = spread(saves(maya, page, max(2, LOOKS // 6)))
        storm.wait()
        killed = Storm(server.url + path, secret, "killed")
        killed.start()
        time.sleep(SECONDS / 2)
        server.stop(signal.SIGKILL)
        server.start()
        killed.wait()
        took = taken_in(server)
        rows = counted(server)
    ratio, lost = busy["p95"] / idle["p95"], 2 * ALERTS - rows["alerts"]
    times = sorted(storm.times)
    p99 = times[int(len(times) * 0.99)]
    note = f"{rows['incidents']} incident, {rows['alerts']:,} alerts in {rows['groups']} lines, {lost} lost"
    is_one = rows["incidents"] == 1 and not lost
    return [
        {"row": "fireground, idle", **idle},
        {
            "row": "fireground in the storm",
            **busy,
            "bar": verdict(ratio <= TIMES, f"p95 {ratio:.1f} x idle, at most {TIMES}"),
        },
        {"row": "field save in the storm", **saved},
        {
            "row": f"receiver, {ALERTS:,} in {SECONDS:.0f} s",
            **spread(times),
            "note": f"p99 {p99:.0f}",
            "bar": verdict(p99 < P99, f"p99 under {P99} ms"),
        },
        {
            "row": "the same with kill -9 in the middle",
            **spread(killed.times),
            "note": f"{note}; {killed.tries - killed.sent} sent again, all in after {took:.0f} s",
            "lost": lost + abs(rows["incidents"] - 1),
            "bar": verdict(is_one, "one incident, 0 lost"),
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
