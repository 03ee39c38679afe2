"""Single keys can be switched off for the account (WCAG 2.1.4), and the list of keys stands beside it."""

from __future__ import annotations

from tests.web.page import check


def test_they_are_switched_off_and_on_for_the_account(cast):
    incident = cast.open()
    maya, elsewhere = cast.browser("maya"), cast.browser("maya")
    page = maya.get("/admin/account/keys")
    check(page)
    assert "Write holding update" in page.text
    assert "Ctrl K" in page.text
    assert maya.post("/admin/account/keys", data={"single_keys": "off"}).status_code == 303
    assert "Switch single keys on" in maya.get("/admin/account/keys").text
    fireground = f"/admin/incidents/{incident.id}"
    assert "data-off" in elsewhere.get(fireground).text
    assert "Single keys are off in" in elsewhere.get("/admin/incidents/keys").text
    maya.post("/admin/account/keys", data={"single_keys": "on"})
    assert "data-off" not in elsewhere.get(fireground).text
    assert "data-keys-on" in elsewhere.get("/admin/incidents/keys").text


def test_who_opens_no_fireground_has_no_keys(cast):
    xin = cast.browser("xin")
    assert "Keys" not in xin.get("/admin/account").text
    assert xin.get("/admin/account/keys").status_code == 403


def test_the_palette_leads_to_the_account(cast):
    incident = cast.open()
    assert "Your account" in cast.browser("maya").get(f"/admin/incidents/{incident.id}/commands").text
