"""Password, authenticator app, passkeys and recovery codes, as their owner changes them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.enums import SecondFactor
from majorops.models import AuditEntry, Passkey, RecoveryCode, User, UserSession
from majorops.operations import second_factor
from majorops.operations.accounts import hash_token
from tests.account.conftest import MAYA, add_app, add_passkey, code_of, kept, mails, sign_in
from tests.cast import PASSWORD
from tests.passkeys import Authenticator, asked
from tests.web.page import check

TAB = "/admin/account/sign-in"
NEW = "another horse, another battery"


def kinds() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)))


def change(browser, **given):
    data = {"old_password": PASSWORD, "password": NEW, "again": NEW} | given
    return browser.post(f"{TAB}/password", data=data)


class TestPassword:
    def test_a_new_one_ends_the_other_sessions_and_keeps_this_one(self, browser, app):
        other = app.test_client()
        sign_in(other)
        assert change(browser).status_code == 303
        assert "1 other session ended." in browser.get(TAB).text
        assert other.get("/admin/account").status_code == 303
        assert sign_in(app.test_client()).status_code == 401
        assert sign_in(app.test_client(), NEW).status_code == 303
        assert "user.password_changed" in kinds()
        assert [mail.subject for mail in mails()] == ["MajorOps account: Your password was changed"]

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({"old_password": "wrong"}, "This is not the password."),
            ({"old_password": ""}, "This is not the password."),
            ({"password": "short", "again": "short"}, "12 to 200 characters"),
            ({"password": MAYA, "again": MAYA}, "is not the e-mail address"),
            ({"again": "something else"}, "Type the new password twice."),
        ],
    )
    def test_a_refusal_stands_at_its_field_and_changes_nothing(self, browser, app, given, says):
        answer = change(browser, **given)
        assert answer.status_code == 422
        check(answer)
        assert says in answer.text
        assert not any(typed and f'value="{typed}"' in answer.text for typed in (PASSWORD, NEW))
        assert sign_in(app.test_client()).status_code == 303

    def test_guesses_at_the_old_one_pause_and_a_right_one_among_them_learns_nothing(self, browser, clock):
        for _ in range(10):
            assert "This is not the password." in change(browser, old_password="wrong").text
        assert "Too many wrong answers. The next one counts from 14:15:00 UTC." in change(browser).text
        assert kinds().count("proof.failed") == 10
        clock.tick(minutes=16)
        assert change(browser).status_code == 303


class TestApp:
    def test_it_is_set_up_by_its_first_code(self, browser, maya, clock):
        page = browser.post(f"{TAB}/app")
        check(page)
        assert "<svg" in page.text
        secret = re.search(r'id="app-key">([^<]*)<', page.text)[1].replace(" ", "")
        sealed = re.search(r'name="sealed" value="([^"]*)"', page.text)[1]
        assert secret not in sealed
        wrong = browser.post(f"{TAB}/app/confirm", data={"sealed": sealed, "code": "000000"})
        assert (wrong.status_code, "not the app&#39;s code" in wrong.text) == (422, True)
        assert secret in wrong.text.replace(" ", "")  # the same one: the phone has it already
        assert not second_factor.factors_of(maya.id)
        shown = browser.post(f"{TAB}/app/confirm", data={"sealed": sealed, "code": code_of(secret, clock)})
        codes = re.findall(r"<li>([A-Z2-7-]{19})</li>", shown.text)
        assert len(set(codes)) == 10
        assert second_factor.factors_of(maya.id) == [SecondFactor.APP]
        assert "10 of 10 not used yet" in browser.get(TAB).text
        stored = db.session.scalar(select(User.totp_secret).filter_by(id=maya.id))
        assert secret not in stored
        assert second_factor.app_sealer().open(stored) == secret
        hashes = set(db.session.scalars(select(RecoveryCode.code_hash)))
        assert hashes == {hash_token(code.replace("-", "")) for code in codes}

    def test_a_secret_sealed_for_another_account_is_not_taken(self, browser, cast, app, clock):
        page = browser.post(f"{TAB}/app").text
        sealed = re.search(r'name="sealed" value="([^"]*)"', page)[1]
        secret = re.search(r'id="app-key">([^<]*)<', page)[1].replace(" ", "")
        ada = db.session.get(User, cast.ada.user_id)
        ada.password_hash = "x"
        db.session.commit()
        data = {"sealed": sealed, "code": code_of(secret, clock)}
        answer = cast.browser("ada").post(f"{TAB}/app/confirm", data=data)
        assert answer.status_code == 303
        assert not second_factor.factors_of(cast.ada.user_id)

    def test_removing_asks_for_password_or_passkey_even_just_after_sign_in(self, browser, maya, clock):
        secret, _ = add_app(maya, clock)
        asks = browser.post(f"{TAB}/app/remove")
        check(asks)
        assert asks.status_code == 403
        assert 'name="proof_code"' not in asks.text  # who has only the phone cannot take it away
        given = {"kept": kept(asks), "proof_code": code_of(secret, clock)}
        assert browser.post(f"{TAB}/app/remove", data=given).status_code == 403
        given = {"kept": kept(asks), "proof_password": "wrong"}
        assert "This is not the password." in browser.post(f"{TAB}/app/remove", data=given).text
        assert second_factor.factors_of(maya.id)
        given = {"kept": kept(asks), "proof_password": PASSWORD}
        assert browser.post(f"{TAB}/app/remove", data=given).status_code == 303
        assert not second_factor.factors_of(maya.id)
        assert db.session.scalar(select(func.count(RecoveryCode.id))) == 0
        assert mails()[-1].subject == "MajorOps account: The authenticator app was removed"


class TestPasskeys:
    def test_one_is_added_with_a_name_and_brings_recovery_codes(self, browser, maya):
        add_passkey(browser)
        row = db.session.scalar(select(Passkey))
        assert (row.name, row.user_id, row.used_at) == ("Work laptop", maya.id, None)
        page = browser.get(TAB)
        check(page)
        assert "Work laptop" in page.text
        assert "10 of 10 not used yet" in page.text
        add_passkey(browser, "Phone")
        assert "The passkey is added." in browser.get(TAB).text
        assert db.session.scalar(select(func.count(RecoveryCode.id))) == 10

    @pytest.mark.parametrize("wrong", ["origin", "host", "challenge", "unverified", "type", "nonsense"])
    def test_what_the_browser_may_not_answer_is_refused(self, browser, wrong):
        key = Authenticator("https://evil.example" if wrong == "origin" else "http://localhost")
        options, ticket = asked(browser.post(f"{TAB}/passkeys/new").text)
        if wrong == "host":
            options["rp"]["id"] = "evil.example"
        if wrong == "challenge":
            options["challenge"] = "A" * 43
        if wrong == "unverified":
            key.flags = 0x01
        made = key.get({**options, "rpId": "localhost"}) if wrong == "type" else key.create(options)
        given = {"credential": "[" * 9_000 if wrong == "nonsense" else made, "ticket": ticket}
        answer = browser.post(f"{TAB}/passkeys", data=given)
        assert answer.status_code == 422
        check(answer)
        assert "Nothing was added." in answer.text
        assert db.session.scalar(select(func.count(Passkey.id))) == 0

    def test_a_challenge_of_another_purpose_or_browser_is_not_taken(self, browser, app):
        sign_in(other := app.test_client())
        key = Authenticator()
        _, for_sign_in = asked(app.test_client().get("/login").text)
        options, of_other = asked(other.post(f"{TAB}/passkeys/new").text)
        for ticket in (for_sign_in, of_other, "forged", ""):
            given = {"credential": key.create(options), "ticket": ticket}
            assert browser.post(f"{TAB}/passkeys", data=given).status_code == 422
        assert db.session.scalar(select(func.count(Passkey.id))) == 0

    def test_a_known_one_is_not_added_twice(self, browser):
        key = add_passkey(browser)
        options, ticket = asked(browser.post(f"{TAB}/passkeys/new").text)
        assert [one["id"] for one in options["excludeCredentials"]]
        given = {"credential": key.create(options), "ticket": ticket}
        assert "known already" in browser.post(f"{TAB}/passkeys", data=given).text

    def test_one_more_than_the_most_is_not_added(self, browser, monkeypatch):
        monkeypatch.setattr(second_factor, "MOST_PASSKEYS", 1)
        add_passkey(browser)
        options, ticket = asked(browser.post(f"{TAB}/passkeys/new").text)
        given = {"credential": Authenticator().create(options), "ticket": ticket}
        assert "1 passkeys are the most" in browser.post(f"{TAB}/passkeys", data=given).text
        assert db.session.scalar(select(func.count(Passkey.id))) == 1

    def test_one_is_removed_with_itself_as_the_proof(self, browser):
        key = add_passkey(browser)
        number = db.session.scalar(select(Passkey.id))
        asks = browser.post(f"{TAB}/passkeys/{number}/remove")
        options, ticket = asked(asks.text)
        given = {"kept": kept(asks), "proof_credential": key.get(options), "proof_ticket": ticket}
        assert browser.post(f"{TAB}/passkeys/{number}/remove", data=given).status_code == 303
        assert "The passkey Work laptop is removed." in browser.get(TAB).text
        assert db.session.scalar(select(func.count(Passkey.id))) == 0

    def test_nobody_removes_another_persons(self, browser, maya, cast, app):
        add_passkey(browser)
        number = db.session.scalar(select(Passkey.id))
        ada = db.session.get(User, cast.ada.user_id)
        ada.password_hash = maya.password_hash
        db.session.commit()
        path, theirs = f"{TAB}/passkeys/{number}/remove", cast.browser("ada")
        given = {"kept": kept(theirs.post(path)), "proof_password": PASSWORD}
        assert theirs.post(path, data=given).status_code == 303
        assert "This passkey is gone already." in theirs.get(TAB).text
        assert db.session.scalar(select(func.count(Passkey.id))) == 1

    @pytest.mark.parametrize(
        ("base", "host", "says"),
        [
            (None, "ops.example.org", "Passkeys need https; this page came over http."),
            (None, "192.0.2.7", "Passkeys need a host name; this address is a number."),
            ("https://ops.example.org", "new.example.org", "Passkeys work at https://ops.example.org"),
            ("https://ops.example.org", "ops.example.org", ""),
            (None, "localhost", ""),
        ],
    )
    def test_a_page_says_where_the_browser_would_allow_none(self, app, maya, base, host, says):
        app.config["BASE_URL"], client = base, app.test_client()
        login = client.get("/login", base_url=f"http://{host}")
        assert (says in login.text) if says else ('data-passkey="get"' in login.text)
        assert bool(says) == ('data-passkey="get"' not in login.text)


class TestRecoveryCodes:
    def test_new_ones_replace_the_old(self, browser, maya, clock):
        _, old = add_app(maya, clock)
        shown = browser.post(f"{TAB}/recovery-codes").text
        codes = re.findall(r"<li>([A-Z2-7-]{19})</li>", shown)
        assert len(codes) == 10
        assert not set(codes) & set(old)
        assert second_factor.codes_left(maya.id) == 10

    def test_without_a_factor_there_are_none(self, browser):
        assert browser.post(f"{TAB}/recovery-codes").status_code == 303
        assert "Set one up first." in browser.get(TAB).text


class TestWhoSignsInElsewhere:
    def test_nothing_of_passwords_is_shown_after_single_sign_on(self, maya, cast, app):
        client = cast.browser("maya")
        db.session.execute(UserSession.__table__.update().values(method="sso"))
        db.session.commit()
        shown = client.get("/admin/account").text
        assert "Sign-in" not in shown
        assert "assword" not in shown
        posts = ("", "/password", "/app", "/app/confirm", "/app/remove", "/passkeys/new", "/passkeys")
        assert client.get(TAB).status_code == 404
        assert {client.post(TAB + path).status_code for path in posts[1:]} == {404}

    def test_nor_where_local_sign_in_is_switched_off(self, browser, app):
        app.config["LOCAL_LOGIN"] = False
        assert browser.get(TAB).status_code == 404
        assert browser.get("/admin/account").status_code == 200


def test_security_settings_ask_again_after_a_quarter_of_an_hour(browser, clock):
    clock.tick(minutes=14)
    assert browser.post(f"{TAB}/app").status_code == 200
    clock.now += timedelta(minutes=2)
    for path in ("/app", "/passkeys/new", "/recovery-codes"):
        assert browser.post(TAB + path).status_code == 403, path
