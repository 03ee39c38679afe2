"""Tracks, CAN, asks and run cards by keyboard and on a phone; nothing of it breaks accessibility."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import violations
from tests.browser.test_journey import open_incident


@pytest.fixture
def maya(open_page):
    page = open_page("maya")
    open_incident(page)
    page.evaluate("document.activeElement.blur()")
    return page


def log(page, kind: str, text: str) -> None:
    page.select_option("#log-kind", kind)
    page.fill("#log-text", text)
    page.press("#log-text", "Enter")
    expect(page.locator("#log-text")).to_have_value("")


def test_a_track_by_one_key_one_line_enter(maya):
    maya.keyboard.press("t")
    expect(maya.locator("#track-line")).to_be_focused()
    maya.keyboard.type("App, Rita: roll back payments-api 15", delay=40)  # a quick typist
    maya.keyboard.press("Enter")
    expect(maya.locator("#tracks .track__goal")).to_have_text("roll back payments-api")
    expect(maya.locator("#tracks .track__meta")).to_contain_text("App Rita")


def test_a_can_by_one_key_one_line_enter(maya):
    maya.keyboard.press("c")
    expect(maya.locator("#log-text")).to_be_focused()
    maya.keyboard.type("App: 5xx 61% / rollback 2/6 pods / deploy freeze", delay=40)
    maya.keyboard.press("Enter")
    expect(maya.locator("#tracks .track__meta")).to_contain_text("NEEDS")
    maya.get_by_role("button", name="Need met: App, deploy freeze").press("Enter")
    expect(maya.locator("#tracks .track__meta")).to_contain_text("Needs none")


def test_four_fields_of_a_can_on_a_phone(open_page, maya):
    page = open_page("omar", size="phone")
    page.goto(maya.url)
    page.click(".dock a:has-text('Log'), .dock button:has-text('Log')")
    page.select_option("#log-kind", "can")
    expect(page.locator("#log-text")).to_be_hidden()
    for name, value in (("team", "App"), ("conditions", "slow"), ("needs", "freeze")):
        page.fill(f".log__can [name={name}]", value)
    page.press(".log__can [name=needs]", "Enter")
    expect(maya.locator("#tracks .track__meta")).to_contain_text("freeze")


def test_what_was_typed_stays_with_its_reason(maya):
    maya.keyboard.press("t")
    maya.keyboard.type("roll back 15")
    maya.keyboard.press("Enter")
    expect(maya.locator("#track-error")).to_have_text("Name the team.")
    expect(maya.locator("#track-line")).to_have_value("roll back 15")


def test_asks_are_answered_parked_and_causes_ruled_out(maya):
    log(maya, "ask", "Lena: check the pool size 3")
    log(maya, "ruled_out", "Network: clean since 14:05")
    log(maya, "decision", "Roll back now / Leader / none")
    expect(maya.locator("#ruled-out summary")).to_contain_text("1 ruled out: Network")
    maya.locator(".ask summary").first.press("Enter")
    maya.get_by_role("button", name="Park for 10 minutes").press("Enter")
    expect(maya.locator(".ask").first).to_contain_text("parked")
    maya.locator(".ask summary").first.press("Enter")
    maya.locator(".ask [name=answer]").fill("400 of 400")
    maya.locator(".ask [name=answer]").press("Enter")
    expect(maya.locator(".ask[id^=ask-]")).to_have_count(0)
    expect(maya.locator("#timeline")).to_contain_text("400 of 400")


@pytest.mark.parametrize("width", [1440, 390, 320])
def test_with_everything_open_there_is_no_violation(open_page, maya, width):
    log(maya, "ask", "Lena: check the pool size 3")
    log(maya, "ruled_out", "Network: clean since 14:05")
    log(maya, "can", "App: slow / rollback / freeze")
    maya.keyboard.press("t")
    maya.keyboard.type("App: roll back")
    maya.keyboard.press("Enter")
    page = open_page("omar")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(maya.url)
    page.evaluate(
        "document.querySelectorAll('main details, #ledger details').forEach(d => { d.open = true; })"
    )
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
