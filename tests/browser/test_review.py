"""The Learning Review in a real browser: several people at once, by keyboard, without script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from majorops import clock
from tests.browser.test_journey import open_incident

REVIEW = "/admin/incidents/1/review"


@pytest.fixture
def page(open_page):
    page = open_page("maya")
    open_incident(page)
    return page


def edit(page, name: str, text: str) -> None:
    page.locator(f"#text-{name} .field__value").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#text-{name}-input")).to_be_focused()
    page.locator(f"#text-{name}-input").fill(text)


def test_what_one_writes_another_sees_and_neither_loses_a_text(page, open_page):
    other = open_page("omar")
    for one in (page, other):
        one.goto(REVIEW)
    edit(page, "summary", "Payments failed.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text-summary .field__value")).to_be_focused()
    expect(other.locator("#text-summary")).to_contain_text("Payments failed.")
    edit(other, "surprised", "From Omar")
    edit(page, "surprised", "From Maya")
    page.keyboard.press("Control+Enter")
    expect(other.locator("#text-surprised-meanwhile")).to_contain_text("Changed by Maya Okafor")
    other.keyboard.press("Control+Enter")
    expect(other.locator("#text-surprised .field__conflict")).to_contain_text("From Maya")
    other.click("text=Edit both")
    other.keyboard.press("Control+Enter")
    expect(page.locator("#text-surprised")).to_contain_text("From Omar")
    expect(page.locator("#text-surprised")).to_contain_text("From Maya")


def test_a_name_is_asked_about_once(page):
    page.goto(REVIEW)
    edit(page, "root-cause", "Maya Okafor deployed")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text-root-cause .field__gate")).to_contain_text("Say what the system allowed")
    page.click("text=Keep it as it is")
    expect(page.locator("#text-root-cause .field__value")).to_have_text("Maya Okafor deployed")


def test_r_marks_the_row_for_the_review_and_the_focus_stays(page):
    page.keyboard.press("j")
    page.keyboard.press("r")
    row = page.locator(".timeline__row:focus")
    expect(page.locator(".mark[aria-pressed=true]")).to_have_count(1)
    expect(row).to_have_count(1)
    page.goto(REVIEW)
    expect(page.locator("#marked")).to_contain_text("Marked for the review: 1")


def test_without_script_it_is_marked_written_and_asked(open_page):
    open_incident(open_page("maya"))
    page = open_page("omar", script=False)
    page.goto("/admin/incidents/1")
    page.locator(".mark").first.click()
    expect(page.locator(".mark[aria-pressed=true]")).to_have_count(1)
    page.goto(REVIEW)
    page.click("#text-summary .field__value")
    page.fill("textarea", "Payments failed.")
    page.click("button:has-text('Save')")
    expect(page.locator("#text-summary")).to_contain_text("Payments failed.")
    page.fill("#question", "Who saw it?")
    page.click("#ask button")
    expect(page.locator("#questions")).to_contain_text("Who saw it?")


def test_what_is_written_without_a_connection_waits_and_goes_out(page):
    with page.expect_response("**/review/editors") as kept:
        page.goto(REVIEW)
    kept.value.finished()
    edit(page, "summary", "Payments failed")
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#text-summary")).to_contain_text("Queued")
    edit(page, "surprised", "The pool had no alert")  # its editor was kept
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-link]")).to_contain_text("2 QUEUED")
    page.context.set_offline(False)
    expect(page.locator("[data-link]")).to_have_text("LIVE")
    page.reload()
    expect(page.locator("#text-summary")).to_contain_text("Payments failed")
    expect(page.locator("#text-surprised")).to_contain_text("The pool had no alert")


def test_by_keyboard_the_focus_stays_after_a_step(page):
    page.goto(REVIEW)
    page.locator("#after-when > summary").focus()
    page.keyboard.press("Enter")
    page.locator("#after-action-at").fill(f"{clock.now() + timedelta(hours=20):%Y-%m-%d %H:%M}")
    page.keyboard.press("Enter")
    expect(page.locator("#after-when > summary")).to_have_text("Move")
    expect(page.locator("#after-when > summary")).to_be_focused()
