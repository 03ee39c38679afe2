"""Single sign-on against a strict provider that runs as a process of its own on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import select

from majorops.db import db
from majorops.domain.vocab import AccountRole
from majorops.models import User
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET
from tests.web.page import check


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
    port = free_port()
    command = [sys.executable, "-m", "tests.oidc_provider", "--port", str(port), "--mode", mode]
    process = subprocess.Popen([*command, "--redirect-uri", "http://localhost/auth/callback"])
    for _ in range(100):
        try:
            requests.get(f"http://127.0.0.1:{port}/keys", timeout=1)
            break
        except requests.ConnectionError:
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


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


def callback(address: str, person: str = "mia") -> str:
    """What the provider sends the browser back to, as path and query."""
    answer = requests.get(f"{address}&person={person}", allow_redirects=False, timeout=5)
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


@pytest.mark.parametrize("mode", ["garbage", "broken", "slow", "trickle", "wrong_issuer"])
def test_a_provider_in_trouble_gets_one_clear_page_within_five_seconds(app, cast, client, mode):
    began = time.monotonic()
    answer = client.get("/login/oidc?next=/new")
    assert time.monotonic() - began < 5
    assert answer.status_code == 503
    check(answer)
    assert "/login?next=/new" in answer.text


class TestProviderDown:
    @pytest.fixture
    def issuer(self):
        return f"http://127.0.0.1:{free_port()}"

    def test_local_way_in_is_offered_and_works(self, app, cast, client):
        answer = client.get("/login/oidc")
        assert answer.status_code == 503
        assert "Sign in with a password" in answer.text
        assert "single sign-on" in client.get("/login").text
