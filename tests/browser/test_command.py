"""Command from hand to hand, in real browsers: two people, a phone, a keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import violations
from tests.browser.test_journey import open_incident
from tests.server import open_incident as open_by_system


def vacant(server) -> str:
    """The address of an incident that the command line opened."""
    return f"/admin/incidents/{open_by_system(server.database_url)}"


def wide(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_two_people_hand_over_one_on_a_phone(open_page):
    maya, omar, rita = open_page("maya"), open_page("omar", size="phone"), open_page("rita")
    open_incident(maya)
    for page in (omar, rita):
        page.goto(maya.url)
        expect(page.locator("#connection-state, .topbar").first).to_be_visible()
    maya.click("#handover-more summary")
    maya.select_option("#handover-to", label="Omar Haddad, omar@example.org")
    maya.click("text=Offer command")
    for page in (maya, omar):
        expect(page.locator("#handover-offer dt")).to_have_count(6)
        assert violations(page) == []
        assert not wide(page)
    assert (
        maya.locator("#handover-offer dd").all_inner_texts()[2:4]
        == omar.locator("#handover-offer dd").all_inner_texts()[2:4]
    )
    expect(rita.locator("#handover-offer")).to_contain_text("Command: Maya Okafor › Omar Haddad, offered")
    expect(rita.locator("#handover-offer button")).to_have_count(0)
    box = omar.locator("text=Accept command").bounding_box()
    assert box["height"] >= 44
    omar.click("text=Accept command")
    for page in (maya, omar, rita):
        expect(page.locator("#f-command-mim")).to_contain_text("Omar Haddad")
        expect(page.locator("#handover-offer")).to_have_count(0)
        expect(page.locator("#timeline")).to_contain_text("Command: Maya Okafor › Omar Haddad, accepted")
    expect(maya.locator("#handover-more")).to_have_count(0)  # not hers any more


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_i_have_command(open_page, server, size):
    page = open_page("omar", size=size)
    page.goto(vacant(server))
    assert violations(page) == []
    key = page.locator("#nudge-top .button" if size == "phone" else "#take-command")
    expect(key).to_have_text("I have command")
    if size == "phone":
        assert key.bounding_box()["y"] < 300  # in sight, under the phase bar
    key.click()
    expect(page.locator("#f-command-mim")).to_contain_text("Omar Haddad")
    expect(page.locator("#take-command")).to_have_count(0)


def test_by_keyboard_alone(open_page):
    maya = open_page("maya")
    open_incident(maya)
    maya.keyboard.press("Control+k")
    expect(maya.locator("#palette-count")).to_contain_text("commands")
    maya.keyboard.type("hand over")
    maya.keyboard.press("Enter")
    expect(maya.locator("#handover-to")).to_be_focused()
    maya.keyboard.type("Omar")
    maya.keyboard.press("Tab")
    maya.keyboard.press("Enter")
    expect(maya.locator("#handover-offer")).to_be_visible()
    omar = open_page("omar")
    omar.goto(maya.url)
    omar.keyboard.press("Control+k")
    expect(omar.locator("#palette-count")).to_contain_text("commands")
    omar.keyboard.type("accept command")
    omar.keyboard.press("Enter")
    expect(omar.locator("#f-command-mim")).to_contain_text("Omar Haddad (you)")


def test_roles_history_and_exposure_by_press(open_page):
    page = open_page("maya", size="phone", has_touch=True)
    open_incident(page)
    page.locator("#team-more > summary").tap()
    expect(page.locator("#team-more")).to_contain_text("Leads the technical work")
    page.locator("#exposure-more > summary").tap()
    page.locator("#f-exposure-path-value").tap()
    page.select_option("#f-exposure-path-input", "partial")
    page.keyboard.press("Enter")
    expect(page.locator("#exposure-more > summary")).to_contain_text("R(P)")
    page.locator("text=Publish exposure line").tap()
    expect(page.locator("#exposure-more")).to_contain_text("Published")
    expect(page.locator("#team-more")).to_have_attribute("open", "")
    assert violations(page) == []
    assert not wide(page)


def test_without_script(open_page):
    maya, omar = open_page("maya", script=False), open_page("omar", script=False)
    open_incident(open_page("maya"))
    for page in (maya, omar):
        page.goto("/admin/incidents/1")
    maya.click("#handover-more summary")
    maya.select_option("#handover-to", label="Omar Haddad, omar@example.org")
    maya.click("text=Offer command")
    omar.reload()
    omar.click("text=Accept command")
    expect(omar.locator("#f-command-mim")).to_contain_text("Omar Haddad")
