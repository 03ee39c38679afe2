"""Search and incidents like this one, with 1,000 past incidents and with 100,000, on both databases."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from bench.history import prepared, two_databases
from bench.table import spread, verdict
from majorops import clock
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.search import parse
from majorops.models import Incident
from majorops.operations import search_index
from majorops.operations.searching import search
from majorops.operations.similar import like_title
from majorops.operations.timeline import add_note
from majorops.projections import public_search
from tests.realtime.postgres_server import PostgresServer

FEW, MANY, ROUNDS = 1_000, 100_000, 8
IS_SHORT = False
SHORT = {"FEW": 6, "MANY": 14, "ROUNDS": 1, "WRITTEN": 4, "IS_SHORT": True}
SEARCH_BAR, SIMILAR_BAR, TIMES = 100, 50, 3  # ms for the p95, and what many may cost of few
WRITING_BAR = 1.3  # times what writing an entry costs without the index
WRITTEN = 300  # entries, every second one with the index
FLOOR = 2.0  # ms: below that a ratio is noise

ASKED = (
    "priya",
    "host drained",
    '"deploy freeze"',
    "pool exhausted -vendor",
    "slow system:ledger-db severity:critical",
    "certificate before:2025-01-01",
    "traceroutes mim:dana",
    "nowhere",
)
TITLES = (
    ("payments-api: pool of connections exhausted", ["payments-api"]),
    ("checkout-web slow since the change, customers wait", ["checkout-web", "ledger-db", "payments-api"]),
    ("search-index disk full on a node", ["search-index"]),
    ("dns-resolver 5xx errors since the new release", ["dns-resolver"]),
    ("vendor gateway times out", []),
    ("nothing like it has ever been seen before anywhere", ["mail-relay"]),
)


def run() -> list[dict]:
    """A row a question and database; the short form looks at SQLite alone."""
    with tempfile.TemporaryDirectory() as folder:
        rows = _measured("SQLite", [f"sqlite:///{Path(folder) / name}.db" for name in ("few", "many")])
    if IS_SHORT:
        return rows
    server = PostgresServer()
    try:
        return rows + _measured("PostgreSQL", two_databases(server))
    finally:
        server.stop()


def _measured(name: str, urls: list[str]) -> list[dict]:
    apps = [prepared(url, count) for url, count in zip(urls, (FEW, MANY), strict=True)]
    rows = [*compare(name, *apps), writing(name, apps[-1])]
    for app in apps:
        with app.app_context():
            db.engine.dispose()
        app.extensions["live"].stop()
    return rows


def compare(name: str, few: Flask, many: Flask) -> list[dict]:
    """The rows of one database."""
    found = []
    for label, ask, bar in (
        ("search, newest first", lambda one: search(parse(one), actor=SYSTEM), SEARCH_BAR),
        ("search, best first", lambda one: search(parse(one), actor=SYSTEM, best=True), SEARCH_BAR),
        ("search of the public", lambda one: public_search(parse(one)), SEARCH_BAR),
        ("similar incidents", lambda one: like_title(one[0], one[1], actor=SYSTEM), SIMILAR_BAR),
    ):
        asked: tuple = TITLES if label.startswith("similar") else ASKED
        less, more = (spread(_times(app, ask, asked)) for app in (few, many))
        ratio = max(more["p95"], FLOOR) / max(less["p95"], FLOOR)
        held = more["p95"] < bar and (bar == SIMILAR_BAR or ratio <= TIMES)
        words = f"p95 under {bar} ms" + ("" if bar == SIMILAR_BAR else f" and {TIMES} x")
        note = f"{less['p95']} ms with few, {ratio:.2f} x"
        found.append({"row": f"{name} {label}", **more, "note": note, "bar": verdict(held, words)})
    return found


def _times(app: Flask, ask: Callable, asked: tuple) -> list[float]:
    times = []
    with app.app_context():
        for round_ in range(ROUNDS + 1):
            for one in asked:
                began = time.perf_counter()
                ask(one)
                if round_:  # the first one compiles and reads the disk
                    times.append((time.perf_counter() - began) * 1000)
                db.session.rollback()
    return times


def writing(name: str, app: Flask) -> dict:
    """What writing an entry costs with the index and without it, in turns: a busy machine slows both."""
    times: dict[bool, list[float]] = {True: [], False: []}
    with app.app_context():
        running = select(Incident).where(Incident.resolved_at.is_(None)).order_by(Incident.id)
        number = db.session.scalars(running).first().id
        for n in range(WRITTEN):
            incident = db.session.get(Incident, number)
            with nullcontext() if n % 2 else without_index():
                began = time.perf_counter()
                add_note(incident, f"host {n} drained, latency is back", actor=SYSTEM, now=clock.now())
                times[bool(n % 2)].append((time.perf_counter() - began) * 1000)
    with_it, without = (spread(times[is_kept]) for is_kept in (True, False))
    ratio = with_it["p50"] / without["p50"]
    note = f"{without['p50']} ms without the index, {ratio:.2f} x"
    held = verdict(ratio <= WRITING_BAR, f"{WRITING_BAR} x")
    return {"row": f"{name} writing an entry", **with_it, "note": note, "bar": held}


@contextmanager
def without_index() -> Iterator[None]:
    """Nothing that is written is indexed."""
    event.remove(Session, "after_flush", search_index._keep)
    yield
    event.listen(Session, "after_flush", search_index._keep)
