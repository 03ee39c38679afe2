"""Sessions: one row on the server, one token in a signed cookie,
and an end in every way a session can end.
"""

from __future__ import annotations

import time

import pytest
from sqlalchemy import event, select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.models import User, UserSession
from majorops.operations.accounts import hash_token, set_password
from majorops.web import session as sessions
from tests.cast import PASSWORD

COOKIE = "majorops"


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False, "SESSION_IDLE_HOURS": 12}


@pytest.fixture
def maya(cast, clock):
    """Maya's form, with the right password."""
    set_password(db.session.get(User, cast.maya.user_id), PASSWORD, actor=SYSTEM, now=clock())
    return {"email": "maya@example.org", "password": PASSWORD}


def is_in(client) -> bool:
    return client.get("/admin/incidents").status_code == 200


def copy_of(client, app):
    """Another browser with the same cookie."""
    other = app.test_client()
    other.set_cookie(COOKIE, client.get_cookie(COOKIE).value)
    return other


def test_nothing_of_the_strangers_session_stays(app, client, maya):
    with client.session_transaction("/login") as cookie:
        cookie["planted"] = "by somebody else"
    client.post("/login", data=maya)
    with client.session_transaction("/login") as cookie:
        assert "planted" not in cookie
        assert cookie.permanent


def test_signing_in_again_ends_the_session_before(app, client, maya):
    client.post("/login", data=maya)
    before = copy_of(client, app)
    assert client.post("/login", data=maya).status_code == 303
    assert is_in(client)
    assert not is_in(before)


def test_sign_out_ends_this_session_only(app, client, maya):
    other = app.test_client()
    for browser in (client, other):
        browser.post("/login", data=maya)
    stolen = copy_of(client, app)
    assert client.post("/logout").location == "/"
    assert not is_in(client)
    assert not is_in(stolen)
    assert is_in(other)
    assert client.post("/logout").status_code == 303  # in a second tab


def test_a_new_password_ends_every_session(app, client, maya, cast, clock):
    client.post("/login", data=maya)
    set_password(db.session.get(User, cast.maya.user_id), PASSWORD * 2, actor=SYSTEM, now=clock())
    assert not is_in(client)


def test_idle_limit_is_the_age_of_the_cookie_and_use_renews_it(app, client, maya, monkeypatch):
    client.post("/login", data=maya)
    unused, real = copy_of(client, app), time.time
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: real() + 11 * 3600)
    assert is_in(client)
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: real() + 13 * 3600)
    assert is_in(client)
    assert not is_in(unused)


def test_a_cookie_of_another_key_is_worth_nothing(app, client, maya):
    client.post("/login", data=maya)
    app.config["SECRET_KEY"] = "another-key-another-key-another-key-another"
    assert not is_in(client)


def test_secure_wherever_the_base_address_has_tls(app, client, maya):
    assert "Secure" not in client.post("/login", data=maya).headers["Set-Cookie"]
    app.config["BASE_URL"] = "https://ops.example.org"
    assert "Secure" in client.post("/login", data=maya).headers["Set-Cookie"]


@pytest.mark.parametrize("address", ["/", "/incidents/1", "/healthz"])
def test_public_answers_are_the_same_for_everybody(cast, client, address):
    cast.open()
    for browser in (client, cast.browser("maya")):
        answer = browser.get(address)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")


def test_one_query_tells_who_is_signed_in(app, cast):
    browser, asked = cast.browser("maya"), []

    def count(connection, cursor, statement, *rest):
        if "user_session" in statement:
            asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    assert is_in(browser)
    event.remove(db.engine, "before_cursor_execute", count)
    assert len(asked) == 1


def test_current_user_is_an_actor_and_a_token(app, client, maya):
    client.post("/login", data=maya)
    with client.session_transaction("/login") as cookie:
        token = cookie["_user_id"]
    someone = sessions.load(token)
    assert (someone.is_authenticated, someone.actor.email, someone.token) == (True, maya["email"], token)
    assert (sessions.Stranger().is_authenticated, sessions.Stranger().actor) == (False, None)
    assert db.session.scalar(select(UserSession).filter_by(token_hash=hash_token(token)))
    assert sessions.load("guessed") is None
