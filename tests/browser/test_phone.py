"""The fireground in the hand: what was done is said, nothing is cut off, nothing speaks of a keyboard."""

from __future__ import annotations

import sqlite3

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import violations
from tests.browser.test_journey import open_incident
from tests.browser.test_layout import enter_phase

CUT = """[...document.querySelectorAll(".tile")].flatMap((tile) => [...tile.querySelectorAll("*")]
  .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
  .filter((e) => e.checkVisibility() && !e.closest(".hidden"))
  .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth
    || e.getBoundingClientRect().right > tile.getBoundingClientRect().right)
  .map((e) => e.textContent))"""
LONGEST = """() => {
  const since = new Date(Date.now() - 99.9 * 3600000).toISOString();
  for (const e of document.querySelectorAll(".tile [data-since]")) e.dataset.since = since;
}"""
NAMES = ["Alert", "Gather", "Assess", "Initial", "Isolation", "Mitigation", "Validation", "Resolution"]


@pytest.fixture
def phone(open_page):
    page = open_page("maya", size="phone", is_mobile=True, has_touch=True)
    open_incident(page)
    return page


def test_posted_and_logged_are_seen_on_a_phone(phone):
    phone.tap("[data-opens=composer]")
    phone.fill("#composer-body", "Card payments fail.")
    phone.tap("#composer-post")
    expect(phone.locator("#posted")).to_contain_text("Posted, public.")
    expect(phone.locator("#posted")).to_be_in_viewport()
    expect(phone.locator("#composer-post")).to_be_hidden()  # its sheet is closed
    assert violations(phone) == []
    phone.tap("[data-opens=log]")
    phone.fill("#log-text", "Leader on the bridge")
    phone.tap(".log__line button")
    expect(phone.locator("#posted")).to_contain_text("Logged, internal,")
    expect(phone.locator("#posted")).to_be_in_viewport()
    phone.tap("#posted")
    expect(phone.locator("#posted")).to_be_empty()


def test_on_the_desk_a_live_region_says_the_same(open_page):
    page = open_page("maya")
    open_incident(page)
    page.fill("#composer-body", "Card payments fail.")
    page.click("#composer-post")
    expect(page.locator("#posted[role=status]")).to_contain_text("Posted, public.")
    assert page.locator("#posted").bounding_box()["width"] <= 1


def test_tiles_are_readable_in_all_phases_at_390_and_320(phone):
    for name in NAMES:
        phone.evaluate(
            "name => document.querySelector('.tile__value--name').lastChild.textContent = ` ${name}`", name
        )
        phone.evaluate(LONGEST)
        for width in (390, 320):
            phone.set_viewport_size({"width": width, "height": 844})
            expect(phone.locator(".tile .only-phone[data-since]").first).to_contain_text("h ")
            assert phone.evaluate(CUT) == [], (name, width)


def test_five_timeline_rows_a_screen(phone):
    for number in range(6):
        phone.evaluate(
            "n => { document.getElementById('log-text').value = `note ${n} `.repeat(12); }", number
        )
        phone.evaluate("document.getElementById('log-text').form.requestSubmit()")
        expect(phone.locator(".timeline__row", has_text=f"note {number} ")).to_be_visible()
    phone.locator(".timeline__list").evaluate("e => { e.scrollIntoView(); scrollBy(0, -100); }")
    low = phone.locator("#tiles").bounding_box()["y"]
    boxes = [row.bounding_box() for row in phone.locator(".timeline__row").all()]
    whole = [box for box in boxes if box["y"] >= 92 and box["y"] + box["height"] <= low]
    assert len(whole) >= 5


def test_no_hint_of_a_keyboard_on_a_phone(phone):
    phone.tap("#f-title-value")
    expect(phone.locator("[data-cancel]")).to_be_visible()
    phone.tap("#f-title [data-cancel]")
    for sheet in ("panel", "composer", "log"):
        phone.tap(f"[data-opens={sheet}]")
        expect(phone.locator(".kbd:visible, .by-keys:visible")).to_have_count(0)
        phone.tap(f"[data-opens={sheet}]")
    phone.locator(".jump >> text=Commands").tap()
    expect(phone.locator("#palette-list li").first).to_be_visible()
    expect(phone.locator(".kbd:visible, .by-keys:visible")).to_have_count(0)


def test_can_in_fields_on_the_desk_for_whoever_wants_it(open_page):
    page = open_page("maya")
    open_incident(page)
    page.select_option("#log-kind", "can")
    expect(page.locator("#log-text")).to_be_visible()
    page.check("#log-by-field")
    expect(page.locator("#log-can-team")).to_be_focused()
    expect(page.locator("#log-text")).to_be_hidden()
    for text in ("App", "5xx 61%", "rollback", "deploy freeze"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#tracks")).to_contain_text("deploy freeze")
    page.reload()
    page.keyboard.press("c")
    expect(page.locator("#log-can-team")).to_be_focused()


def resolve(server) -> None:
    with sqlite3.connect(server.database_url.removeprefix("sqlite:///"), timeout=20) as connection:
        connection.execute("UPDATE incident SET status = 'resolved', phase = 8, resolved_at = opened_at")
    connection.close()


def test_saved_covers_no_key_of_an_open_sheet(phone):
    phone.evaluate("setTimeout = () => 0")  # the note stays
    phone.tap("#f-description-value")
    phone.fill("#f-description-input", "Card payments fail.")
    phone.tap("#f-description [data-save]")
    expect(phone.locator(".field__saved")).to_be_visible()
    phone.tap("[data-opens=composer]")
    expect(phone.locator("#composer-body")).to_be_visible()
    covered = phone.evaluate(
        """() => [...document.querySelectorAll("#composer :is(button, input)")].filter((e) => {
          const b = e.getBoundingClientRect();
          return b.width > 20
            && document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2)?.closest(".field__saved");
        }).map((e) => e.outerHTML)"""
    )
    assert covered == []


def test_after_the_close_no_key_opens_an_empty_sheet(phone, server):
    resolve(server)
    phone.reload()
    expect(phone.locator("[data-opens]")).to_have_count(2)
    boxes = [key.bounding_box() for key in phone.locator("[data-opens]").all()]
    assert boxes[0]["x"] <= 12
    assert boxes[-1]["x"] + boxes[-1]["width"] >= 377


def test_keys_of_a_check_are_large_enough_for_a_thumb(phone, server):
    enter_phase(server, 1, 7)
    phone.reload()
    phone.tap("[data-opens=panel]")
    boxes = [phone.locator(f".sys__keys [value={name}]").bounding_box() for name in ("confirmed", "failed")]
    assert all(box["height"] >= 44 for box in boxes)
    assert boxes[1]["x"] - boxes[0]["x"] - boxes[0]["width"] >= 8
