"""One's own tokens: made after a proof, shown once, revoked by one press."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.tokens import digest, is_token
from majorops.models import ApiToken
from tests.account.conftest import mails

TAB = "/admin/account/tokens"
GIVEN = {"name": "deploy bot", "scopes": ["incident:read", "timeline:note"], "system": "", "days": "90"}


def make(browser, **more):
    return browser.post(TAB, data=GIVEN | more)


def shown(answer) -> str:
    return re.search(r'id="token">([^<]*)<', answer.text)[1]


def test_it_is_shown_once_and_named_ever_after(browser):
    answer = make(browser)
    secret = shown(answer)
    assert is_token(secret)
    assert answer.headers["Cache-Control"] == "no-store"
    row = db.session.scalars(select(ApiToken)).one()
    assert row.token_hash == digest(secret)
    page = browser.get(TAB).text
    assert secret not in page
    assert f"{secret[:9]}…" in page
    assert "May: incident:read, timeline:note." in page
    assert mails()[-1].subject == "MajorOps account: The token deploy bot was made"


def test_only_what_the_person_may_is_offered(browser, cast):
    assert 'value="incident:publish"' in browser.get(TAB).text
    assert 'value="data:manage"' not in browser.get(TAB).text
    xin = cast.browser("xin").get(TAB).text
    assert re.findall(r'name="scopes"\s+value="([^"]+)"', xin) == ["brief:read", "exec:read"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": ""}, "Say what uses it"),
        ({"scopes": []}, "Choose what it may do."),
        ({"system": "nowhere"}, "There is no system nowhere."),
        ({"days": "-1"}, "Days until it expires"),
    ],
)
def test_a_refusal_stands_at_its_field_and_keeps_what_was_given(browser, wrong, says):
    answer = make(browser, **{"name": "kept bot"} | wrong)
    assert answer.status_code == 422
    assert says in answer.text
    if "name" not in wrong:
        assert 'value="kept bot"' in answer.text
    if "scopes" not in wrong:
        assert re.search(r'value="timeline:note" checked', answer.text)


def test_it_is_made_after_a_proof(browser, clock):
    clock.tick(minutes=30)
    answer = make(browser)
    assert answer.status_code == 403
    assert "proof_password" in answer.text
    assert db.session.scalar(select(ApiToken)) is None


def test_it_is_revoked_by_one_press_and_not_by_others(browser, cast):
    make(browser)
    row = db.session.scalars(select(ApiToken)).one()
    omar = cast.browser("omar")
    omar.post(f"{TAB}/{row.id}/revoke")
    assert "You have no such token." in omar.get(TAB).text
    db.session.refresh(row)
    assert row.revoked_at is None
    answer = browser.post(f"{TAB}/{row.id}/revoke", follow_redirects=True)
    assert "The token deploy bot is revoked." in answer.text
    assert "0 tokens." in answer.text


def test_an_admin_revokes_it_in_the_data(browser, cast):
    secret = shown(make(browser))
    row = db.session.scalars(select(ApiToken)).one()
    ada = cast.browser("ada")
    page = ada.get("/admin/data/tokens/").text
    assert "deploy bot" in page
    assert secret not in page
    assert ada.get(f"/admin/data/tokens/details/?id={row.id}").status_code == 200
