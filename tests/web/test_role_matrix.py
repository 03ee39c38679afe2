"""Role × route × method, as one table that was read (role_matrix.txt) against what the application does."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import GRANTS, SYSTEM, Permission
from majorops.domain.enums import AccountRole
from majorops.models import User
from majorops.operations.accounts import add_user
from majorops.web.access import access_of
from majorops.web.shell import START
from tests.web.role_matrix import COLUMNS, STRANGER, TABLE, differences, matrix, shown, word_for


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False, "SCIM_TOKEN": "tests-only-tests-only-tests-only-"}


@pytest.fixture
def house(app, cast, clock):
    """Incident 1 runs, incident 2 is resolved, and somebody has each role."""
    cast.full_house()
    given = {"email": "stan@example.org", "name": "Stan Wolff", "role": AccountRole.STAKEHOLDER}
    add_user(**given, actor=SYSTEM, now=clock())
    assert {user.role for user in db.session.scalars(select(User))} == set(AccountRole)
    return app


@pytest.mark.only_on("sqlite")
def test_every_role_at_every_route_by_every_method(house, database_url, monkeypatch):
    # Who may, not what is drawn: that alone took most of the time.
    nothing = house.jinja_env.from_string("")
    monkeypatch.setattr(house.jinja_env, "get_or_select_template", lambda *given, **more: nothing)
    found = matrix(house, database_url.removeprefix("sqlite:///"))
    assert differences(found, TABLE) == ([], []), "make roles, and read what changed"


def rows() -> list[tuple[str, str, dict[str, str]]]:
    """(method, route, role → word) of the table."""
    lines = [line.split() for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    return [(line[0], line[1], dict(zip(COLUMNS, line[2:], strict=True))) for line in lines]


def test_the_table_agrees_with_what_the_routes_say(app):
    """Each route's own word for who may use it, against what was seen."""
    of_rule = {shown(rule.rule): rule for rule in app.url_map.iter_rules()}
    for method, route, seen in rows():
        access = access_of(of_rule[route].endpoint) if of_rule[route].endpoint != "static" else "public"
        if not isinstance(access, Permission):
            continue
        assert seen[STRANGER] in ("login", "401"), (method, route)
        for role in AccountRole:
            if access not in GRANTS[role]:
                assert seen[role.value] == "403", (method, route, role)
            else:
                assert seen[role.value] != "login", (method, route, role)


def test_no_stranger_and_no_reader_is_in_where_incidents_are_run_or_data_is_managed():
    of_everybody = ("/admin/account", START)  # the own account, and what leads on to where somebody may go
    for method, route, seen in rows():
        if route.startswith("/admin") and not route.startswith(of_everybody):
            assert "in" not in (seen[STRANGER], seen["stakeholder"], seen["executive"]), (method, route)


def test_words():
    assert {word_for(code, "/x") for code in (200, 303, 422)} == {"in"}
    assert [word_for(code, "") for code in (401, 403, 404)] == ["401", "403", "404"]
    assert word_for(303, "/login?next=/x") == "login"
