"""No parameter sends anybody off the site: every address that redirects by one, or links to one,
with every known spelling.
"""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote, urlencode

import pytest
from flask import redirect

from majorops.db import db
from majorops.domain.enums import ChannelKind, SignInMethod
from majorops.models import Subscriber, User
from majorops.operations import accounts
from majorops.operations.sign_in import SignIn
from majorops.public import oidc
from majorops.public import sign_in as views
from majorops.web.access import is_admin_endpoint
from majorops.web.redirects import LONGEST, is_ours
from tests.spellings import HARMLESS, HOSTILE

# Whatever a browser is, this stays on the host: one slash, then neither slash nor backslash, nothing
# that it would drop.
STAYS = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f?#]*([?#][^\x00-\x20\x7f]*)?")


@pytest.fixture
def settings(settings):
    issuer = {"OIDC_ISSUER": "https://sso.example.org", "OIDC_CLIENT_ID": "majorops"}
    return settings | {"WTF_CSRF_ENABLED": False, **issuer}


def stays(address: str) -> bool:
    return bool(STAYS.fullmatch(address))


def test_the_list_is_long_enough_and_the_guard_knows_it():
    assert len(HOSTILE) >= 350
    assert [address for address in HOSTILE if is_ours(address)] == []
    assert [address for address in HARMLESS if not is_ours(address)] == []
    assert not is_ours("/" + "a" * LONGEST)


def hostile_answers(ask, spellings=HOSTILE):
    """The spellings whose answer leads elsewhere, or fails;
    `ask`: sends one spelling and returns the answer.
    """
    for spelling in spellings:
        yield from led_away(spelling, ask(spelling))


def led_away(spelling: str, answer):
    targets = [answer.headers[name] for name in ("Location", "HX-Redirect") if name in answer.headers]
    targets += map(unescape, re.findall(r'(?:href|action|formaction)="([^"#][^"]*)"', answer.text))
    if answer.status_code >= 500 or not all(map(stays, targets)):
        yield spelling, answer.status_code, targets


def test_sign_in_by_password_leads_nowhere_else(app, cast, monkeypatch, clock):
    user = db.session.get(User, cast.maya.user_id)
    token = accounts.start_session(user, method=SignInMethod.LOCAL, actor=user.actor, now=clock())
    monkeypatch.setattr(views, "sign_in_with_password", lambda *args, **more: SignIn(token=token))
    monkeypatch.setattr(views, "end_session", lambda *args, **more: None)
    client = app.test_client()

    def ask(spelling: str):
        return client.post("/login", data={"email": "maya@example.org", "password": "x", "next": spelling})

    assert list(hostile_answers(ask)) == []
    assert ask("/new?title=a%5Cb").location == "/new?title=a%5Cb"


def test_whoever_is_signed_in_already_is_led_nowhere_else(cast):
    client = cast.browser("maya")

    def ask(spelling: str):
        return client.get("/login", query_string={"next": spelling})

    assert list(hostile_answers(ask)) == []
    assert ask("/new?title=x").location == "/new?title=x"


def test_single_sign_on_leads_nowhere_else(app, cast, monkeypatch, clock):
    user = db.session.get(User, cast.maya.user_id)
    token = accounts.start_session(user, method=SignInMethod.LOCAL, actor=user.actor, now=clock())
    monkeypatch.setattr(oidc, "finish", dict)
    monkeypatch.setattr(views, "sign_in_sso", lambda **more: SignIn(token=token))
    monkeypatch.setattr(views, "end_session", lambda *args, **more: None)
    client, kept = app.test_client(), {}
    monkeypatch.setattr(oidc, "wanted", lambda: kept["next"])

    def ask(spelling: str):
        kept["next"] = spelling
        return client.get("/auth/callback?state=x&code=y")

    assert list(hostile_answers(ask)) == []


def every_row(cast, clock) -> None:
    cast.full_house()
    session = db.session
    given = {"kind": ChannelKind.WEBHOOK, "address": "https://a.example", "nonce": "n"}
    session.add(Subscriber(**given, created_at=clock(), changed_at=clock()))
    session.commit()


WAYS_BACK = {
    "a row's page": ("GET", "/audit/details/?id=1", {}),
    "a form": ("GET", "/users/edit/?id=1", {}),
    "a refused form": ("POST", "/users/new/", {"email": "x"}),
    "an action": ("POST", "/subscribers/act/?id=1", {"act": "again"}),
}


@pytest.mark.parametrize("name", WAYS_BACK)
def test_no_way_back_of_the_admin_leads_off_the_site(cast, clock, name):
    """`url=https:evil.example`, `\\@`, control characters: after an action, and in every link."""
    every_row(cast, clock)
    method, address, data = WAYS_BACK[name]
    client, joint = cast.browser("ada"), "&" if "?" in address else "?"

    def ask(spelling: str):
        url = urlencode({"url": spelling})
        return client.open(f"/admin/data{address}{joint}{url}", method=method, data=data)

    kept = ask("/admin/data/audit/?page=1")
    assert "/admin/data/audit/?page=1" in unquote(kept.text + kept.headers.get("Location", ""))
    assert list(hostile_answers(ask, HOSTILE[::6])) == []  # all of them below: the guard is the same


def test_every_address_of_the_admin_takes_the_way_back_from_the_guard(app, cast, clock):
    every_row(cast, clock)
    client, seen = cast.browser("ada"), 0
    for rule in app.url_map.iter_rules():
        if not is_admin_endpoint(rule.endpoint) or "filename" in rule.arguments:
            continue
        address = rule.rule.replace("<export_type>", "csv")
        for spelling in ("https:evil.example", "\n"):
            for method in sorted(rule.methods & {"GET", "POST"}):
                given = {"query_string": {"id": 1, "url": spelling}, "method": method}
                assert list(led_away(spelling, client.open(address, **given))) == [], (address, method)
                seen += 1
    assert seen > 200


def test_after_saving_nothing_of_the_admin_leads_off_the_site(cast, clock, monkeypatch):
    """The same after a form that was saved, without the cost of saving it four hundred times."""
    from majorops.admin.tables import SystemTable

    every_row(cast, clock)
    monkeypatch.setattr(SystemTable, "create_model", lambda self, form: True)
    client = cast.browser("ada")
    data = {"name": "dns", "is_public": "no", "description": "", "owner": "", "group_name": ""}

    def ask(spelling: str):
        return client.post("/admin/data/systems/new/", query_string={"url": spelling}, data=data)

    assert ask("/admin/data/systems/?search=x").location == "/admin/data/systems/?search=x"
    assert list(hostile_answers(ask)) == []


def test_the_last_look_stops_a_view_that_forgets_to_ask(app, client):
    """A redirect that nobody checked goes to the status page instead, and its body names no other place."""

    def careless():
        return redirect("https://evil.example/")

    careless.access = "public"
    app.add_url_rule("/careless", view_func=careless)
    answer = client.get("/careless")
    assert (answer.status_code, answer.location) == (302, "/")
    assert "evil" not in answer.text


def test_a_forged_host_does_not_come_out_of_a_redirect(client):
    answer = client.get("/admin/incidents/", headers={"Host": "evil.example"})
    assert "evil.example" not in answer.headers.get("Location", "")
    assert client.get("/admin", headers={"Host": "evil.example"}).location == "/admin/"
