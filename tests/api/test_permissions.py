"""Role and scope × route × method, as one table that was read against what the application does."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from majorops.api import ROUTES
from majorops.db import db
from majorops.domain.access import GRANTS, SYSTEM, Permission
from majorops.domain.enums import AccountRole
from majorops.models import User
from majorops.operations.accounts import add_user
from majorops.operations.catalogue import add_system
from majorops.operations.tokens import add_token
from tests.api.permission_matrix import NO_TOKEN, ONE_SYSTEM, TABLE, matrix, rows, short
from tests.web.role_matrix import differences


@pytest.fixture
def secret_of(app, cast, clock):
    """`secret_of("mim", {"incident:read"}, "dns")`: a token of somebody with this role."""
    cast.full_house()
    add_system(name="elsewhere", actor=cast.ada, now=clock())
    given = {"email": "stan@example.org", "name": "Stan Wolff", "role": AccountRole.STAKEHOLDER}
    add_user(**given, actor=SYSTEM, now=clock())

    def make(role: str, scopes=None, system: str = "") -> str:
        user = db.session.scalars(select(User).filter_by(role=AccountRole(role))).first()
        given = sorted(GRANTS[user.role] if scopes is None else scopes)
        return add_token(user, name="bot", scopes=given, system=system, actor=user.actor, now=clock())[1]

    return make


@pytest.mark.only_on("sqlite")
def test_every_role_and_scope_at_every_route_by_every_method(app, secret_of, database_url):
    found = matrix(app, database_url.removeprefix("sqlite:///"), secret_of)
    assert differences(found, TABLE) == ([], []), "make roles, and read what changed"


def test_the_table_agrees_with_what_the_routes_say():
    """A route that is not in it fails; each is closed without a token, and opened by its own scope alone."""
    needs = {(route.method, short(route.path)): route.needs for route in ROUTES}
    assert {(method, path) for method, path, _, _ in rows()} == set(needs)
    for method, path, seen, scopes in rows():
        scope = needs[method, path]
        assert seen[NO_TOKEN] == "401", (method, path)
        assert set(scopes) <= {scope}, (method, path)
        for role in AccountRole:
            assert (seen[role.value] == "403") == (scope not in GRANTS[role]), (method, path, role)
        if "/incidents/<>" in path:
            allowed = ("404", "in") if scope is not Permission.DATA_MANAGE else ("403",)
            assert seen[ONE_SYSTEM] in allowed, (method, path)
