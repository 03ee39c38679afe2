"""What only a browser shows of the own account: passkeys, and single keys that are off."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.cast import PASSWORD
from tests.server import open_incident

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def give_password(page) -> None:
    page.fill("#email", "maya@example.org")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")


@pytest.fixture
def home(server) -> str:
    """The server by its name: a passkey belongs to no number."""
    return server.url.replace("127.0.0.1", "localhost")


def test_a_passkey_is_made_proves_and_signs_in(open_page, home):
    page = open_page(None)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    authenticator = device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]
    page.goto(f"{home}/login")
    give_password(page)
    page.wait_for_url("**/admin/incidents")
    page.goto(f"{home}/admin/account/sign-in")
    page.click("#add-passkey")
    page.fill("#name", "Work laptop")
    page.keyboard.press("Enter")
    expect(page.locator("#codes li")).to_have_count(10)
    keys = device.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    assert [key["rpId"] for key in keys] == ["localhost"]
    page.click("text=I have kept them")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{home}/login")
    give_password(page)  # the password alone is not enough any more
    page.wait_for_url("**/login/second")
    page.click("text=Use a passkey")
    page.wait_for_url("**/admin/incidents")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{home}/login?next=/admin/account/sign-in")
    page.click("text=Sign in with a passkey")
    page.wait_for_url("**/admin/account/sign-in")
    page.get_by_role("button", name="Remove Work laptop").click()
    page.click("text=Go on with a passkey")
    expect(page.get_by_role("status")).to_have_text("The passkey Work laptop is removed.")


def test_without_script_passkeys_say_that_they_need_it(open_page, home):
    page = open_page(None, script=False)
    page.goto(f"{home}/login")
    expect(page.locator("[data-passkey-note]")).to_have_text("Passkeys need script, which is off here.")
    expect(page.locator("form[data-passkey]")).to_be_hidden()


def test_single_keys_that_are_off_in_the_account_do_nothing(open_page, server):
    number = open_incident(server.database_url)
    page = open_page("maya")
    page.goto("/admin/account/keys")
    page.click("text=Switch single keys off")
    expect(page.get_by_role("status")).to_have_text("Single keys do nothing.")
    page.goto(f"/admin/incidents/{number}")
    page.keyboard.press("l")
    expect(page.locator("#log-text")).not_to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-input")).to_be_focused()
    page.keyboard.type("your account")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/account")
    page.goto("/admin/account/keys")
    page.click("text=Switch single keys on")
    page.goto(f"/admin/incidents/{number}")
    page.keyboard.press("l")
    expect(page.locator("#log-text")).to_be_focused()
