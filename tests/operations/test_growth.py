"""No page takes longer with a longer past: counted in steps of SQLite's own machine, which a busy computer does not change."""

from __future__ import annotations

import shutil

import pytest
from sqlalchemy import event

from majorops import clock, create_app
from majorops.db import db
from majorops.demo import fill
from tests.conftest import SECRET
from tests.operations.planner import take_statistics
from tests.pages import browsers, every_page, open_page

# Past incidents, and the days that they are spread over: as many a day, and in the last three months as many.
SHORT, LONG = (150, 120), (1_500, 1_200)
EVERY = 100  # steps between two counts
BARS = {"page": 1.5, "search": 3.0}
SPARE = 5_000  # steps
COUNTS = 250_000  # steps of the tables of data management, which count to 10,000 rows


def spare(label: str) -> int:
    return COUNTS if label == "/admin/" or label.startswith("/admin/data/") else SPARE


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
        path = tmp_path_factory.mktemp("past") / "past.db"
        shutil.copy(template_database.removeprefix("sqlite:///"), path)
        app = create_app({"DATABASE_URL": f"sqlite:///{path}", "SECRET_KEY": SECRET})
        with app.app_context():
            fill(clock.now(), count, days)
            db.session.remove()
            take_statistics(db.engine)
        apps.append(app)
    yield apps
    for app in apps:
        with app.app_context():
            db.engine.dispose()
        app.extensions["live"].stop()


@pytest.mark.only_on("sqlite")
def test_no_page_takes_more_steps_with_a_longer_past(pasts):
    counts = []
    for app in pasts:
        people, steps, found = browsers(app), Steps(app), {}
        for page in every_page(app):
            if page.kind in BARS:
                before = steps.count
                open_page(page, *people)
                found[page.label, page.kind] = (steps.count - before) * EVERY
        counts.append(found)
    short, long = counts
    assert len(long) > 100
    grown = {
        label: (short[label, kind], taken)
        for (label, kind), taken in long.items()
        if taken > BARS[kind] * short[label, kind] + spare(label)
    }
    assert grown == {}
