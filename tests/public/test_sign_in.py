"""Local sign-in, sessions, the first admin."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.models import AuditEntry, User, UserSession
from majorops.operations.accounts import set_active, set_password
from majorops.public.first_run import console_line, one_time_code
from tests.cast import PASSWORD
from tests.notifications.receivers import MailServer
from tests.web.page import check


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def with_password(cast, clock):
    user = db.session.get(User, cast.maya.user_id)
    set_password(user, PASSWORD, actor=SYSTEM, now=clock())
    return cast


def sign_in(client, password=PASSWORD, email="maya@example.org", **more):
    return client.post("/login", data={"email": email, "password": password, **more})


def test_sign_in_lands_where_it_was_wanted(with_password, client):
    answer = sign_in(client, next="/new?title=x")
    assert (answer.status_code, answer.location) == (303, "/new?title=x")
    assert client.get("/new").status_code == 200


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", ""]
)
def test_only_our_own_addresses_are_followed(with_password, client, wanted):
    assert sign_in(client, next=wanted).location == "/admin/incidents"


def test_a_wrong_password_tells_nothing(with_password, client):
    known, unknown = sign_in(client, "wrong"), sign_in(client, "wrong", email="nobody@example.org")
    assert known.status_code == unknown.status_code == 401
    check(known)
    assert 'value="maya@example.org"' in known.text
    bare = [
        re.sub(
            r'name="(csrf_token|ticket)" value="[^"]*"|data-options="[^"]*"|maya@|nobody@', "", answer.text
        )
        for answer in (known, unknown)
    ]
    assert bare[0] == bare[1]


def test_ten_failures_pause(with_password, client, clock):
    for _ in range(10):
        sign_in(client, "wrong")
    assert "The next try counts from 14:15:00" in sign_in(client).text
    clock.tick(minutes=16)
    assert sign_in(client).status_code == 303


def test_a_browser_that_signed_in_before_passes_while_others_are_paused(with_password, app, client):
    assert sign_in(client).status_code == 303
    cookie = client.get_cookie("majorops_known", path="/login")
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")
    assert "maya" not in cookie.value
    stranger = app.test_client()
    for _ in range(10):
        sign_in(stranger, "wrong")
    assert sign_in(stranger).status_code == 429
    client.post("/logout")
    assert sign_in(client).status_code == 303
    stranger.set_cookie("majorops_known", cookie.value[:-3] + "abc", path="/login")
    assert sign_in(stranger).status_code == 429


def test_an_admin_lifts_a_pause_at_the_account(with_password, client):
    for _ in range(10):
        sign_in(client, "wrong")
    ada, maya = with_password.browser("ada"), with_password.maya.user_id
    page = ada.get(f"/admin/data/users/details/?id={maya}").text
    assert "paused from 1 address" in page
    assert ada.post(f"/admin/data/users/unlock/?id={maya}").status_code == 303
    assert "Not paused." in ada.get(f"/admin/data/users/details/?id={maya}").text
    assert sign_in(client).status_code == 303


def test_session_is_rotated_and_ends_on_the_server(with_password, app):
    client, thief = app.test_client(), app.test_client()
    client.get("/login")
    answer = sign_in(client)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    stolen = client.get_cookie("majorops").value
    thief.set_cookie("majorops", stolen)
    assert thief.get("/admin/incidents").status_code == 200
    assert client.post("/logout").status_code == 303
    assert thief.get("/admin/incidents").status_code == 303
    assert client.get("/admin/incidents").status_code == 303


def test_cookie_is_secure_behind_tls(with_password, client):
    answer = client.post(
        "/login", data={"email": "maya@example.org", "password": PASSWORD}, base_url="https://localhost"
    )
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in answer.headers


def test_absolute_limit(with_password, client, clock):
    sign_in(client)
    clock.tick(hours=71)
    assert client.get("/admin/incidents").status_code == 200
    clock.tick(hours=2)
    assert client.get("/admin/incidents").status_code == 303


def test_idle_limit(with_password, app, client, monkeypatch):
    sign_in(client)
    app.permanent_session_lifetime = timedelta(seconds=-1)
    assert client.get("/admin/incidents").status_code == 303


def test_switched_off_account_is_out_at_once(with_password, client, clock):
    sign_in(client)
    set_active(db.session.get(User, with_password.maya.user_id), False, actor=SYSTEM, now=clock())
    assert client.get("/admin/incidents").status_code == 303
    assert sign_in(client).status_code == 401


def test_tokens_are_kept_only_as_hashes(with_password, client):
    sign_in(client)
    db.session.rollback()
    row = db.session.scalars(select(UserSession)).all()[-1]
    assert len(row.token_hash) == 64
    assert db.session.scalar(select(AuditEntry).filter_by(kind="session.started"))


def test_who_reads_only_can_sign_out(cast):
    xin = cast.browser("xin")
    page = xin.get("/login")
    check(page)
    assert "Xin Zhao" in page.text
    assert xin.post("/logout").status_code == 303
    assert "Xin Zhao" not in xin.get("/login").text


class TestFirstRun:
    def test_everything_leads_to_setup(self, app, client):
        assert client.get("/").location == "/setup"
        assert client.get("/login").location == "/setup"
        check(client.get("/setup"))
        assert one_time_code(app) in console_line(app)

    @pytest.mark.parametrize(
        ("mode", "says"),
        [
            ("good", "The mail server took the test to ada@example.org."),
            ("refuses", "did not arrive. The mail server answered 550: nobody here"),
            (None, "did not arrive. No channel set: MAJOROPS_SMTP_URL is not configured."),
        ],
    )
    def test_the_first_admin_is_sent_a_message_and_told_whether_it_arrived(self, app, client, mode, says):
        server = MailServer(mode or "good")
        app.config["SMTP_URL"] = mode and server.url
        given = {"code": one_time_code(app), "name": "Ada", "email": "ada@example.org", "password": PASSWORD}
        shown = client.get(client.post("/setup", data=given).location).text
        assert says in shown
        assert ("To: ada@example.org" in "".join(server.mails)) is (mode == "good")
        server.mode, server.mails = "good", []
        app.config["SMTP_URL"] = server.url
        client.post("/admin/reach")  # mended, and tried again
        assert "The mail server took the test" in client.get("/admin/reach").text
        runner = app.test_cli_runner()
        assert (
            "took the test to b@example.org"
            in runner.invoke(args=["check", "--send-test", "b@example.org"]).output
        )
        server.mode = "refuses"
        failed = runner.invoke(args=["check", "--send-test", "b@example.org"])
        server.stop()
        assert (failed.exit_code, len(server.mails)) == (1, 2)
        assert "answered 550" in failed.output

    def test_the_code_makes_the_first_admin_once(self, app, client):
        given = {
            "code": one_time_code(app).lower(),
            "name": "Ada",
            "email": "ADA@example.org",
            "password": PASSWORD,
        }
        assert client.post("/setup", data=given).location == "/admin/first-steps"
        assert client.get("/admin/").status_code == 200
        assert app.test_client().get("/setup").location == "/login"
        again = app.test_client().post("/setup", data=given | {"email": "eve@example.org"})
        assert again.status_code == 422
        db.session.rollback()
        assert db.session.scalars(select(User.email)).all() == ["ada@example.org"]
        assert console_line(app) is None

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("code", "AAAA", "not the code"),
            ("password", "short", "12 to 200"),
            ("email", "x", "e-mail address"),
            ("name", "", "1 to 120"),
        ],
    )
    def test_bad_input_is_kept(self, app, client, field, value, sentence):
        given = {"code": one_time_code(app), "name": "Ada", "email": "ada@example.org", "password": PASSWORD}
        answer = client.post("/setup", data=given | {field: value})
        assert answer.status_code == 422
        check(answer)
        assert sentence in answer.text
        assert PASSWORD not in answer.text

    def test_wrong_codes_pause(self, app, client):
        for _ in range(10):
            client.post("/setup", data={"code": "AAAA"})
        given = {"code": one_time_code(app), "name": "Ada", "email": "ada@example.org", "password": PASSWORD}
        assert "Too many wrong codes" in client.post("/setup", data=given).text
