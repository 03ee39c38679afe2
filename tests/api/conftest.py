"""Programs: a client that carries a token of somebody."""

from __future__ import annotations

from typing import Any

import pytest

from majorops.db import db
from majorops.domain.access import GRANTS
from majorops.models import User
from majorops.operations.tokens import add_token

API = "/api/v1"


class Program:
    """What asks by a token; `headers` of a request are added to the token's."""

    def __init__(self, client, secret: str):
        self.client, self.secret = client, secret

    def ask(self, method: str, path: str, sent: Any = None, **headers: str):
        """The answer to a request; `sent`: the body, as JSON. Underscores of `headers` are dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"json": sent} if sent is not None else {}
        bearer = {"Authorization": f"Bearer {self.secret}"}
        return self.client.open(API + path, method=method, headers=bearer | named, **given)

    def get(self, path: str, **headers: str):
        return self.ask("GET", path, **headers)

    def post(self, path: str, sent: Any = None, **headers: str):
        return self.ask("POST", path, {} if sent is None else sent, **headers)


@pytest.fixture
def program(app, cast, clock):
    """`program("maya")`: a client with a token of Maya's, with all scopes that she may give."""

    def make(nick: str = "maya", scopes=None, **limits) -> Program:
        user = db.session.get(User, getattr(cast, nick).user_id)
        given = {"name": "bot", "scopes": sorted(GRANTS[user.role] if scopes is None else scopes)}
        _, secret = add_token(user, **given, **limits, actor=user.actor, now=clock())
        return Program(app.test_client(), secret)

    return make


@pytest.fixture
def maya(program) -> Program:
    return program("maya")
