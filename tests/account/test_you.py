"""The first page of one's own account."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("who", ["ada", "maya", "rita", "xin"])
def test_everybody_has_an_account_page(cast, who):
    page = cast.browser(who).get("/admin/account")
    assert page.status_code == 200
    assert f"{who}@example.org" in page.text


def test_a_stranger_is_asked_to_sign_in(client):
    assert client.get("/admin/account").status_code == 303
