"""The second step of sign-in, a passkey alone, and what nobody gets in with."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.models import AuditEntry, Passkey, RecoveryCode, SpentChallenge, User, UserSession
from majorops.operations import second_factor
from majorops.operations.accounts import set_active, set_password
from tests.account.conftest import MAYA, add_app, add_passkey, code_of, mails, sign_in
from tests.cast import PASSWORD
from tests.passkeys import Authenticator, asked
from tests.web.page import check

SECOND = "/login/second"

ARABIC = "١٢٣٤٥٦"  # digits that are no ASCII


def is_in(client) -> bool:
    return client.get("/admin/incidents").status_code == 200


class TestCode:
    @pytest.fixture
    def phone(self, maya, clock):
        return add_app(maya, clock)

    def test_the_password_alone_begins_no_session(self, phone, client):
        before = db.session.scalar(select(func.count(UserSession.id)))
        answer = sign_in(client)
        assert (answer.status_code, answer.location) == (303, SECOND)
        assert not is_in(client)
        assert db.session.scalar(select(func.count(UserSession.id))) == before
        check(client.get(SECOND))

    def test_the_apps_code_signs_in_and_leads_to_where_it_was_wanted(self, phone, client, clock):
        client.post("/login", data={"email": MAYA, "password": PASSWORD, "next": "/new?title=x"})
        answer = client.post(SECOND, data={"code": f" {code_of(phone[0], clock)} "})
        assert answer.location == "/new?title=x"
        assert is_in(client)
        assert client.get_cookie("majorops_known", path="/login")

    @pytest.mark.parametrize("steps", [-1, 1])
    def test_a_clock_half_a_minute_off_is_taken(self, phone, client, clock, steps):
        clock.tick(minutes=5)
        sign_in(client)
        assert (
            client.post(SECOND, data={"code": code_of(phone[0], clock, steps)}).location == "/admin/incidents"
        )

    @pytest.mark.parametrize("steps", [-2, 2])
    def test_one_that_is_further_off_is_not(self, phone, client, clock, steps):
        clock.tick(minutes=5)
        sign_in(client)
        assert client.post(SECOND, data={"code": code_of(phone[0], clock, steps)}).status_code == 401

    def test_a_code_counts_once(self, phone, app, client, clock):
        code = code_of(phone[0], clock)
        sign_in(client)
        client.post(SECOND, data={"code": code})
        sign_in(thief := app.test_client())
        answer = thief.post(SECOND, data={"code": code})
        assert answer.status_code == 401
        check(answer)
        assert not is_in(thief)

    @pytest.mark.parametrize("code", ["", "000000", ARABIC, "x" * 5_000, "AAAA-BBBB-CCCC", "12345678"])
    def test_nonsense_is_one_sentence(self, phone, client, code):
        sign_in(client)
        answer = client.post(SECOND, data={"code": code})
        assert answer.status_code == 401
        assert "This proves nothing." in answer.text

    def test_ten_wrong_ones_pause_wherever_they_come_from(self, phone, app, client, clock):
        for n in range(10):
            sign_in(one := app.test_client(), environ_base={"REMOTE_ADDR": f"198.51.100.{n}"})
            one.post(SECOND, data={"code": "000000"})
        sign_in(client)
        answer = client.post(SECOND, data={"code": code_of(phone[0], clock)})
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 0
        assert not is_in(client)
        clock.tick(minutes=16)
        sign_in(client)
        assert client.post(SECOND, data={"code": code_of(phone[0], clock)}).status_code == 303

    def test_the_password_step_is_good_for_ten_minutes(self, phone, client, clock):
        sign_in(client)
        clock.tick(minutes=11)
        assert client.get(SECOND).location == "/login"
        answer = client.post(SECOND, data={"code": code_of(phone[0], clock)})
        assert (answer.status_code, is_in(client)) == (401, False)

    def test_it_ends_with_another_password_and_with_the_account(self, phone, client, maya, clock):
        sign_in(client)
        set_password(maya, PASSWORD, actor=SYSTEM, now=clock())
        assert client.post(SECOND, data={"code": code_of(phone[0], clock)}).status_code == 401
        sign_in(client)
        set_active(maya, False, actor=SYSTEM, now=clock())
        assert client.post(SECOND, data={"code": code_of(phone[0], clock)}).status_code == 401
        assert not is_in(client)

    def test_who_gave_no_password_is_not_asked(self, phone, client, clock):
        assert client.get(SECOND).location == "/login"
        assert client.post(SECOND, data={"code": code_of(phone[0], clock)}).status_code == 401

    def test_another_persons_code_opens_nothing(self, phone, client, cast, clock):
        ada = db.session.get(User, cast.ada.user_id)
        secret, _ = add_app(ada, clock)
        sign_in(client)
        assert client.post(SECOND, data={"code": code_of(secret, clock)}).status_code == 401

    def test_a_recovery_code_counts_once_and_the_owner_hears_of_it(self, phone, app, client, maya):
        code = phone[1][0]
        sign_in(client)
        assert client.post(SECOND, data={"code": code.lower()}).status_code == 303
        assert second_factor.codes_left(maya.id) == 9
        assert mails()[-1].subject == "MajorOps account: A recovery code was used, 9 left"
        sign_in(again := app.test_client())
        assert again.post(SECOND, data={"code": code}).status_code == 401
        used = db.session.scalars(select(RecoveryCode).where(RecoveryCode.used_at.is_not(None))).all()
        assert len(used) == 1

    def test_what_failed_stands_in_the_history(self, phone, client, maya):
        sign_in(client)
        client.post(SECOND, data={"code": "000000"})
        entry = db.session.scalar(select(AuditEntry).filter_by(kind="second_factor.failed"))
        assert (entry.about_id, entry.subject) == (maya.id, MAYA)
        assert "000000" not in (entry.detail or "")


class TestPasskey:
    @pytest.fixture
    def key(self, browser) -> Authenticator:
        key = add_passkey(browser)
        browser.post("/logout")
        return key

    def use(self, client, key, **change):
        options, ticket = asked(client.get("/login").text)
        given = {"credential": key.get(options | change), "ticket": ticket}
        return given, client.post("/login/passkey", data=given)

    def test_alone_it_signs_in(self, key, client):
        _, answer = self.use(client, key)
        assert answer.location == "/admin/incidents"
        assert db.session.scalars(select(UserSession.method)).all()[-1].value == "passkey"
        assert db.session.scalar(select(Passkey.used_at)) is not None

    def test_the_page_names_no_key_to_a_stranger(self, key, client):
        options, _ = asked(client.get("/login").text)
        assert options["allowCredentials"] == []
        assert options["userVerification"] == "required"

    def test_the_same_answer_is_worth_nothing_a_second_time(self, key, client, app):
        key.counts, key.count = False, 0
        db.session.scalar(select(Passkey)).sign_count = 0
        db.session.commit()
        client.get("/login")
        cookie = client.get_cookie("majorops").value
        options, ticket = asked(client.get("/login").text)
        given = {"credential": key.get(options), "ticket": ticket}
        assert client.post("/login/passkey", data=given).status_code == 303
        thief = app.test_client()
        thief.set_cookie("majorops", cookie)  # the very browser of before
        assert thief.post("/login/passkey", data=given).status_code == 401
        assert not is_in(thief)
        assert db.session.scalar(select(func.count(SpentChallenge.challenge_hash))) == 1

    def test_a_key_whose_counter_went_back_may_be_a_copy(self, key, client, app, maya):
        assert self.use(client, key)[1].status_code == 303
        key.count = 0
        _, answer = self.use(copy := app.test_client(), key)
        assert answer.status_code == 401
        assert not is_in(copy)
        entry = db.session.scalar(select(AuditEntry).filter_by(kind="passkey.refused"))
        assert (entry.about_id, entry.detail) == (maya.id, "Work laptop: its counter went back")
        assert "there may be a copy of it" in mails()[-1].subject

    @pytest.mark.parametrize("wrong", ["origin", "host", "challenge", "unverified", "key", "unknown", "bits"])
    def test_a_wrong_answer_is_one_sentence(self, key, client, wrong):
        change = {"host": {"rpId": "evil.example"}, "challenge": {"challenge": "A" * 43}}.get(wrong, {})
        if wrong == "origin":
            key.origin = "https://localhost.evil.example"
        if wrong == "unverified":
            key.flags = 0x01
        if wrong == "key":
            key.key = Authenticator().key
        if wrong == "unknown":
            key.id = b"another"
        if wrong == "bits":
            ticket = asked(client.get("/login").text)[1]
            answer = client.post("/login/passkey", data={"credential": "{}", "ticket": ticket})
        else:
            _, answer = self.use(client, key, **change)
        assert answer.status_code == 401
        check(answer)
        assert "This passkey signs nobody in here." in answer.text
        assert not is_in(client)

    def test_a_challenge_of_another_browser_or_purpose_is_not_taken(self, key, client, app):
        options, theirs = asked(app.test_client().get("/login").text)
        client.get("/login")
        given = {"credential": key.get(options), "ticket": theirs}
        assert client.post("/login/passkey", data=given).status_code == 401
        sign_in(client)
        options, ticket = asked(client.get(SECOND).text)
        given = {"credential": key.get(options), "ticket": ticket}
        assert client.post("/login/passkey", data=given).status_code == 401
        assert client.post(SECOND, data=given).status_code == 303

    def test_a_challenge_is_good_for_a_quarter_of_an_hour(self, key, client, monkeypatch):
        import time

        options, ticket = asked(client.get("/login").text)
        real = time.time
        monkeypatch.setattr("itsdangerous.timed.time.time", lambda: real() + 16 * 60)
        given = {"credential": key.get(options), "ticket": ticket}
        assert client.post("/login/passkey", data=given).status_code == 401

    def test_another_persons_passkey_is_no_second_factor_of_mine(self, key, client, app, cast, clock):
        ada = db.session.get(User, cast.ada.user_id)
        set_password(ada, PASSWORD, actor=SYSTEM, now=clock())
        hers = {"credential_id": "AAAA", "public_key": b"x", "sign_count": 0, "name": "Hers"}
        db.session.add(Passkey(user_id=ada.id, created_at=clock(), **hers))
        db.session.commit()
        sign_in(client, email=ada.email)
        options, ticket = asked(client.get(SECOND).text)
        given = {"credential": key.get(options), "ticket": ticket}
        assert client.post(SECOND, data=given).status_code == 401
        assert not is_in(client)

    def test_twenty_failures_pause_the_address(self, key, app):
        for _ in range(20):
            key.origin = "https://evil.example"
            assert self.use(app.test_client(), key)[1].status_code == 401
        key.origin = "http://localhost"
        assert self.use(app.test_client(), key)[1].status_code == 429

    def test_switched_off_accounts_and_local_sign_in(self, key, client, app, maya, clock):
        app.config["LOCAL_LOGIN"] = False
        assert client.post("/login/passkey", data={}).status_code == 403
        app.config["LOCAL_LOGIN"] = True
        set_active(maya, False, actor=SYSTEM, now=clock())
        assert self.use(client, key)[1].status_code == 401


class TestAdminsMust:
    @pytest.fixture
    def ada(self, app, cast, clock, client):
        app.config["ADMIN_SECOND_FACTOR"] = True
        set_password(db.session.get(User, cast.ada.user_id), PASSWORD, actor=SYSTEM, now=clock())
        sign_in(client, email="ada@example.org")
        return client

    @pytest.mark.parametrize("page", ["/admin/", "/admin/data/users/", "/admin/reach"])
    def test_data_management_opens_with_a_second_factor(self, ada, cast, clock, page):
        assert ada.get(page).location == "/admin/account/sign-in"
        assert "Data management opens for admins with a second" in ada.get("/admin/account/sign-in").text
        assert ada.get("/admin/incidents").status_code == 200  # no incident waits for it
        add_app(db.session.get(User, cast.ada.user_id), clock)
        assert ada.get(page).status_code == 200
        assert "Data management opens" not in ada.get("/admin/account/sign-in").text

    def test_who_comes_by_single_sign_on_has_it_there(self, ada):
        db.session.execute(UserSession.__table__.update().values(method="sso"))
        db.session.commit()
        assert ada.get("/admin/").status_code == 200

    def test_nobody_else_is_asked(self, ada, cast):
        maya = cast.browser("maya")
        assert maya.get("/admin/").status_code == 403


class TestReset:
    def test_an_admin_takes_it_away_and_it_is_recorded(self, maya, cast, clock, client):
        add_app(maya, clock)
        ada = cast.browser("ada")
        page = ada.get(f"/admin/data/users/details/?id={maya.id}")
        assert "Code of an authenticator app" in page.text
        assert ada.post(f"/admin/data/users/reset-factors/?id={maya.id}").status_code == 303
        assert "has no second factor any more" in ada.get("/admin/data/users/").text
        assert sign_in(client).location == "/admin/incidents"
        entry = db.session.scalar(select(AuditEntry).filter_by(kind="user.factors_reset"))
        assert (entry.subject, entry.actor_name, entry.about_id) == (MAYA, "Ada Lindqvist", maya.id)
        assert mails()[-1].subject == "MajorOps account: The second factor was reset by Ada Lindqvist"

    def test_every_session_ends_with_it(self, browser, maya, cast):
        add_passkey(browser)
        cast.browser("ada").post(f"/admin/data/users/reset-factors/?id={maya.id}")
        assert not is_in(browser)
        assert db.session.scalar(select(func.count(Passkey.id))) == 0

    def test_by_the_command_line(self, app, maya, clock):
        runner = app.test_cli_runner()
        none = runner.invoke(args=["users", "reset-second-factor", MAYA])
        assert (none.exit_code, "has no second factor" in none.output) == (1, True)
        add_app(maya, clock)
        assert "password alone" in runner.invoke(args=["users", "reset-second-factor", MAYA]).output
        assert not second_factor.factors_of(maya.id)
