"""Where one is signed in, ending sessions, the own history, and mail about a new place."""

from __future__ import annotations

import pytest
from sqlalchemy import event, func, select

from majorops.db import db
from majorops.domain.browsers import describe
from majorops.models import AuditEntry, UserSession
from tests.account.conftest import MAYA, mails, sign_in
from tests.web.page import check

TAB = "/admin/account/sessions"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:149.0) Gecko/20100101 Firefox/149.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/19.1 Mobile/15E148 Safari/604.1"
)
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36"
)
SAMSUNG = (
    "Mozilla/5.0 (Linux; Android 16; SM-S938B) AppleWebKit/537.36 (KHTML, like Gecko) "
    "SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36"
)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (SAFARI, "Safari on iPhone"),
        (CHROME, "Chrome on Linux"),
        (CHROME.replace("Chrome/", "HeadlessChrome/"), "Chrome on Linux"),
        (CHROME + " Edg/143.0.0.0", "Edge on Linux"),
        (SAFARI.replace("Version/19.1", "CriOS/143.0"), "Chrome on iPhone"),
        (SAMSUNG, "Samsung Internet on Android"),
        ("curl/8.14.1", "curl/8.14.1"),
        ("x" * 500, "x" * 60),
        ("\n<b>", "<b>"),
        ("", "Unknown browser"),
        (None, "Unknown browser"),
    ],
)
def test_a_browser_is_named_in_words(sent, words):
    assert describe(sent) == words


def enter(app, agent, address, **more):
    """A browser in which Maya signed in from this place."""
    client = app.test_client()
    assert sign_in(client, headers={"User-Agent": agent}, environ_base={"REMOTE_ADDR": address}, **more)
    return client


def test_each_session_has_its_place_and_when_it_was_seen(maya, app, clock):
    here = enter(app, FIREFOX, "192.0.2.1")
    there = enter(app, SAFARI, "2001:db8::7")
    clock.tick(minutes=7)
    there.get("/admin/account")
    page = here.get(TAB)
    check(page)
    assert "Firefox on Windows, 192.0.2.1" in page.text
    assert "Safari on iPhone, 2001:db8::7" in page.text
    assert "Last seen" in page.text
    assert "2026-11-23 14:07:00" in page.text
    assert page.text.count("This one") == 1


def test_one_is_ended_and_no_other(maya, app):
    here, there, third = (enter(app, agent, "192.0.2.1") for agent in (FIREFOX, SAFARI, CHROME))
    numbers = db.session.scalars(select(UserSession.id).order_by(UserSession.id)).all()
    db.session.get(UserSession, numbers[1]).sign_out_address = "https://id.example.org/out?id_token_hint=x"
    db.session.commit()
    assert here.post(f"{TAB}/{numbers[1]}/end").status_code == 303
    assert db.session.scalar(select(UserSession.sign_out_address).filter_by(id=numbers[1])) is None
    assert "The session has ended." in here.get(TAB).text
    assert there.get("/admin/account").status_code == 303
    assert third.get("/admin/account").status_code == 200
    here.post(f"{TAB}/{numbers[1]}/end")
    assert "has ended already" in here.get(TAB).text
    here.post(f"{TAB}/{numbers[0]}/end")  # one's own is ended by signing out
    assert here.get("/admin/account").status_code == 200


def test_all_others_are_ended(maya, app):
    here, there, third = (enter(app, agent, "192.0.2.1") for agent in (FIREFOX, SAFARI, CHROME))
    assert here.post(f"{TAB}/end-others").status_code == 303
    assert "2 other sessions ended." in (page := here.get(TAB)).text
    assert "You are signed in nowhere else." in page.text
    assert {one.get("/admin/account").status_code for one in (there, third)} == {303}


def test_nobody_ends_another_persons(maya, app, cast):
    here = enter(app, FIREFOX, "192.0.2.1")
    number = db.session.scalar(select(UserSession.id))
    assert cast.browser("ada").post(f"{TAB}/{number}/end").status_code == 303
    assert here.get("/admin/account").status_code == 200


@pytest.mark.parametrize("path", ["{number}/end", "end-others"])
def test_the_streams_of_an_ended_session_end_in_every_process(maya, app, path, monkeypatch):
    here, _ = enter(app, FIREFOX, "192.0.2.1"), enter(app, SAFARI, "192.0.2.1")
    told = []
    monkeypatch.setattr(app.extensions["live"], "publish_sign_out", lambda: told.append(True))
    number = db.session.scalars(select(UserSession.id).order_by(UserSession.id)).all()[1]
    here.post(f"{TAB}/" + path.format(number=number))
    assert told


def test_who_is_too_long_away_is_not_listed(maya, app, clock):
    enter(app, SAFARI, "192.0.2.9")
    clock.tick(hours=12, minutes=6)
    page = enter(app, FIREFOX, "192.0.2.1").get(TAB).text
    assert "Safari on iPhone, 192.0.2.9" not in page.partition('id="history"')[0]


def test_use_is_kept_every_five_minutes_and_not_more_often(browser, clock):
    written = []

    def count(connection, cursor, statement, *rest):
        if statement.startswith("UPDATE user_session"):
            written.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    for _ in range(3):
        browser.get("/admin/account")
    assert not written
    clock.tick(minutes=5)
    for _ in range(3):
        browser.get("/admin/account")
    event.remove(db.engine, "before_cursor_execute", count)
    assert len(written) == 1


def test_a_database_that_takes_nothing_keeps_nobody_from_reading(browser, clock, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from majorops.web import session

    def refuse(*args, **kwargs):
        raise OperationalError("UPDATE", {}, Exception("readonly database"))

    monkeypatch.setattr(session, "note_seen", refuse)
    clock.tick(minutes=6)
    assert browser.get("/admin/account").status_code == 200


class TestHistory:
    def test_it_tells_what_happened_to_the_own_account_and_to_no_other(self, maya, app, cast, clock):
        sign_in(app.test_client(), "wrong", headers={"User-Agent": SAFARI})
        sign_in(app.test_client(), "wrong", email="ada@example.org", headers={"User-Agent": FIREFOX})
        page = enter(app, CHROME, "192.0.2.1").get(TAB)
        check(page)
        shown = page.text.partition('id="history"')[2]
        assert "Failed sign-in, wrong password. Safari on iPhone, 127.0.0.1" in shown
        assert "Signed in. E-mail and password: Chrome on Linux, 192.0.2.1" in shown
        assert "Password set by an admin, every session ended" in shown
        assert "Firefox" not in shown
        assert shown.count("account__alarming") == 1

    def test_every_kind_of_entry_about_an_account_has_words(self):
        from majorops.domain.events import AuditKind
        from majorops.domain.security_history import WORDS

        about = ("session.", "sign_in.", "second_factor.", "proof.", "reset.", "user.", "totp.", "passkey.")
        assert {kind for kind in AuditKind if kind.startswith(about)} <= set(WORDS)

    def test_it_is_bounded(self, browser, maya):
        row = {"kind": "session.started", "subject": MAYA, "actor_name": "Maya", "about_id": maya.id}
        stamp = db.session.scalar(select(AuditEntry.at).limit(1))
        db.session.execute(AuditEntry.__table__.insert(), [row | {"at": stamp} for _ in range(200)])
        db.session.commit()
        assert browser.get(TAB).text.partition('id="history"')[2].count("<li") == 50


class TestNewPlace:
    def test_not_on_the_very_first(self, maya, app):
        enter(app, FIREFOX, "192.0.2.1")
        assert not mails()

    def test_a_new_browser_at_a_new_address_is_told_of_once(self, maya, app):
        enter(app, FIREFOX, "192.0.2.1")
        enter(app, SAFARI, "198.51.100.7")
        enter(app, SAFARI, "198.51.100.7")
        (mail,) = mails()
        assert mail.address == MAYA
        assert mail.subject == "MajorOps: signed in from a new place"
        assert "Safari on iPhone, 198.51.100.7, 2026-11-23 14:00 UTC." in mail.body
        assert "Was this not you?" in mail.body

    def test_a_known_browser_at_a_new_address_is_not(self, maya, app):
        here = enter(app, FIREFOX, "192.0.2.1")
        here.post("/logout")
        assert sign_in(here, environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == 303
        assert not mails()

    def test_a_new_browser_in_the_same_network_is_not(self, maya, app):
        enter(app, FIREFOX, "2001:db8:0:1::1")
        enter(app, SAFARI, "2001:db8:0:1:ffff::2")
        assert not mails()

    def test_what_was_before_places_were_kept_is_no_place(self, maya, app):
        enter(app, FIREFOX, "192.0.2.1")
        db.session.execute(UserSession.__table__.update().values(address=None))
        db.session.commit()
        enter(app, SAFARI, "198.51.100.7")
        assert not mails()

    def test_without_a_mail_server_nothing_is_queued(self, maya, app):
        app.config["SMTP_URL"] = None
        enter(app, FIREFOX, "192.0.2.1")
        enter(app, SAFARI, "198.51.100.7")
        assert db.session.scalar(select(func.count()).select_from(UserSession)) == 2
        assert not mails()
