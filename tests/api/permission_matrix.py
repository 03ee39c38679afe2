"""Role and scope × route × method of the API, tried on every route.

`make roles` writes what is found into permission_matrix.txt, which a person then reads; the test compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from flask import Flask

from majorops.db import db
from majorops.domain.access import SCOPES
from majorops.domain.enums import AccountRole
from tests.web.role_matrix import METHODS, Kept, routes, word_for

TABLE = Path(__file__).with_suffix(".txt")
PREFIX = "/api/v1/"
NO_TOKEN, ONE_SYSTEM = "none", "system"
ROLES = tuple(role.value for role in reversed(AccountRole))
COLUMNS = (NO_TOKEN, *ROLES, ONE_SYSTEM)
OPEN = {"/api/v1/openapi.json", "/api/v1/events.json"}  # for everybody
HEAD = """# What a token may: each route of the API, by each method, with an empty request.
# Columns: without a token; a token of each role with all that the role may give; one of an admin for a system
# that incident 1 has not. in: it answers (2xx, or a 4xx of its own) · 401, 403, 404: refused
# At the end: the scopes of which each alone lets an admin's token in; what the public would read needs
# incident:publish beside. Written by make roles; read what changed before it is kept.
"""


def matrix(app: Flask, database: str, secret_of: Callable[..., str]) -> str:
    """The whole table. `database`: the path of the SQLite file, put back after each change.

    `secret_of`: makes a token of a role, with these scopes (None for all) and for this system.
    """
    secrets = {NO_TOKEN: ""} | {role: secret_of(role) for role in ROLES}
    secrets[ONE_SYSTEM] = secret_of("admin", system="elsewhere")
    alone = {scope.value: secret_of("admin", {scope}) for scope in SCOPES}
    client = app.test_client()
    for secret in (*secrets.values(), *alone.values()):  # its first use is kept, once a minute
        client.get(PREFIX, headers={"Authorization": f"Bearer {secret}"})
    db.session.remove()
    lines = []
    with closing(Kept(database)) as kept:

        def tried(method: str, address: str, secret: str) -> str:
            headers = {"Authorization": f"Bearer {secret}"} if secret else {}
            given = {} if method == "GET" else {"json": {}}
            answer = client.open(address, method=method, headers=headers, **given)
            if kept.has_changed():
                db.session.remove()
                kept.restore()
            return word_for(answer.status_code, "")

        for path, address, methods in routes(app):
            if not path.startswith(PREFIX) or path in OPEN:
                continue
            for method in (one for one in METHODS if one in methods):
                seen = " ".join(f"{tried(method, address, secrets[name]):4}" for name in COLUMNS)
                lets_in = [
                    scope for scope, one in alone.items() if tried(method, address, one) not in REFUSED
                ]
                lines.append(f"{method:6} {short(path):46} {seen} {' '.join(lets_in) or '-'}")
    return HEAD + "\n".join([f"# {', '.join(COLUMNS)}, scopes", *lines]) + "\n"


REFUSED = ("401", "403")


def short(path: str) -> str:
    """An address as the table has it: below /api/v1, without the names of numbers."""
    return re.sub(r"<[^<>]*>", "<>", path).removeprefix("/api/v1")


def rows() -> list[tuple[str, str, dict[str, str], list[str]]]:
    """(method, route, column → word, scopes) of the table."""
    found = []
    for line in TABLE.read_text().splitlines():
        if not line.startswith("#"):
            method, path, *words = line.split()
            seen = dict(zip(COLUMNS, words[: len(COLUMNS)], strict=True))
            found.append((method, path, seen, words[len(COLUMNS) :]))
    return found
