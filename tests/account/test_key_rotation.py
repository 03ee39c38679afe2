"""Another secret key takes over: what the old one signed is taken until the old one is taken out."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from majorops import create_app
from majorops.asgi.session_cookie import SessionCookie
from majorops.db import db
from majorops.domain.enums import BriefPage, ChannelKind, SignInMethod
from majorops.models import BriefLink, Subscriber, User
from majorops.notifications.links import CONFIRM, MANAGE, link_token, whose
from majorops.operations import resets, second_factor
from majorops.operations.accounts import start_session
from majorops.operations.briefs import brief_token, make_link
from majorops.realtime.tickets import Ticket
from majorops.signing import Sealer, keys_of
from majorops.web.session import KNOWN_COOKIE, sign_in_client
from tests.account.conftest import add_app, code_of, sign_in
from tests.conftest import SECRET

FRESH = "fresh-key-fresh-key-fresh-key-fresh-key"


@pytest.fixture
def with_key(settings):
    """Make an application on the same database, with other keys."""
    made = []

    def make(key: str, *old: str):
        app = create_app(
            settings | {"SECRET_KEY": key, "SECRET_KEY_FALLBACKS": old, "WTF_CSRF_ENABLED": True}
        )
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["live"].stop()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def moved(client, app, *names: str):
    """A browser at this application with the cookies that it had at another."""
    copy = app.test_client()
    for name, path in names:
        copy.set_cookie(name, client.get_cookie(name, path=path).value, path=path)
    return copy


def ask(app, client) -> int:
    """How this browser is answered, in a context of its own."""
    with app.app_context():
        return client.get("/admin/account").status_code


SESSION = ("majorops", "/")


def test_sessions_go_on_and_are_signed_anew(cast, app, with_key, clock):
    client = app.test_client()
    user = db.session.get(User, cast.maya.user_id)
    sign_in_client(client, start_session(user, method=SignInMethod.LOCAL, actor=user.actor, now=clock()))
    rotating, done = with_key(FRESH, SECRET), with_key(FRESH)
    db.session.remove()
    old = moved(client, rotating, SESSION)
    assert ask(rotating, old) == 200
    headers = [(b"cookie", f"majorops={client.get_cookie('majorops').value}".encode())]
    assert SessionCookie(rotating).is_signed_in(headers)
    assert not SessionCookie(done).is_signed_in(headers)
    assert ask(done, moved(client, done, SESSION)) == 303
    assert ask(done, moved(old, done, SESSION)) == 200


def test_a_form_that_stood_open_is_taken(cast, app, with_key, clock):
    import re

    before, rotating = with_key(SECRET), with_key(FRESH, SECRET)
    client = before.test_client()
    user = db.session.get(User, cast.maya.user_id)
    sign_in_client(client, start_session(user, method=SignInMethod.LOCAL, actor=user.actor, now=clock()))
    db.session.remove()
    with before.app_context():
        page = client.get("/admin/account/keys").text
    token = re.search(r'name="csrf_token" value="([^"]*)"', page)[1]
    with rotating.app_context():
        later = moved(client, rotating, SESSION)
        data = {"csrf_token": token, "single_keys": "off"}
        assert later.post("/admin/account/keys", data=data).status_code == 303


def test_a_browser_stays_known(maya, app, with_key):
    sign_in(client := app.test_client())
    rotating, done = with_key(FRESH, SECRET), with_key(FRESH)
    for other, is_known in ((rotating, True), (done, False)):
        from majorops.web.session import known_browsers

        value = client.get_cookie(KNOWN_COOKIE, path="/login").value
        with other.test_request_context("/login", headers={"Cookie": f"{KNOWN_COOKIE}={value}"}):
            assert bool(known_browsers()) is is_known


def test_links_of_subscribers_tickets_of_streams_and_resets(maya, app, with_key, clock):
    given = {"kind": ChannelKind.EMAIL, "address": "v@b.cd", "nonce": "n", "created_at": clock()}
    db.session.add(row := Subscriber(**given, changed_at=clock()))
    db.session.commit()
    link = link_token(keys_of(app.config), MANAGE, row)
    follow = link_token(keys_of(app.config), CONFIRM, row, 77)
    ticket = app.extensions["tickets"].issue(Ticket("1", 1, "Maya"))
    reset = resets.reset_token(db.session.get(User, maya.id), app.config)
    for other, is_taken in ((with_key(FRESH, SECRET), True), (with_key(FRESH), False)):
        with other.test_request_context():
            assert bool(whose(keys_of(other.config), MANAGE, link)) is is_taken
            found = whose(keys_of(other.config), CONFIRM, follow)
            assert (found[1] if found else None) == (77 if is_taken else None)
            assert bool(other.extensions["tickets"].read(ticket)) is is_taken
            assert bool(resets.whose_reset(reset)) is is_taken
            db.session.remove()


def test_a_mailed_link_to_a_brief_is_still_known(cast, app, clock):
    incident, who = cast.open(), {"actor": cast.maya, "now": clock()}
    given = {"page": BriefPage.BRIEF, "name": "Legal", "hours": 1, "email": "l@b.cd"}
    token = make_link(incident, **given, **who)
    link = db.session.scalar(select(BriefLink))
    assert brief_token(link, [SECRET, FRESH]) == token
    assert brief_token(link, [FRESH]) == ""


def test_what_is_new_is_signed_with_the_new_key(with_key, cast):
    rotating, done = with_key(FRESH, SECRET), with_key(FRESH)
    ticket = rotating.extensions["tickets"].issue(Ticket("1", 1, "Maya"))
    assert done.extensions["tickets"].read(ticket)


def test_processes_hear_each_other_while_the_key_changes(settings):
    from majorops.realtime.invalidation import relay_for

    config = settings | {"REDIS_URL": "redis://localhost:1", "SECRET_KEY_FALLBACKS": ()}
    before, rotating = (
        relay_for(config),
        relay_for(config | {"SECRET_KEY": FRESH, "SECRET_KEY_FALLBACKS": (SECRET,)}),
    )
    assert before._channel == rotating._channel


class TestSealed:
    def test_use_seals_anew_and_the_command_the_rest(self, maya, cast, app, with_key, clock):
        ada = db.session.get(User, cast.ada.user_id)
        secret, _ = add_app(maya, clock)
        add_app(ada, clock)
        number, hers = maya.id, ada.id
        rotating, done = with_key(FRESH, SECRET), with_key(FRESH)
        db.session.remove()
        with rotating.app_context():
            client = rotating.test_client()
            rotating.config["WTF_CSRF_ENABLED"] = False
            sign_in(client)
            assert client.post("/login/second", data={"code": code_of(secret, clock)}).status_code == 303
            new = Sealer([FRESH], second_factor.APP_SECRET)
            sealed = dict(db.session.execute(select(User.id, User.totp_secret)).all())
            assert new.is_newest(sealed[number])
            assert not new.is_newest(sealed[hers])
            db.session.remove()
        for count in (1, 0):
            with rotating.app_context():
                ran = rotating.test_cli_runner().invoke(args=["rotate-secrets"])
            assert f"{count} sealed anew" in ran.output
        with done.app_context():
            sealed = db.session.scalar(select(User.totp_secret).filter_by(id=hers))
            assert second_factor.app_sealer().open(sealed)
            db.session.remove()

    def test_for_one_purpose_and_one_key(self):
        sealed = Sealer([SECRET], "a").seal("x")
        assert Sealer([SECRET, FRESH], "a").open(sealed) == "x"
        for keys, purpose in (([SECRET], "b"), ([FRESH], "a")):
            with pytest.raises(ValueError, match="not sealed"):
                Sealer(keys, purpose).open(sealed)


def test_keys_of_before_are_checked_too():
    import config

    given = {"MAJOROPS_SECRET_KEY": FRESH, "MAJOROPS_SECRET_KEY_FALLBACKS": f"{SECRET}  {'x' * 32}"}
    assert config.load(given).SECRET_KEY_FALLBACKS == (SECRET, "x" * 32)
    with pytest.raises(config.ConfigError, match="SECRET_KEY_FALLBACKS: use at least 32"):
        config.load(given | {"MAJOROPS_SECRET_KEY_FALLBACKS": f"{SECRET} short"})
