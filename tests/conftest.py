"""Fixtures: a migrated database per test (SQLite, or PostgreSQL with --postgres), the cast,
and a ticking clock.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import signal
import socket
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from flask import has_app_context
from flask.testing import FlaskClient
from flask_migrate import upgrade
from pytest_httpserver import HTTPServer
from sqlalchemy import create_engine, text

from majorops import create_app
from majorops.db import db
from tests import quick
from tests.applications import Applications
from tests.cast import Cast
from tests.clocks import REFUSAL, WITH_PROCESSES, Clock, MachineClock, stand_still

SECRET = "tests-only-secret-tests-only-secret-0123456789"
# What an incident opens as is public at once, under its own title: only tests of the first public word
# (tests/operations/test_first_word.py) have the settings that people get.
PUBLIC_AT_ONCE = {"PUBLIC_BOXES": frozenset(range(4)), "PUBLIC_HOLD": 0, "PUBLIC_TITLE": "{title}"}

# Which lines are run is asked of the tests of what decides and what writes, and of the screens before it.
# It makes a test half as long again, so the long ones and all others are not asked.
TRACED = (
    "account",
    "admin",
    "alerts",
    "api",
    "briefs",
    "chat",
    "domain",
    "fireground",
    "integrations",
    "measures",
    "notifications",
    "operations",
    "paging",
    "public",
    "reviews",
    "scim",
    "search",
    "web/test_assertions.py",
)
NOT_TRACED = (
    "admin/test_reading.py",
    "fireground/test_anchors.py",
    "fireground/test_commands.py",
    "notifications/test_work.py",
    "operations/test_growth.py",
    "operations/test_plans.py",
    "public/test_languages.py",
)


def pytest_addoption(parser):
    parser.addoption(
        "--postgres", action="store_true", help="run on a PostgreSQL server that the tests bring up"
    )


def pytest_configure(config):
    for line in (
        "machine_clock: the test starts a process, so it and its cast read the machine's clock",
        (
            "only_on(dialect): the test is about one database, `sqlite` or `postgresql`, "
            "and belongs to that run alone"
        ),
        "own_app: the test changes its application for good, so it gets one of its own",
    ):
        config.addinivalue_line("markers", line)
    quick.hurry()


def pytest_collection_modifyitems(config, items):
    dialect = "postgresql" if config.getoption("--postgres") else "sqlite"
    others = [
        item for item in items if (only := item.get_closest_marker("only_on")) and only.args != (dialect,)
    ]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]
    for item in items:
        if not is_traced(item.path.relative_to(Path(__file__).parent)):
            item.add_marker("no_cover")
    spread(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def is_traced(path: Path) -> bool:
    """Whether coverage looks at the tests of this file, a path below `tests`."""
    name = path.as_posix()
    return (path.parts[0] in TRACED or name in TRACED) and name not in NOT_TRACED


def pytest_collection_finish(session):
    """What stays for the whole run is not looked through again and again: that took an eighth of it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def spread(items: list[pytest.Item], workers: int) -> None:
    """The slow ones first, as many to each worker: a worker begins with its part of the list in this order,
    and takes from the others when it is done.
    """
    slow = [item for item in items if "browser" in item.path.parts]
    others = [item for item in items if item not in set(slow)]
    size = -(-len(items) // workers)
    items.clear()
    for place in range(workers):
        mine = slow[place::workers]
        items += mine + others[: size - len(mine)]
        del others[: size - len(mine)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where everything is installed (.ci/run says so) a test that skips is a test that nobody ran."""
    report = yield
    if (
        report.skipped
        and not hasattr(report, "wasxfail")
        and os.environ.get("MAJOROPS_TESTS_SKIP_NOTHING") == "1"
    ):
        report.outcome, report.longrepr = "failed", f"skipped: {call.excinfo.value}"
    return report


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch):
    """No test reaches beyond this machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise RuntimeError(f"a test wanted to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


class Browser(FlaskClient):
    """A browser of its own: each request gets a fresh context, as on a server."""

    def open(self, *args, **kwargs):
        with self.application.app_context():
            answer = super().open(*args, **kwargs)
        if has_app_context():
            db.session.rollback()  # what the test reads next is what the request left
        return answer


@pytest.fixture(scope="session")
def postgres():
    """The address of a PostgreSQL server of our own, on its first database."""
    from tests.realtime.postgres_server import PostgresServer

    server = PostgresServer()
    yield server.url
    server.stop()


@pytest.fixture
def postgres_url(postgres, request):
    """A migrated PostgreSQL database of its own, whatever the suite runs on."""
    name = f"live_{abs(hash(request.node.nodeid))}"
    with autocommit(postgres) as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield migrated(named_database(postgres, name))
    with autocommit(postgres) as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def server(request, filled_database, tmp_path):
    """A running server with the cast and a small catalogue;
    on SQLite a fork of the one that is made once a worker.
    """
    from tests.server import Server, home

    ready = home()["MAJOROPS_DATABASE_URL"] if filled_database.startswith("sqlite") else ""
    with copied(request, filled_database, tmp_path, ready) as url:
        running = Server(url)
        running.start()
        yield running
        if running.is_running:
            # How it ends by itself has tests of its own, and takes as long as a small one.
            running.stop(signal.SIGKILL)


@pytest.fixture
def model():
    """A model's endpoint of our own; `model.mode` says how it behaves."""
    from tests.ai.model_server import ModelServer

    server = ModelServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def make_httpserver():
    """The web server behind `httpserver`: one a process, on a free port, that answers many at once."""
    with HTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        yield server


@pytest.fixture
def redis_server(tmp_path):
    """A Redis server of our own; it can be killed and started again."""
    from tests.realtime.redis_server import RedisServer

    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def template_database(request, tmp_path_factory) -> str:
    """A migrated, empty database that every test gets a copy of."""
    if request.config.getoption("--postgres"):
        server = request.getfixturevalue("postgres")
        with autocommit(server) as connection:
            connection.execute(text("CREATE DATABASE majorops_template"))
        url = named_database(server, "majorops_template")
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('database') / 'template.db'}"
    return migrated(url)


@pytest.fixture(scope="session")
def filled(request, template_database, tmp_path_factory) -> tuple[str, dict[str, list[str]]]:
    """The same with the cast and a small catalogue in it, and cookies of open sessions (see `fill`)."""
    from tests.server import fill

    if template_database.startswith("sqlite"):
        path = tmp_path_factory.mktemp("database") / "filled.db"
        shutil.copy(template_database.removeprefix("sqlite:///"), path)
        url = f"sqlite:///{path}"
    else:
        server = request.getfixturevalue("postgres")
        with autocommit(server) as connection:
            connection.execute(text("CREATE DATABASE majorops_filled TEMPLATE majorops_template"))
        url = named_database(server, "majorops_filled")
    return url, fill(url)


@pytest.fixture(scope="session")
def filled_database(filled) -> str:
    return filled[0]


@pytest.fixture(scope="session")
def cookies(filled) -> dict[str, list[str]]:
    return filled[1]


@pytest.fixture
def database_url(request, template_database) -> str:
    """A migrated, empty database: the same address in every test of this process, put back before each."""
    if template_database.startswith("sqlite"):
        one = request.getfixturevalue("restored")
        one.put_back()
        return one.url
    url = request.getfixturevalue("emptied")
    empty(url)
    return url


class Restored:
    """A SQLite database that one test after the other gets; its rows come from memory.

    No connection to its file is kept: a forked server would close it, and with it take the log away.
    """

    def __init__(self, template: str, path: Path):
        self.url, self._path = f"sqlite:///{path}", path
        self._rows = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(template.removeprefix("sqlite:///"))) as source:
            source.backup(self._rows)

    def put_back(self) -> None:
        """Make it like the template, as one transaction:
        whoever still has it open sees the new one with the next statement.
        """
        with closing(sqlite3.connect(self._path, timeout=20)) as target:
            target.execute("PRAGMA journal_mode=WAL")
            target.execute("PRAGMA synchronous=OFF")
            self._rows.backup(target, sleep=0.01)

    def close(self) -> None:
        self._rows.close()


@pytest.fixture(scope="session")
def restored(template_database, tmp_path_factory):
    with closing(Restored(template_database, tmp_path_factory.mktemp("database") / "majorops.db")) as one:
        yield one


@pytest.fixture(scope="session")
def emptied(postgres, template_database) -> str:
    """A PostgreSQL database that one test after the other gets:
    the first connection to a new one costs more than a test.
    """
    with autocommit(postgres) as connection:
        connection.execute(text("CREATE DATABASE majorops_emptied TEMPLATE majorops_template"))
    return named_database(postgres, "majorops_emptied")


def empty(url: str) -> None:
    """No row is left, and every sequence begins again; whoever is still connected is sent away."""
    with autocommit(url) as connection:
        connection.execute(text(EMPTY))


EMPTY = """DO $$ DECLARE name text; BEGIN
PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid();
SET session_replication_role = replica;
FOR name IN SELECT tablename FROM pg_tables
  WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
  EXECUTE format('DELETE FROM %I', name);
END LOOP;
FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
  PERFORM setval(quote_ident(name), 1, false);
END LOOP; END $$"""


@contextmanager
def copied(request, template: str, folder: Path, url: str = ""):
    """The address of a copy of the database, for the time of one test: a new file, or the one at `url`."""
    if template.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///")) if url else folder / "majorops.db"
        for old in ("", "-wal", "-shm"):
            path.with_name(path.name + old).unlink(missing_ok=True)
        shutil.copy(template.removeprefix("sqlite:///"), path)
        yield f"sqlite:///{path}"
        return
    server, source = request.getfixturevalue("postgres"), re.search(r"/(\w+)\?", template)[1]
    name = f"test_{abs(hash(request.node.nodeid))}"
    with autocommit(server) as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {source}"))
    yield named_database(server, name)
    with autocommit(server) as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def migrated(url: str) -> str:
    """Bring the database at this address to the newest schema. Returns the address."""
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET})
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()
    return url


def named_database(server: str, name: str) -> str:
    """The address of one database of the server."""
    return server.replace("/postgres?", f"/{name}?")


@contextmanager
def autocommit(server: str):
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def settings(database_url) -> dict[str, object]:
    """Settings of the test application; a test module overrides this fixture to change some."""
    # A mail server is set, and nothing is sent: the worker does not run here.
    mail = "smtp://127.0.0.1:9"
    return {
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET,
        "TESTING": True,
        "SMTP_URL": mail,
        **PUBLIC_AT_ONCE,
    }


@pytest.fixture(scope="session")
def applications() -> Applications:
    return Applications()


@pytest.fixture
def app(request, applications, settings):
    """The application with these settings, as new (see applications.py);
    `own_app` marks tests that want their own.
    """
    app = applications.get(settings, is_own="own_app" in request.keywords)
    app.test_client_class = Browser
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    app.extensions["live"].stop()


@pytest.fixture
def client(app):
    """A stranger's browser."""
    return app.test_client()


@pytest.fixture
def cast(app, clock) -> Cast:
    return Cast(app, clock)


@pytest.fixture
def clock(request, monkeypatch) -> Clock | MachineClock:
    """Time stands still at 2026-11-23 14:00 UTC until the test moves it; views see the same.

    In tests that are marked `machine_clock` it is the machine's, and nobody moves it (see clocks.py).
    """
    if "machine_clock" in request.keywords:
        return MachineClock()
    if with_process := WITH_PROCESSES & set(request.fixturenames):
        pytest.fail(f"{sorted(with_process)}: {REFUSAL}", pytrace=False)
    return stand_still(monkeypatch)
