"""Who changes users, channels or policies proves once more who they are; what was typed is not lost."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.models import AuditEntry, Channel, NoticePolicy, User, UserSession
from majorops.operations.accounts import set_password
from tests.account.conftest import add_app, add_passkey, code_of, kept, sign_in
from tests.cast import PASSWORD
from tests.passkeys import asked
from tests.web.page import check

USERS = "/admin/data/users"
TYPED = {"email": "new@example.org", "name": "Nora Öz & Co", "role": "mim", "password": "typed for her once"}


@pytest.fixture
def ada(cast, clock, client):
    """Ada's account, and a browser in which she signed in a while ago."""
    set_password(db.session.get(User, cast.ada.user_id), PASSWORD, actor=SYSTEM, now=clock())
    sign_in(client, email="ada@example.org")
    clock.tick(minutes=16)
    return client


def new_user():
    return db.session.scalar(select(User).filter_by(email=TYPED["email"]))


def test_just_after_sign_in_nobody_is_asked(cast, clock, client):
    set_password(db.session.get(User, cast.ada.user_id), PASSWORD, actor=SYSTEM, now=clock())
    sign_in(client, email="ada@example.org")
    clock.tick(minutes=14)
    assert client.post(f"{USERS}/new/", data=TYPED).status_code == 303


def test_what_was_typed_is_done_with_the_proof_and_shown_to_nobody(ada, app, clock):
    asks = ada.post(f"{USERS}/new/", data=TYPED)
    assert asks.status_code == 403
    check(asks)
    assert not any(html.escape(text) in asks.text for text in TYPED.values())
    assert new_user() is None
    answer = ada.post(f"{USERS}/new/", data={"kept": kept(asks), "proof_password": PASSWORD})
    assert answer.status_code == 303
    user = new_user()
    assert (user.name, user.role.value) == (TYPED["name"], "mim")
    assert sign_in(app.test_client(), TYPED["password"], TYPED["email"]).status_code == 303
    assert ada.post(f"{USERS}/unlock/?id={user.id}").status_code == 303  # it counts for a while
    clock.tick(minutes=16)
    assert ada.post(f"{USERS}/unlock/?id={user.id}").status_code == 403


def test_a_wrong_proof_asks_again_and_keeps_what_was_typed(ada):
    asks = ada.post(f"{USERS}/new/", data=TYPED)
    for given, says in (
        ({"proof_password": "wrong"}, "This is not the password."),
        ({}, "Give one of these."),
    ):
        asks = ada.post(f"{USERS}/new/", data={"kept": kept(asks)} | given)
        assert (asks.status_code, says in asks.text) == (403, True)
        check(asks)
    assert ada.post(f"{USERS}/new/", data={"kept": kept(asks), "proof_password": PASSWORD}).status_code == 303
    assert new_user()


def test_a_refusal_of_the_form_comes_back_with_what_was_typed(ada):
    asks = ada.post(f"{USERS}/new/", data=TYPED | {"email": "nonsense"})
    answer = ada.post(f"{USERS}/new/", data={"kept": kept(asks), "proof_password": PASSWORD})
    assert answer.status_code == 422
    assert html.escape(TYPED["name"]) in answer.text
    assert 'value="nonsense"' in answer.text


def test_several_values_of_one_name_are_kept(ada, cast):
    rows = [str(cast.maya.user_id), str(cast.omar.user_id)]
    asks = ada.post(f"{USERS}/several/", data={"act": "unlock", "row": rows})
    ada.post(f"{USERS}/several/", data={"kept": kept(asks), "proof_password": PASSWORD})
    assert "May try again: 2 of 2." in ada.get(f"{USERS}/").text


@pytest.mark.parametrize(
    ("path", "given", "made"),
    [
        ("channels/new/", {"email": "omar@example.org", "kind": "email", "address": "o@b.cd"}, Channel),
        ("policies/new/", {"role": "executive", "notice": "reminder", "is_on": "yes"}, NoticePolicy),
    ],
)
def test_channels_and_policies_ask_too(ada, path, given, made):
    asks = ada.post(f"/admin/data/{path}", data=given)
    assert asks.status_code == 403
    assert db.session.scalar(select(made)) is None
    data = {"kept": kept(asks), "proof_password": PASSWORD}
    assert ada.post(f"/admin/data/{path}", data=data).status_code == 303
    assert db.session.scalar(select(made)) is not None


def test_incidents_and_systems_do_not(ada):
    assert ada.post("/admin/data/systems/new/", data={"name": "cdn", "is_public": "no"}).status_code == 303


def test_what_was_kept_is_for_one_session_and_one_address(ada, app, cast, clock):
    asks = ada.post(f"{USERS}/new/", data=TYPED)
    given = {"kept": kept(asks), "proof_password": PASSWORD}
    sign_in(other := app.test_client(), email="ada@example.org")
    assert other.post(f"{USERS}/new/", data=given).status_code == 400
    elsewhere = ada.post(f"{USERS}/edit/?id={cast.maya.user_id}", data=given)
    assert elsewhere.status_code == 400
    assert "Go back and send it again." in elsewhere.text or "could not be read" in elsewhere.text
    assert ada.post(f"{USERS}/new/", data=given | {"kept": "forged"}).status_code == 400
    assert new_user() is None


def test_by_code_and_by_passkey(cast, clock, client):
    user = db.session.get(User, cast.ada.user_id)
    set_password(user, PASSWORD, actor=SYSTEM, now=clock())
    sign_in(client, email="ada@example.org")
    key = add_passkey(client)
    secret, _ = add_app(user, clock)
    clock.tick(minutes=16)
    asks = client.post(f"{USERS}/new/", data=TYPED)
    check(asks)
    wrong = client.post(f"{USERS}/new/", data={"kept": kept(asks), "proof_code": "000000"})
    assert "not a code that the app shows now" in wrong.text
    data = {"kept": kept(asks), "proof_code": code_of(secret, clock)}
    assert client.post(f"{USERS}/new/", data=data).status_code == 303
    clock.tick(minutes=16)
    asks = client.post(f"{USERS}/unlock/?id={user.id}")
    options, ticket = asked(asks.text)
    answer = key.get(options)
    data = {"kept": kept(asks), "proof_credential": answer, "proof_ticket": ticket}
    assert client.post(f"{USERS}/unlock/?id={user.id}", data=data).status_code == 303
    clock.tick(minutes=16)
    again = client.post(f"{USERS}/unlock/?id={user.id}", data=data)  # the same answer once more
    assert again.status_code == 403
    kinds = db.session.scalars(select(AuditEntry.detail).filter_by(kind="proof.given")).all()
    assert kinds == ["Code of an authenticator app", "Passkey"]


def test_guesses_pause(ada, clock):
    asks = ada.post(f"{USERS}/new/", data=TYPED)
    data = {"kept": kept(asks), "proof_password": "wrong"}
    for _ in range(10):
        ada.post(f"{USERS}/new/", data=data)
    answer = ada.post(f"{USERS}/new/", data=data | {"proof_password": PASSWORD})
    assert re.search(r"Too many wrong answers. The next one counts from \d\d:\d\d:\d\d UTC.", answer.text)
    assert new_user() is None


def test_who_has_no_way_to_prove_it_here_is_not_asked(cast, clock):
    """Whoever a proxy signs in, or an account without a password, has none."""
    ada = cast.browser("ada")
    clock.tick(minutes=20)
    assert ada.post(f"{USERS}/new/", data=TYPED).status_code == 303


def test_after_single_sign_on_the_provider_is_the_way(ada, app):
    app.config["OIDC_ISSUER"] = "https://id.example.org"
    db.session.execute(UserSession.__table__.update().values(method="sso"))
    db.session.commit()
    asks = ada.post(f"{USERS}/new/", data=TYPED)
    check(asks)
    assert 'href="/login/oidc/again"' in asks.text
    assert "assword" not in asks.text
    still = ada.post(f"{USERS}/new/", data={"kept": kept(asks), "proof_password": PASSWORD})
    assert (still.status_code, "Not proved yet." in still.text) == (403, True)
    assert new_user() is None
