"""Every page of the URL map with a hundred past incidents and with a hundred thousand, on both databases."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from bench.table import spread, verdict
from majorops import clock, create_app
from majorops.db import db
from majorops.demo.data import fill
from majorops.demo.history import DAYS
from tests.conftest import SECRET, autocommit, named_database
from tests.pages import Page, browsers, every_page, open_page
from tests.realtime.postgres_server import PostgresServer

FEW, MANY, ROUNDS = 100, 100_000, 15
IS_SHORT = False
SHORT = {"FEW": 6, "MANY": 14, "ROUNDS": 0, "IS_SHORT": True}
# What the time with many may be of the time with few. An export holds all rows: it is opened in
# the short form only.
BARS = {"page": 1.5, "search": 3.0, "sort": 1.5}
# They read three months: with few two days of them, with many all. bench/measures.py has them.
OF_A_TIME = ("/admin/measures", "/exec")
FLOOR = 2.0  # ms: below that a page is quick, and its ratio is noise


def run() -> list[dict]:
    """Rows of the table, the worst first. The short form looks at the structure on SQLite alone."""
    with tempfile.TemporaryDirectory() as folder:
        urls = [f"sqlite:///{Path(folder) / name}.db" for name in ("few", "many")]
        rows = compare("SQLite", *map(prepared, urls, (FEW, MANY)), ROUNDS, IS_SHORT)
    if IS_SHORT:
        return rows
    server = PostgresServer()
    try:
        urls = two_databases(server)
        return rows + compare("PostgreSQL", *map(prepared, urls, (FEW, MANY)), ROUNDS)
    finally:
        server.stop()


def on_both(ask: Callable[[str, Flask], list[dict]], count: int, *, is_short: bool) -> list[dict]:
    """The rows that `ask` gives for an application with so many past incidents, on both databases.

    The short form on SQLite alone.
    """
    with tempfile.TemporaryDirectory() as folder:
        rows = ask("SQLite", prepared(f"sqlite:///{Path(folder) / 'many.db'}", count))
    if is_short:
        return rows
    server = PostgresServer()
    try:
        return rows + ask("PostgreSQL", prepared(two_databases(server)[1], count))
    finally:
        server.stop()


def two_databases(server: PostgresServer) -> list[str]:
    """Make the databases of the short past and of the long one. Returns their addresses."""
    for name in ("few", "many"):
        with autocommit(server.url) as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    return [named_database(server.url, name) for name in ("few", "many")]


def prepared(url: str, count: int) -> Flask:
    """An application whose database holds the demo and so many past incidents, with statistics.

    As many a day whatever their number: a longer past is compared, not a busier one.
    """
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET, "WTF_CSRF_ENABLED": False})
    with app.app_context():
        upgrade()
        fill(clock.now(), count, max(1, DAYS * count // MANY))
        db.session.remove()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    return app


def compare(name: str, few: Flask, many: Flask, rounds: int, is_short: bool = False) -> list[dict]:
    """One row a page; the two sizes take turns, so that a busy machine slows both."""
    pages = list(zip(every_page(few), every_page(many), strict=True))
    assert len(pages) > 100, f"only {len(pages)} pages found"
    people = browsers(few), browsers(many)
    left_out = "sort" if is_short else "export"
    rows = [_row(name, *pair, people, rounds) for pair in pages if pair[0].kind != left_out]
    if is_short:
        growing = [row for row in rows if row["queries"] > row["queries few"] + 2]
        assert not growing, f"queries grow with the past: {growing}"
    for app in (few, many):
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
    return sorted(rows, key=lambda row: row["ratio"], reverse=True)


def _row(name: str, small: Page, large: Page, people: tuple, rounds: int) -> dict:
    times: tuple[list[float], list[float]] = [], []
    queries = [0, 0]
    for turn in range(rounds + 1):
        for place, page in enumerate((small, large)):
            with _counted() as sent:
                began = time.perf_counter()
                open_page(page, *people[place])
                took = (time.perf_counter() - began) * 1000
            if turn or not rounds:  # the first one loads templates and compiles
                times[place].append(took)
                queries[place] = len(sent)
    few, many = spread(times[0]), spread(times[1])
    ratio = round(max(many["p50"], FLOOR) / max(few["p50"], FLOOR), 2)
    bar = 0 if small.label.startswith(OF_A_TIME) else BARS.get(small.kind, 0)
    return {
        "row": f"{name} {small.label}",
        **many,
        "queries": queries[1],
        "queries few": queries[0],
        "p50 few": few["p50"],
        "ratio": ratio,
        "note": f"{few['p50']} ms with few, {ratio:.2f} x",
        "bar": verdict(ratio <= bar, f"at most {bar} x") if bar else "",
    }


class _counted:
    """The statements that are sent meanwhile."""

    def __enter__(self) -> list[str]:
        self.sent: list[str] = []
        self._note = lambda *given: self.sent.append(given[2])
        event.listen(Engine, "before_cursor_execute", self._note)
        return self.sent

    def __exit__(self, *error) -> None:
        event.remove(Engine, "before_cursor_execute", self._note)
