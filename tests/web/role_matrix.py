"""Which role may use which route by which method, tried on every route of the URL map.

`make roles` writes what is found into role_matrix.txt, which a person then reads; the test compares.
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from majorops.db import db
from majorops.domain.enums import AccountRole, SignInMethod
from majorops.models import User
from majorops.operations.accounts import start_session
from majorops.web.session import sign_in_client

TABLE = Path(__file__).with_suffix(".txt")
STRANGER = "stranger"
COLUMNS = (STRANGER, *(role.value for role in reversed(AccountRole)))
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# What an address is filled with: incident 1 runs, and what else has a number exists or is not there.
FILLED = {
    "name": "title",
    "page": "brief",
    "token": "void",
    "year": 2026,
    "month": 11,
    "measure": "resolve",
    "export_type": "csv",
    "filename": "icon.svg",
}
HEAD = """# Which role may do what: each route, by each method, as a stranger and as each of the five roles.
# in: it answers (2xx, 3xx, or a 4xx of its own) · login: led there · 401: asked for a token, or to sign in
# 403: refused · 404: there is nothing for them
# Written by make roles; read what changed before it is kept.
"""


def matrix(app: Flask, database: str) -> str:
    """The whole table. `database`: the path of the SQLite file, put back after each change."""
    browsers = {name: browser(app, name) for name in COLUMNS}
    db.session.remove()
    with closing(Kept(database)) as kept:
        lines = [
            f"{method:6} {path:60} " + " ".join(f"{said:5}" for said in row).rstrip()
            for path, address, methods in routes(app)
            for method in METHODS
            if method in methods
            for row in [[tried(browsers[name], method, address, kept) for name in COLUMNS]]
        ]
    return HEAD + "\n".join([f"# {', '.join(COLUMNS)}", *lines]) + "\n"


def differences(found: str, table: Path) -> tuple[list[str], list[str]]:
    """The lines that are not in the table, and those of it that are not found; none while it is written."""
    if os.environ.get("ROLE_MATRIX") == "write":
        table.write_text(found)
    now, kept = found.splitlines(), table.read_text().splitlines()
    return [line for line in now if line not in set(kept)], [line for line in kept if line not in set(now)]


def routes(app: Flask) -> list[tuple[str, str, frozenset[str]]]:
    """(route, an address of it, its methods), each route once, in the order of the alphabet."""
    found: dict[str, tuple[str, set[str]]] = {}
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        given = {name: filled(rule, name) for name in rule.arguments}
        _, methods = found.setdefault(shown(rule.rule), (adapter.build(rule.endpoint, given), set()))
        methods |= rule.methods or set()
    return [(path, address, frozenset(methods)) for path, (address, methods) in sorted(found.items())]


def shown(route: str) -> str:
    """A route as the table has it: without what its arguments must be."""
    return re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"<\1>", route)


def filled(rule: Rule, name: str) -> object:
    """A value for an argument of a route: one that it takes."""
    items = getattr(rule._converters[name], "items", None)
    return sorted(items)[0] if items else FILLED.get(name, 1)


def browser(app: Flask, name: str) -> FlaskClient:
    """A stranger's, or that of somebody with this role."""
    found = app.test_client()
    if name != STRANGER:
        user = db.session.scalars(select(User).filter_by(role=AccountRole(name))).first()
        at = user.created_at
        sign_in_client(found, start_session(user, method=SignInMethod.LOCAL, actor=user.actor, now=at))
    return found


def tried(client: FlaskClient, method: str, address: str, kept: Kept) -> str:
    """What becomes of an empty request; what it wrote, and what it did to the cookies, is taken back."""
    cookie = client.get_cookie("majorops")
    answer = client.open(address, method=method)
    word = word_for(answer.status_code, answer.headers.get("Location", ""))
    answer.close()
    if kept.has_changed():
        db.session.remove()
        kept.restore()
    if cookie:
        client.set_cookie("majorops", cookie.value)
    return word


def word_for(status: int, location: str) -> str:
    """The status as the table has it."""
    if status == 303 and re.match(r"/login(\?|$)", location):
        return "login"
    return str(status) if status in (401, 403, 404) else "in"


class Kept:
    """A SQLite file as it is now, and whether anybody has written to it since."""

    def __init__(self, path: str):
        self._file, self._copy = sqlite3.connect(path, timeout=20), sqlite3.connect(":memory:")
        self._file.backup(self._copy)
        self._version = self._read()

    def _read(self) -> int:
        return self._file.execute("PRAGMA data_version").fetchone()[0]

    def has_changed(self) -> bool:
        """Another connection has written."""
        return self._read() != self._version

    def restore(self) -> None:
        """Put it back."""
        self._copy.backup(self._file)
        self._version = self._read()

    def close(self) -> None:
        """Close both."""
        self._file.close()
        self._copy.close()
