"""The helpers in a real browser: words as they are written, Stop, the lock on Post, by keyboard,
without script.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import violations
from tests.conftest import copied
from tests.server import Person, Server

SAYS = (
    "Conditions: payments-api does not respond and 5,000 orders wait.\n"
    "Actions: The team is at work.\n"
    "Next update: in 20 minutes"
)
SHOWN = (
    "Payments-api does not respond and 5,000 orders wait.\nThe team is at work.\nNext update in 20 minutes."
)


def press_draft(page) -> None:
    """AI Draft by pointer: the composer is one line until somebody is in it."""
    page.locator("#composer-body").focus()
    page.locator("#draft-key").click()


@pytest.fixture
def server(request, filled_database, tmp_path, model):
    with copied(request, filled_database, tmp_path) as url:
        running = Server(url, AI_BASE_URL=model.url, AI_MODEL="m-1", AI_TIMEOUT="6")
        running.start()
        yield running
        running.stop()


@pytest.fixture
def path(server) -> str:
    return Person(server).open()


def draft(page) -> None:
    press_draft(page)
    expect(page.locator("#draft")).to_be_visible()


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_words_come_as_they_are_written_and_post_waits_for_a_reader(open_page, path, model, size):
    model.says, model.pause = SAYS, 0.1
    page = open_page(size=size)
    page.goto(path)
    if size == "phone":
        page.locator("[data-opens=composer]").click()
    body, post = page.locator("#composer-body"), page.locator("#composer-post")
    body.fill("Wallets work.")
    press_draft(page)
    expect(page.locator("#working-update")).to_contain_text("Working")
    expect(body).to_have_value(re.compile("^Payments-api"))
    expect(body).not_to_have_value(re.compile("The team"))  # still being written
    expect(page.locator("#draft")).to_contain_text("Not reviewed")
    expect(body).to_have_value(SHOWN)
    expect(page.locator("#draft mark")).to_have_text("5,000")
    expect(post).to_have_attribute("aria-disabled", "true")
    post.click(force=True)
    expect(page.locator("#said")).to_have_text("Edit the draft, or mark it reviewed.")
    page.locator("[data-put-back]").evaluate("e => e.closest('details').open = true")
    body.press("End")
    body.type(" Thanks.")
    expect(page.locator("[data-draft-tag]")).to_contain_text("Edited")
    expect(post).not_to_have_attribute("aria-disabled", "true")
    post.click()
    expect(page.locator("#updates")).to_contain_text("Thanks.")
    expect(page.locator("#draft")).to_have_count(0)
    expect(body).to_have_value("")
    expect(page.locator("#timeline")).to_contain_text("AI draft used")


def test_streaming_draft_cannot_be_posted(open_page, path, model):
    """Neither by the key, nor by Ctrl Enter, nor by Enter in a line;
    from the press on, and until it was reviewed.
    """
    model.says, model.pause = SAYS, 0.3
    page = open_page()
    page.goto(path)
    body, post, said = page.locator("#composer-body"), page.locator("#composer-post"), page.locator("#said")
    body.fill("Wallets work.")
    press_draft(page)
    expect(post).to_have_attribute("aria-disabled", "true")
    expect(post).to_have_attribute("aria-describedby", "working-update")
    expect(body).to_have_value(re.compile("^Payments"))
    wait = "The AI draft is still being written. Wait for it or stop it, then read it."
    for press in (lambda: post.click(force=True), lambda: body.press("Control+Enter")):
        press()
        expect(said).to_have_text(wait)
        page.evaluate("document.getElementById('said').textContent = ''")
    expect(page.locator("#draft")).to_be_visible()
    page.locator("#next-set").check(force=True)
    page.locator("#next-at").fill("23:59")
    for place, key in (("#next-at", "Enter"), ("#composer-body", "Control+Enter")):
        page.locator(place).press(key)
        expect(said).to_have_text("Edit the draft, or mark it reviewed.")
        page.evaluate("document.getElementById('said').textContent = ''")
    expect(page.locator("#updates .update")).to_have_count(0)
    expect(page.locator("#draft")).to_be_visible()
    body.press("End")
    body.press("Space")
    expect(post).to_have_attribute("aria-disabled", "true")  # a blank is no edit
    page.locator("#next-20").check(force=True)  # what the text says; another time would be asked about
    page.locator("#reviewed").check()
    body.press("Control+Enter")
    expect(page.locator("#updates")).to_contain_text("The team is at work.")
    expect(page.locator("#timeline")).to_contain_text("AI draft used")


def test_stop_gives_back_what_was_there(open_page, path, model):
    model.says, model.pause = SAYS, 0.3
    page = open_page()
    page.goto(path)
    page.locator("#composer-body").fill("Wallets work.")
    press_draft(page)
    expect(page.locator("#composer-body")).to_have_value(re.compile("^Payments"))
    page.locator("#stop-update").click()
    expect(page.locator("#composer-body")).to_have_value("Wallets work.")
    expect(page.locator("#working-update")).to_be_hidden()
    assert model.broken.wait(5), "the model goes on writing for nobody"
    model.pause = 0
    draft(page)  # the next one is not kept waiting


def test_a_reload_keeps_the_draft_the_lock_and_what_was_edited(open_page, path, model):
    model.says = SAYS
    page = open_page()
    page.goto(path)
    draft(page)
    page.reload()
    expect(page.locator("#composer-body")).to_have_value(SHOWN)
    expect(page.locator("#composer-post")).to_have_attribute("aria-disabled", "true")
    page.locator("#reviewed").check()
    expect(page.locator("#composer-post")).not_to_have_attribute("aria-disabled", "true")
    page.locator("#composer-body").fill("My own words.")
    page.reload()
    expect(page.locator("#composer-body")).to_have_value("My own words.")


def test_discard_puts_back_what_was_typed(open_page, path, model):
    page = open_page()
    page.goto(path)
    page.locator("#composer-body").fill("Wallets work.")
    draft(page)
    page.locator("#update-discard").click()
    expect(page.locator("#draft")).to_have_count(0)
    expect(page.locator("#composer-body")).to_have_value("Wallets work.")


def test_by_keyboard_alone(open_page, path, model):
    page = open_page()
    page.goto(path)
    page.locator("body").press("e")
    text = page.locator("#execbrief-text")
    expect(text).to_have_value(re.compile("^Payments-api"))
    page.locator("#execbrief-take").focus()
    page.keyboard.press("Enter")
    expect(text).to_have_count(0)
    expect(page.locator("#f-exec-summary")).to_contain_text("Payments-api does not respond.")
    page.locator("body").press("d")
    expect(page.locator("#draft")).to_be_visible()
    page.locator("#suggestion-key").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#suggestion")).to_contain_text("Open the bridge.")


def test_a_model_that_hangs_is_replaced_and_the_page_goes_on(open_page, path, model):
    model.mode = "hang"
    page, other = open_page(), open_page("omar")
    page.goto(path)
    other.goto(path)
    press_draft(page)
    other.locator("#log-text").fill("heard on the bridge")
    other.locator("#log-text").press("Enter")
    expect(page.locator("#timeline")).to_contain_text("heard on the bridge")
    expect(page.locator("#draft")).to_contain_text("No answer in 6 s. Template loaded instead.")
    expect(other.locator("#draft")).to_have_count(0)


def test_two_tabs_of_one_person(open_page, path, model):
    model.says, model.pause = SAYS, 0.2
    page = open_page()
    page.goto(path)
    second = page.context.new_page()
    second.goto(path)
    press_draft(page)
    expect(page.locator("#composer-body")).to_have_value(re.compile("^Payments"))
    press_draft(second)
    expect(second.locator("#problem-update")).to_contain_text("being written already")
    expect(page.locator("#draft")).to_be_visible()


def test_without_script(open_page, path, model):
    page = open_page(script=False)
    page.goto(path)
    page.locator("#composer-body").fill("Wallets work.")
    press_draft(page)
    body = page.locator("#composer-body")
    expect(body).to_have_value("Payments-api does not respond.\nThe team is at work.")
    page.locator("#composer-post").click()
    expect(page.locator("#composer")).to_contain_text("This is the AI draft as it came.")
    page.locator("#reviewed").check()
    page.locator("#composer-post").click()
    expect(page.locator("#updates")).to_contain_text("The team is at work.")
    page.locator("#brief-key").click()
    page.locator("#execbrief-take").click()
    expect(page.locator("#f-exec-summary")).to_contain_text("Payments-api does not respond.")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_axe_finds_nothing(open_page, path, model, size):
    model.says = SAYS
    page = open_page(size=size)
    page.goto(path)
    page.locator("#brief-key").click()
    expect(page.locator("#execbrief-text")).to_be_visible()
    if size == "phone":
        page.locator("[data-opens=composer]").click()
    draft(page)
    assert violations(page) == []


def test_check_n_forgets_what_was_deleted_and_a_wrong_time_leaves_the_text_reviewed(open_page, path, model):
    model.says = SAYS.replace("orders wait", "orders wait and 7,000 carts too")
    page = open_page()
    page.goto(path)
    page.locator("#composer-body").fill("Wallets work.")  # opens the composer
    page.locator("#draft-key").click()
    expect(page.locator("#draft")).to_be_visible(timeout=25_000)
    body, marks = page.locator("#composer-body"), page.locator("#draft .draft__marks")
    expect(marks).to_contain_text("Check 2:")
    body.fill("7,000 carts wait.")
    expect(marks).to_contain_text("Check 1:")
    expect(marks.locator("li:visible mark")).to_have_text(["7,000"])
    page.check("#next-set", force=True)
    page.fill("#next-at", "soon")
    page.click("#composer-post")
    expect(page.locator("#next-at")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#next_update-error")).to_contain_text("time in UTC")
    expect(body).not_to_have_attribute("aria-invalid", "true")
    expect(body).to_have_value("7,000 carts wait.")
    expect(page.locator("[data-draft-tag]")).to_contain_text("Edited")
    expect(page.locator("#composer-post")).not_to_have_attribute("aria-disabled", "true")
    expect(marks).to_contain_text("Check 1:")
    body.fill("Carts wait.")
    expect(marks).to_be_hidden()
