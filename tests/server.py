"""`make run`'s server as a process of its own, people who sign in to it over HTTP,
and the streams they hear.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import queue
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import requests
import uvicorn
from flask import Flask
from sqlalchemy import select

from majorops import clock, create_app
from majorops.db import db
from majorops.domain.access import GRANTS, SYSTEM
from majorops.domain.enums import AccountRole, Severity, SignInMethod
from majorops.models import User
from majorops.operations.accounts import add_user, start_session
from majorops.operations.catalogue import add_system
from majorops.operations.incident import open_incident as open_by_system
from majorops.operations.tokens import add_token as make_token
from majorops.web.session import sign_in_client
from tests import quick, warm
from tests.cast import PASSWORD, PEOPLE
from tests.conftest import PUBLIC_AT_ONCE, SECRET
from tests.waiting import LIMIT, wait_for

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# A server takes a second to import its libraries; a fork of a process that has them is up in a third of that.
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(
    ["majorops", "uvicorn.main", "uvloop", "httptools", "psycopg", "redis", "tests.warm"]
)


def serve(port: int, environment: dict[str, str], is_quick: bool) -> None:
    """The forked process: what `make run` starts, on this port."""
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    if is_quick:
        quick.hurry()
    if {name: value for name, value in environment.items() if is_setting(name)} != warm.given:
        sys.modules.pop("majorops.asgi.app", None)  # another server than the one that was made in advance
    server = importlib.import_module("majorops.asgi.app")
    quick.keep_templates(server.flask_app)
    uvicorn.run(server.app, port=port, http=server.Protocol, access_log=False, log_level="warning")


def is_setting(name: str) -> bool:
    return name.startswith("MAJOROPS_") and not name.startswith("MAJOROPS_TESTS_")


class Server:
    """`make run`'s server on a database of its own; can be killed and started again."""

    def __init__(self, database_url: str, **settings: str):
        self.database_url, self.port = database_url, free_port()
        self.settings = {f"MAJOROPS_{name}": value for name, value in settings.items()}
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: multiprocessing.Process | None = None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def start(self) -> None:
        ready = home() if quick.is_on else {}
        given = {"MAJOROPS_SECRET_KEY": SECRET, "MAJOROPS_SMTP_URL": mail_server()}
        given |= warm.PUBLIC_AT_ONCE | ready
        environment = os.environ | given | {"MAJOROPS_DATABASE_URL": self.database_url}
        self.process = _forks.Process(
            target=serve, args=(self.port, environment | self.settings, quick.is_on)
        )
        self.process.start()
        wait_for(self._answers, "the server's first answer")

    def _answers(self) -> bool:
        with (
            suppress(OSError, HTTPException),
            closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as asking,
        ):
            asking.request("GET", "/healthz")
            return asking.getresponse().status == 200
        return False

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End it by this signal. Returns its exit code. Raises RuntimeError when it never ends."""
        os.kill(self.process.pid, how)
        self.process.join(timeout=LIMIT)
        if self.process.exitcode is None:
            raise RuntimeError("the server did not stop")
        return self.process.exitcode


@cache
def home() -> dict[str, str]:
    """The settings of the server that is made in advance (see warm.py), with the address of its database.

    It is made when this returns, and what it wrote there is gone.
    """
    settings = warm.offer(SECRET, mail_server())
    first = _forks.Process(target=len, args=("",))
    first.start()
    first.join(timeout=LIMIT)
    return settings


@cache
def mail_server() -> str:
    """The address of a mail server that takes everything, one for all servers of this process."""
    from tests.notifications.receivers import MailServer

    return MailServer().url


def fill(url: str) -> dict[str, list[str]]:
    """The cast and a small catalogue, into a migrated database.

    Returns cookies of three sessions each, by nick, for browsers that need not go through the form:
    that costs a second.
    """
    cookies = {}
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET, "TESTING": True})
    with app.app_context():
        for nick, (name, role) in PEOPLE.items():
            given = {"email": f"{nick}@example.org", "name": name, "role": AccountRole(role)}
            user = add_user(**given, password=PASSWORD, actor=SYSTEM, now=clock.now())
            cookies[nick] = [begin_session(app, user) for _ in range(3)]
        for name in ("payments-api", "ledger-db", "checkout-web"):
            add_system(name=name, actor=SYSTEM, now=clock.now())
        db.session.remove()
        db.engine.dispose()
    app.extensions["live"].stop()  # its connection would keep the database from being copied
    return cookies


def open_incident(url: str, **given: object) -> int:
    """An incident that no person opened, in this database: without a MIM. Returns its number."""
    mail = "smtp://127.0.0.1:9"  # one is set; whoever serves this database sends
    settings = {"DATABASE_URL": url, "SECRET_KEY": SECRET, "SMTP_URL": mail, "TESTING": True}
    app = create_app(settings | PUBLIC_AT_ONCE)
    with app.app_context():
        what = {"title": "dns slow", "severity": Severity.CRITICAL, "systems": ["dns"]} | given
        number = open_by_system(**what, actor=SYSTEM, now=clock.now()).id
        db.session.remove()
        db.engine.dispose()
    app.extensions["live"].stop()
    return number


@contextmanager
def in_database(url: str) -> Iterator[None]:
    """What a test does beside the server in its database."""
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET, "TESTING": True})
    with app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()
    app.extensions["live"].stop()


def add_token(url: str, nick: str = "maya", **limits: str) -> tuple[int, str]:
    """A token of somebody of the cast, in this database, with all that they may give: its number and it."""
    with in_database(url):
        user = db.session.scalars(select(User).filter_by(email=f"{nick}@example.org")).one()
        given = {"name": "listener", "scopes": sorted(GRANTS[user.role]), "actor": user.actor}
        row, secret = make_token(user, **given, **limits, now=clock.now())
        return row.id, secret


def begin_session(app: Flask, user: User) -> str:
    """A session as sign-in begins it. Returns its cookie."""
    client = app.test_client()
    sign_in_client(client, start_session(user, method=SignInMethod.LOCAL, actor=user.actor, now=clock.now()))
    return client.get_cookie("majorops").value


class Person:
    """Somebody signed in over HTTP, who does what the page's script does."""

    def __init__(self, server: Server, nick: str = "maya", headers: dict[str, str] | None = None):
        self.server, self.http = server, requests.Session()
        self.http.headers.update({"HX-Request": "true"} | (headers or {}))
        self.token = token_of(self.http.get(f"{server.url}/login").text)
        if not headers:  # else a proxy vouches for them
            self.post("/login", email=f"{nick}@example.org", password=PASSWORD)
        self.token = token_of(self.http.get(f"{server.url}/new").text, self.token)

    def get(self, path: str, **options) -> requests.Response:
        return self.http.get(self.server.url + path, timeout=LIMIT, **options)

    def post(self, path: str, *, version: int = 0, **values) -> requests.Response:
        return self.http.post(
            self.server.url + path,
            data={"csrf_token": self.token, **values},
            headers={"X-Version": str(version)},
            timeout=LIMIT,
            allow_redirects=False,
        )

    def open(self, system: str = "payments-api") -> str:
        """Open an incident; returns its fireground's path."""
        given = {"title": f"prod-{system} not responding", "severity": "critical"}
        answer = self.post("/new", **given, affected_systems=system)
        return re.search(
            r"/admin/incidents/\d+", answer.headers.get("Location") or answer.headers["HX-Redirect"]
        )[0]

    def ticket(self, path: str) -> str:
        return self.get(f"{path}/changes").headers["X-Ticket"]

    def listen(self, path: str, ticket: str | None = None) -> Stream:
        ticket = self.ticket(path) if ticket is None else ticket
        return Stream(
            self.http.get(
                f"{self.server.url}{path}/stream", params={"ticket": ticket}, stream=True, timeout=LIMIT
            )
        )


def token_of(page: str, otherwise: str = "") -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    return found[1] if found else otherwise


class Stream:
    """An open event stream, read on a thread."""

    def __init__(self, answer: requests.Response):
        self.answer, self.events = answer, queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        name = ""
        try:
            for line in self.answer.iter_lines(chunk_size=1, decode_unicode=True):
                key, _, value = line.partition(": ")
                if key == "event":
                    name = value
                elif key in ("data", "data:"):
                    self.events.put((name, json.loads(value) if value.startswith("{") else value))
        except (requests.RequestException, AttributeError, ValueError):
            pass
        self.events.put(("over", ""))

    def change(self, version: int, seconds: float = LIMIT) -> dict:
        """The change with this version, a later one, or the call to ask again; others are skipped."""
        for _ in range(1_000):
            change = self.next("stale", seconds)
            if change["version"] >= version or not (change["version"] or change["signals"]):
                return change
        raise AssertionError(f"a thousand changes, and none with version {version}")

    def next(self, name: str, seconds: float = LIMIT):
        """The data of the next event of this name, skipping others; people who come and go do not count."""
        end = time.monotonic() + seconds
        while True:
            event, data = self.events.get(timeout=max(0.01, end - time.monotonic()))
            is_people = event == "stale" and (data["version"], data["signals"]) == (0, ["people"])
            if event == name and not is_people:
                return data

    def close(self) -> None:
        self.answer.close()
