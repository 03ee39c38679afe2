"""Click-to-edit with the keyboard alone, and two people at one field."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_journey import open_incident


@pytest.fixture
def page(open_page):
    page = open_page("maya")
    open_incident(page)
    return page


def edit(page, field: str) -> None:
    page.locator(f"#f-{field}-value").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#f-{field}-input")).to_be_focused()


def test_single_line_enter_saves_and_focus_returns(page):
    edit(page, "title")
    page.keyboard.type(" in EU")
    page.keyboard.press("Enter")
    expect(page.locator("#f-title-value")).to_have_text("prod-payments-api not responding in EU")
    expect(page.locator("#f-title-value")).to_be_focused()
    expect(page.locator("#f-title")).to_contain_text("Saved")
    page.click("#f-title >> text=Undo")
    expect(page.locator("#f-title-value")).to_have_text("prod-payments-api not responding")


def test_escape_cancels(page):
    edit(page, "title")
    page.keyboard.type(" oh no")
    page.keyboard.press("Escape")
    expect(page.locator("#f-title-value")).to_have_text("prod-payments-api not responding")
    expect(page.locator("#f-title-value")).to_be_focused()


def test_several_lines(page):
    edit(page, "description")
    page.keyboard.type("first")
    page.keyboard.press("Enter")
    page.keyboard.type("second")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#f-description-value")).to_have_text("first\nsecond")


def test_click_away_saves(page):
    edit(page, "description")
    page.keyboard.type("clicked away")
    page.click("#tiles")
    expect(page.locator("#f-description-value")).to_have_text("clicked away")


def test_tab_saves_and_moves_on(page):
    edit(page, "alert-alert-id")
    page.keyboard.type("HTTP 5xx")
    page.keyboard.press("Tab")
    expect(page.locator("#f-alert-alert-id-value")).to_have_text("HTTP 5xx")


def test_a_choice_saves_at_once(page):
    edit(page, "severity")
    page.select_option("#f-severity-input", "high")
    expect(page.locator("#header .box")).to_contain_text("High")
    expect(page.locator("#timeline")).to_contain_text("Severity Critical › High, Box 3 › Box 2")


def test_rejected_stays_in_the_editor(page):
    edit(page, "alert-customer-count")
    page.keyboard.type("12o0")
    page.keyboard.press("Enter")
    expect(page.locator("#f-alert-customer-count .field__error")).to_contain_text("digits only")
    expect(page.locator("#f-alert-customer-count-input")).to_have_value("12o0")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.type("40")
    page.keyboard.press("Enter")
    expect(page.locator('[data-tile="users"]')).to_contain_text("1,240")


def test_assign_a_role(page):
    edit(page, "command-sre")
    page.keyboard.type("Lena Fischer")
    page.keyboard.press("Enter")
    expect(page.locator("#team")).to_contain_text("2/5")
    expect(page.locator("#timeline")).to_contain_text("SRE: Lena Fischer")


@pytest.mark.parametrize(("press", "left"), [("mine", "maya says"), ("theirs", "omar says")])
def test_conflict_shows_both_and_loses_neither(page, open_page, press, left):
    omar = open_page("omar")
    omar.goto(page.url)
    edit(page, "description")
    page.keyboard.type("maya says")
    edit(omar, "description")
    omar.keyboard.type("omar says")
    omar.keyboard.press("Control+Enter")
    expect(omar.locator("#f-description-value")).to_have_text("omar says")
    page.wait_for_timeout(5000)  # the poll comes by: what is being typed stays
    expect(page.locator("#f-description-input")).to_have_value("maya says")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".field__conflict")).to_contain_text("Omar Haddad")
    expect(page.locator(".field__conflict")).to_contain_text("omar says")
    page.click(f"[data-take={press}]")
    expect(page.locator("#f-description-value")).to_have_text(left)


def test_the_gate_in_the_editor(page):
    edit(page, "status") if page.locator("#f-status-value").is_visible() else page.click("#info-more summary")
    edit(page, "status")
    page.select_option("#f-status-input", "resolved")
    expect(page.locator(".field__gate")).to_contain_text("Resolved needs phase 8.")
    page.fill("[name=override]", "false alarm")
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("Resolved")
