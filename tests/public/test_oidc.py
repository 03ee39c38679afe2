"""Single sign-on against a strict provider that runs as a process of its own on loopback."""

from __future__ import annotations

import re
import secrets
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import AccountRole
from majorops.models import User, UserSession
from majorops.operations.accounts import add_user, set_password
from majorops.web import provider_http as provider_line
from tests.cast import PASSWORD
from tests.public.oidc_provider import CLIENT_ID, CLIENT_SECRET
from tests.waiting import NEVER, wait_for
from tests.web.page import check

pytestmark = pytest.mark.machine_clock


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def mode() -> str:
    return "good"


@pytest.fixture
def provider(mode):
    """The provider's address; the process ends with the test."""
    yield from running(free_port(), mode)


def running(port: int, mode: str):
    """The provider as a process on this port, until the generator is closed."""
    command = [sys.executable, "-m", "tests.public.oidc_provider", "--port", str(port), "--mode", mode]
    process = subprocess.Popen([*command, "--redirect-uri", "http://localhost/auth/callback"])
    try:
        wait_for(lambda: is_there(port), "the provider's first answer")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def is_there(port: int) -> bool:
    with suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), timeout=10):
        return True
    return False


@pytest.fixture
def issuer(provider) -> str:
    return provider


@pytest.fixture
def settings(settings, issuer):
    return settings | {
        "OIDC_ISSUER": issuer,
        "OIDC_CLIENT_ID": CLIENT_ID,
        "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "OIDC_ROLE_MAP": {"on-call": "mim", "ops": "admin"},
        "WTF_CSRF_ENABLED": False,
    }


def go_to_provider(client, wanted: str = "") -> str:
    answer = client.get(f"/login/oidc?next={wanted}")
    assert answer.status_code in (302, 303), answer.text
    return answer.location


def callback(address: str, person: str = "mia", groups: str | None = None) -> str:
    """What the provider sends the browser back to, as path and query."""
    picked = f"&person={person}" + ("" if groups is None else f"&groups={groups}")
    answer = requests.get(address + picked, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def test_sign_in_with_group_to_role(app, cast, client):
    address = go_to_provider(client, "/new%3Ftitle%3Dx")
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["nonce"]
    assert asked["state"]
    answer = client.get(callback(address))
    assert (answer.status_code, answer.location) == (303, "/new?title=x")
    assert client.get("/new").status_code == 200
    db.session.rollback()
    user = db.session.scalar(select(User).filter_by(email="mia@example.org"))
    assert (user.role, user.name) == (AccountRole.MIM, "Mia Sato")


def test_without_a_mapped_group_a_stakeholder(app, cast, client):
    client.get(callback(go_to_provider(client), "gus"))
    db.session.rollback()
    assert db.session.scalar(select(User.language).filter_by(email="gus@example.org")) == "de"
    assert db.session.scalar(select(User.role).filter_by(email="gus@example.org")) is AccountRole.STAKEHOLDER
    assert client.get("/admin/incidents").status_code == 403


def test_replayed_or_foreign_callback_is_refused(app, cast, client):
    back = callback(go_to_provider(client))
    stranger = app.test_client()
    assert stranger.get(back).status_code == 400
    assert client.get(back).status_code == 303
    assert app.test_client().get(back).status_code == 400
    assert client.get(back.replace("state=", "state=x")).status_code == 400


def test_tampered_pkce_is_refused(app, cast, client):
    address = go_to_provider(client)
    challenge = parse_qs(urlsplit(address).query)["code_challenge"][0]
    back = callback(address.replace(challenge, "A" * len(challenge)))
    answer = client.get(back)
    assert answer.status_code == 400
    assert client.get("/new").status_code == 303


@pytest.mark.parametrize("mode", ["wrong_nonce", "bad_signature", "expired", "denied"])
def test_a_wrong_answer_signs_nobody_in(app, cast, client, mode):
    answer = client.get(callback(go_to_provider(client)))
    assert answer.status_code == 400, answer.text
    check(answer)
    assert "Sign in with a password" in answer.text
    assert client.get("/new").status_code == 303


@pytest.mark.parametrize(
    "mode", ["garbage", "broken", "slow", "trickle", "trickle_headers", "endless", "wrong_issuer"]
)
def test_a_provider_in_trouble_gets_one_clear_page_and_is_not_waited_for(app, cast, client, mode):
    answer = client.get("/login/oidc?next=/new")
    assert answer.status_code == 503
    check(answer)
    assert "/login?next=/new" in answer.text


def role_of(email: str) -> AccountRole | None:
    db.session.rollback()
    return db.session.scalar(select(User.role).filter_by(email=email))


def test_the_highest_mapped_group_counts_at_every_sign_in(app, cast, client):
    steps = [("staff,on-call,ops", "admin"), ("on-call", "mim"), ("staff", "stakeholder"), ("ops", "admin")]
    for groups, role in steps:
        back = callback(go_to_provider(client), "gus", groups)
        assert client.get(back).status_code == 303
        assert role_of("gus@example.org") == role, groups


def test_whoever_left_the_group_loses_the_power_also_where_it_was_given_by_hand(app, cast, client, clock):
    given = {"email": "gus@example.org", "name": "Gus", "role": AccountRole.MIM}
    add_user(**given, actor=cast.ada, now=clock())
    assert client.get(callback(go_to_provider(client), "gus")).status_code == 303
    assert role_of("gus@example.org") is AccountRole.STAKEHOLDER
    answer = client.get("/admin/incidents")
    assert answer.status_code == 403
    check(answer)
    assert "You are Gus, Stakeholder." in answer.text
    assert "This needs the role Admin, MIM or Responder." in answer.text
    assert 'action="/logout"' in answer.text
    assert 'href="/briefs"' in answer.text


class TestNobody:
    @pytest.fixture
    def settings(self, settings):
        return settings | {"OIDC_UNMAPPED": "nobody"}

    def test_without_a_mapped_group_is_refused_with_what_is_missing_and_whom_to_ask(self, app, cast, client):
        answer = client.get(callback(go_to_provider(client), "gus"))
        assert answer.status_code == 403
        check(answer)
        assert "on-call, ops" in answer.text
        assert "ada@example.org" in answer.text
        assert "/end?from=us&amp;client_id=majorops" in answer.text  # another account is one press away
        assert role_of("gus@example.org") is None

    def test_who_is_refused_loses_role_and_sessions(self, app, cast, client):
        assert client.get(callback(go_to_provider(client), "gus", "on-call")).status_code == 303
        other = app.test_client()
        assert other.get(callback(go_to_provider(other), "gus", "staff")).status_code == 403
        assert role_of("gus@example.org") is AccountRole.STAKEHOLDER
        assert client.get("/new").status_code == 303


@pytest.mark.parametrize("mode", ["wrong_secret"])
def test_a_wrong_secret_is_named_as_such(app, cast, client, mode):
    answer = client.get(callback(go_to_provider(client)))
    assert answer.status_code == 503
    check(answer)
    assert "MAJOROPS_OIDC_CLIENT_SECRET" in answer.text
    assert "Try again" not in answer.text
    assert "Sign in with a password" in answer.text


def test_the_scopes_of_the_settings_are_asked_for(app, cast, client):
    app.config["OIDC_SCOPES"] = "openid email groups"
    asked = parse_qs(urlsplit(go_to_provider(client)).query)
    assert asked["scope"] == ["openid email groups"]


def test_sign_out_ends_the_providers_session_too(app, cast, client):
    client.get(callback(go_to_provider(client)))
    answer = client.post("/logout")
    assert answer.status_code == 200
    check(answer)
    address = unescape(re.search(r'url=([^"]+)"', answer.text)[1])
    back = requests.get(address, allow_redirects=False, timeout=5)
    assert back.status_code == 302
    assert client.get(urlsplit(back.headers["Location"]).path).location == "/"
    assert client.get("/new").status_code == 303
    assert db.session.scalars(select(UserSession.sign_out_address)).all() == [None]


@pytest.mark.parametrize("mode", ["no_sign_out"])
def test_where_the_provider_cannot_sign_out_it_is_a_sign_out_here(app, cast, client, mode):
    client.get(callback(go_to_provider(client)))
    assert client.post("/logout").location == "/"
    assert client.get("/new").status_code == 303


def test_a_long_token_is_no_hint(app, cast, client, monkeypatch):
    monkeypatch.setattr("majorops.public.oidc.HINT_ROOM", 100)
    client.get(callback(go_to_provider(client)))
    page = unescape(client.post("/logout").text)
    assert "id_token_hint" not in page
    assert "client_id=majorops" in page


@pytest.mark.parametrize("mode", ["thin_token"])
def test_groups_and_address_may_stand_in_userinfo_only(app, cast, client, mode):
    assert client.get(callback(go_to_provider(client))).status_code == 303
    assert role_of("mia@example.org") is AccountRole.MIM


@pytest.mark.parametrize("mode", ["other_userinfo"])
def test_userinfo_of_another_person_signs_nobody_in(app, cast, client, mode):
    assert client.get(callback(go_to_provider(client))).status_code == 503
    assert role_of("mia@example.org") is None


@pytest.mark.parametrize(("mode", "status", "linked"), [("good", 303, True), ("unverified", 401, False)])
def test_a_known_account_is_joined_by_a_verified_address_only(app, cast, client, clock, mode, status, linked):
    given = {"email": "mia@example.org", "name": "Mia", "role": AccountRole.RESPONDER}
    user = add_user(**given, actor=cast.ada, now=clock())
    answer = client.get(callback(go_to_provider(client)))
    assert answer.status_code == status
    assert "mia@example.org" not in answer.text
    db.session.refresh(user)
    assert bool(user.oidc_subject) is linked


@pytest.mark.parametrize("mode", ["trickle_headers"])
def test_a_provider_that_never_ends_leaves_no_thread_behind(app, cast, client, mode):
    before = threading.active_count()
    client.get("/login/oidc")
    wait_for(lambda: threading.active_count() <= before, "the end of the threads")


@pytest.mark.parametrize("mode", ["endless"])
def test_megabytes_are_not_read_to_the_deadline(app, cast, client, mode, monkeypatch):
    monkeypatch.setattr(provider_line, "DEADLINE", NEVER)
    assert client.get("/login/oidc").status_code == 503


@pytest.mark.parametrize("mode", ["slow_token"])
def test_a_provider_that_hangs_on_the_way_back(app, cast, client, mode):
    back = callback(go_to_provider(client, "/new"))
    answer = client.get(back)
    assert answer.status_code == 503
    assert "/login?next=/new" in answer.text


def test_many_abandoned_sign_ins_leave_the_last_one_working(app, cast, client):
    wanted = "/new%3Ftitle%3D" + secrets.token_hex(400)
    for _ in range(12):
        address = go_to_provider(client, wanted)
        assert len(client.get_cookie("majorops").value) < 4000
    assert client.get(callback(address)).location == wanted.replace("%3F", "?").replace("%3D", "=")


def test_an_address_too_long_for_the_cookie_keeps_its_path(app, cast, client):
    back = callback(go_to_provider(client, "/new%3Ftitle%3D" + secrets.token_hex(3000)))
    assert client.get(back).location == "/new"


def test_a_stranger_at_the_callback_makes_us_call_nobody(app, cast, client, monkeypatch):
    monkeypatch.setattr("majorops.public.oidc.client", lambda: pytest.fail("called the provider"))
    assert client.get("/auth/callback?code=x&state=y").status_code == 400
    assert client.get("/auth/callback?error=access_denied").status_code == 400
    assert client.get("/auth/callback").location == "/"  # so the provider sends back after sign-out


def test_the_way_back_is_under_the_base_address_whatever_the_host_says(app, cast, client):
    app.config["BASE_URL"] = "https://ops.example.org"
    answer = client.get("/login/oidc", headers={"Host": "evil.example"})
    back = parse_qs(urlsplit(answer.location).query)["redirect_uri"]
    assert back == ["https://ops.example.org/auth/callback"]


def test_no_sign_in_without_a_provider(app, cast, client):
    app.config["OIDC_ISSUER"] = None
    assert client.get("/login/oidc").status_code == client.get("/auth/callback").status_code == 404
    assert "single sign-on" not in client.get("/login").text


class TestProviderDown:
    @pytest.fixture
    def issuer(self):
        return f"http://127.0.0.1:{free_port()}"

    def test_local_way_in_is_offered_and_works(self, app, cast, client):
        answer = client.get("/login/oidc")
        assert answer.status_code == 503
        assert "Sign in with a password" in answer.text
        assert "single sign-on" in client.get("/login").text
        user = db.session.get(User, cast.maya.user_id)
        set_password(user, PASSWORD, actor=SYSTEM, now=cast.clock())
        given = {"email": "maya@example.org", "password": PASSWORD}
        assert client.post("/login", data=given).status_code == 303

    def test_a_provider_that_comes_back_works_without_restart(self, app, cast, client, issuer):
        assert client.get("/login/oidc").status_code == 503
        for _ in running(urlsplit(issuer).port, "good"):
            assert client.get(callback(go_to_provider(client))).status_code == 303


class TestBlackHole:
    @pytest.fixture
    def hole(self):
        """Takes connections and says nothing."""
        with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
            yield server

    @pytest.fixture
    def issuer(self, hole):
        return f"http://127.0.0.1:{hole.getsockname()[1]}"

    def test_is_not_waited_for(self, app, cast, client):
        assert client.get("/login/oidc").status_code == 503

    def test_a_hanging_provider_leaves_threads_for_the_others(self, app, cast, hole):
        """Twelve people press the button: all have their page, though only six talk with the provider."""
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: app.test_client().get("/login/oidc").status_code, range(12)))
        assert answers == [503] * 12
        hole.setblocking(False)
        assert len(waiting_at(hole)) == 6


def waiting_at(server: socket.socket) -> list[socket.socket]:
    """The connections that nobody has accepted yet; closed, as only their number counts."""
    found = []
    with suppress(BlockingIOError):
        for _ in range(100):
            found.append(server.accept()[0])
            found[-1].close()
    return found
