"""No page takes longer with a longer past: counted in steps of SQLite's own machine,
which a busy computer does not change.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Container
from contextlib import closing

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update

from majorops import clock, create_app
from majorops.db import db
from majorops.demo.data import fill
from majorops.models import Incident
from tests.conftest import SECRET
from tests.operations.planner import take_statistics
from tests.pages import browsers, every_page, open_page

# Past incidents, and the days that they are spread over: as many a day, and in the last three months as many.
SHORT, LONG = (150, 120), (1_500, 1_200)
EVERY = 100  # steps between two counts
BARS = {"page": 1.5, "search": 3.0}
SPARE = 5_000  # steps
COUNTS = 250_000  # steps of the tables of data management, which count to 10,000 rows
SKIMS = 60_000  # steps of the pages that count each of thirty tables to 1,000


def spare(label: str) -> int:
    if label == "/admin/" or "/details/" in label:
        return SKIMS
    return COUNTS if label.startswith("/admin/data/") else SPARE


class Steps:
    """The steps of all connections to one database, in hundreds."""

    def __init__(self, app):
        self.count = 0
        with app.app_context():
            event.listen(db.engine, "connect", self._listen)
            db.engine.dispose()

    def _listen(self, connection, record) -> None:
        connection.set_progress_handler(self._step, EVERY)

    def _step(self) -> int:
        self.count += 1
        return 0


@pytest.fixture(scope="module")
def pasts(template_database, tmp_path_factory):
    """Applications with a short and with a long past."""
    apps = []
    for count, days in (SHORT, LONG):
        app = copy_of(template_database, tmp_path_factory)
        with app.app_context():
            fill(clock.now(), count, days)
            db.session.remove()
            take_statistics(db.engine)
        apps.append(app)
    yield apps
    for app in apps:
        close(app)


@pytest.fixture
def internal_past(pasts, tmp_path_factory):
    """The long past, in which nearly nothing was ever public."""
    with pasts[1].app_context():
        app = copy_of(str(db.engine.url), tmp_path_factory)
    with app.app_context():
        past = Incident.id < 0.98 * db.session.scalar(select(func.max(Incident.id)))
        db.session.execute(update(Incident).where(past, Incident.id % 500 != 1).values(is_public=False))
        db.session.commit()
        take_statistics(db.engine)
    yield app
    close(app)


def copy_of(url: str, tmp_path_factory) -> Flask:
    path = tmp_path_factory.mktemp("past") / "past.db"
    with (
        closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as source,
        closing(sqlite3.connect(path)) as copy,
    ):
        source.backup(copy)
    return create_app({"DATABASE_URL": f"sqlite:///{path}", "SECRET_KEY": SECRET})


def close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    app.extensions["live"].stop()


def steps_of(app: Flask, kinds: Container[str]) -> dict[str, int]:
    """Page → steps that it takes, of the pages of these kinds."""
    people, steps, found = browsers(app), Steps(app), {}
    for page in every_page(app):
        if page.kind in kinds:
            before = steps.count
            open_page(page, *people)
            found[page.label] = (steps.count - before) * EVERY
    return found


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize("kind", list(BARS))
def test_no_page_takes_more_steps_with_a_longer_past(pasts, kind):
    short, long = (steps_of(app, {kind}) for app in pasts)
    assert len(long) > 10
    assert grown(short, long, BARS[kind]) == {}


@pytest.mark.only_on("sqlite")
def test_an_internal_past_costs_the_public_pages_nothing(pasts, internal_past):
    short, long = steps_of(pasts[0], {"page"}), steps_of(internal_past, {"page"})
    assert len(long) > 50
    assert grown(short, long, BARS["page"]) == {}


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize("path", ["/", "/history", "/history.atom", "/api/v2/summary.json"])
def test_who_publishes_nothing_pays_nothing_for_it(internal_past, path):
    with internal_past.app_context():
        db.session.execute(update(Incident).values(is_public=False))
        db.session.commit()
    (stranger, _), steps = browsers(internal_past), Steps(internal_past)
    assert stranger.get(path).status_code == 200
    assert steps.count * EVERY < SPARE


def grown(short: dict[str, int], long: dict[str, int], bar: float) -> dict[str, tuple[int, int]]:
    """The pages that take more steps than they may, with both numbers."""
    return {
        label: (short[label], taken)
        for label, taken in long.items()
        if taken > bar * short[label] + spare(label)
    }
