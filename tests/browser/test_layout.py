"""The fireground's places at every size: what must be in sight is, nothing is printed over anything,
a form that is opened has the focus.
"""

from __future__ import annotations

import re
import sqlite3
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from majorops import clock
from tests.browser.test_accessibility import demo, violations  # noqa: F401 (a fixture)
from tests.browser.test_journey import open_incident
from tests.browser.test_keyboard import meet_conditions

DESKS = ((1280, 720), (1366, 768), (1440, 900), (1920, 1080))
HERE = "/admin/incidents/4"  # Critical, four systems, three tracks, an ask, a card
# Whole inside the window, and what is seen at its middle and near its corners is the element itself.
IN_SIGHT = """(id) => {
  const e = document.getElementById(id), b = e.getBoundingClientRect();
  const inside = b.left >= 0 && b.top >= 0 && b.right <= innerWidth && b.bottom <= innerHeight
    && b.width > 20;
  const points = [[.5, .5], [.05, .2], [.95, .2], [.05, .8], [.95, .8]];
  return inside && points.every(([x, y]) =>
    e.contains(document.elementFromPoint(b.left + x * b.width, b.top + y * b.height)));
}"""
# Pairs of texts that share more than a hair's breadth of the screen. What lies on top by purpose is left out.
OVERLAPS = """() => {
  const texts = [],
    walker = document.createTreeWalker(document.querySelector(".fireground"), NodeFilter.SHOW_TEXT);
  const layer = (e) => {
    for (; e; e = e.parentElement) if (/fixed|sticky/.test(getComputedStyle(e).position)) return e;
  };
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement;
    if (!node.data.trim() || !e.checkVisibility({ visibilityProperty: true })
      || e.closest(".hidden, option, script")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const lead = parseFloat(getComputedStyle(e).lineHeight) || 99;
    for (const r of range.getClientRects()) {
      const trim = Math.max(0, (r.height - lead) / 2); // a font's box is higher than its line
      const box = { l: r.left, t: r.top + trim, r: r.right, b: r.bottom - trim };
      for (let a = e; a; a = a.parentElement) {
        const style = getComputedStyle(a);
        if (style.overflow === "visible" && style.clipPath === "none") continue;
        const c = a.getBoundingClientRect();
        if (style.clipPath.startsWith("inset(50%")) box.r = box.l;
        Object.assign(box, {
          l: Math.max(box.l, c.left), t: Math.max(box.t, c.top),
          r: Math.min(box.r, c.right), b: Math.min(box.b, c.bottom)
        });
      }
      if (box.r - box.l > 4 && box.b - box.t > 4)
        texts.push({ ...box, e, layer: layer(e), words: node.data.trim().slice(0, 30) });
    }
  }
  const found = new Set();
  for (const [i, one] of texts.entries()) for (const two of texts.slice(i + 1)) {
    if (one.e === two.e || one.layer !== two.layer) continue;
    const wide = Math.min(one.r, two.r) - Math.max(one.l, two.l),
      high = Math.min(one.b, two.b) - Math.max(one.t, two.t);
    if (wide > 3 && high > 6) found.add(`${one.words} / ${two.words}`);
  }
  return [...found];
}"""


def enter_phase(server, incident: int, number: int) -> None:
    """Into a phase without its conditions."""
    with sqlite3.connect(server.database_url.removeprefix("sqlite:///"), timeout=20) as connection:
        connection.execute("UPDATE incident SET phase = ? WHERE id = ?", (number, incident))
    connection.close()


@pytest.fixture
def desk(chromium, demo):  # noqa: F811
    """`desk(width, height)`: a page of the MIM who commands the incident;
    `desk.phase(n)` puts it into a phase.
    """
    contexts = []

    def make(width: int, height: int, **options):
        context = chromium.new_context(
            viewport={"width": width, "height": height}, base_url=demo.url, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.goto("/login")
        page.fill("[name=email]", "dana@example.org")
        page.fill("[name=password]", "fireground-demo")
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/incidents")
        return page

    make.phase = lambda number: enter_phase(demo, 4, number)
    yield make
    enter_phase(demo, 4, 4)
    for context in contexts:
        context.close()


def in_sight(page) -> list[str]:
    keys = [page.evaluate("document.getElementById('advance-key')?.id ?? 'status-key'"), "composer-post"]
    return [key for key in keys if not page.evaluate(IN_SIGHT, key)]


def test_advance_and_post_are_in_sight_in_every_phase_at_every_size(desk):
    page, missing = desk(1440, 900), []
    for number in range(1, 9):
        desk.phase(number)
        page.goto(HERE)
        for width, height in DESKS:
            page.set_viewport_size({"width": width, "height": height})
            missing += [(number, width, "rest", key) for key in in_sight(page)]
            page.keyboard.press("u")
            missing += [(number, width, "writing", key) for key in in_sight(page)]
            page.locator("#composer-body").blur()
            soft = page.locator(".advance__soft > summary")
            if soft.count():
                soft.click()
                assert page.evaluate("document.activeElement.id") == "reason"
                missing += [(number, width, "soft gate", key) for key in in_sight(page)]
                page.keyboard.press("Escape")
                expect(page.locator("#advance-key")).to_be_focused()
    assert missing == []


def test_advance_and_post_are_in_sight_beside_a_draft_and_a_run_card(desk):
    page = desk(1280, 720)
    page.goto(HERE)
    page.locator("#composer-body").focus()
    page.locator("#draft-key").click()
    expect(page.locator("#draft")).to_be_visible()
    page.evaluate("document.getElementById('runcard-fold').open = true")
    for width, height in DESKS:
        page.set_viewport_size({"width": width, "height": height})
        assert in_sight(page) == []
    page.locator("#update-discard").click()
    expect(page.locator("#draft")).to_have_count(0)


def test_the_composer_is_one_line_until_somebody_is_in_it_or_something_is_written(desk):
    page = desk(1440, 900)
    page.goto(HERE)
    height = "document.getElementById('composer').offsetHeight"
    assert page.evaluate(height) < 64
    page.keyboard.press("u")
    assert page.evaluate(height) > 150
    page.keyboard.type("Half a sentence")
    page.locator("#panel").focus()
    assert page.evaluate(height) > 150
    page.fill("#composer-body", "")
    page.locator("#advance-key").click()  # the press lands, though all above the composer moves by it
    expect(page.locator("#reason")).to_be_focused()
    expect(page.locator("#composer-body")).to_have_css("height", "34px")


def test_twelve_timeline_rows_on_a_desk_and_six_on_a_small_one(desk):
    """In phase 4, while and after the systems are confirmed, and on an incident that is resolved."""
    page, few = desk(1440, 900), {}
    for address, number in ((HERE, 4), (HERE, 7), (HERE, 8), ("/admin/incidents/2", 8)):
        desk.phase(number)
        page.goto(address)
        page.evaluate("document.querySelectorAll('#notices .notice--error').forEach((e) => e.remove())")
        for (width, height), rows in zip(DESKS, (6, 7, 12, 16), strict=True):
            page.set_viewport_size({"width": width, "height": height})
            shown = page.evaluate(
                """() => [...document.querySelectorAll(".timeline__row")].filter((row) =>
                  row.getBoundingClientRect().bottom
                    <= document.querySelector(".main").getBoundingClientRect().bottom).length"""
            )
            if shown < rows:
                few[address, number, width] = shown
    assert few == {}


@pytest.mark.parametrize("size", [(1440, 900), (1280, 720), (390, 844), (320, 700)])
def test_nothing_is_printed_over_anything(desk, size):
    page, found = desk(*size), {}
    for number in (1, 4, 6, 7, 8):
        desk.phase(number)
        page.goto(HERE)
        if over := page.evaluate(OVERLAPS):
            found[number] = over
    assert found == {}


def test_what_opens_a_form_puts_the_focus_into_it(desk):
    page = desk(1440, 900)
    desk.phase(7)
    page.goto(HERE)
    for fold, field in (
        ("#open-track", "#track-line"),
        ("#handover-more", "#handover-to"),
        ("[id^=track-][id$=-more]", "[id^=minutes-]"),
        ("[id^=ask-][id$=-more]", "[id^=answer-]"),
        ("[id^=advance-override-]", "#override"),
        ("#symptoms", "#symptoms-text"),
    ):
        page.locator(f"{fold} > summary").first.click()
        page.keyboard.type("T a 5")  # no key of it acts
        assert page.evaluate("(f) => document.activeElement.matches(f)", field), fold
    assert page.input_value("#track-line") == "T a 5"
    desk.phase(4)
    page.goto(HERE)
    page.locator("[id^=advance-skip-] > summary").click()
    expect(page.locator("#skip-to")).to_be_focused()
    page.locator("#composer-body").focus()
    page.locator("#next-set").click(force=True)
    expect(page.locator("#next-at")).to_be_focused()
    page.locator("#log-kind").click()
    page.select_option("#log-kind", "decision")
    expect(page.locator("#log-text")).to_be_focused()


def test_the_bridge_is_pasted_at_its_place_without_a_scheme(open_page, server):
    page = open_page("maya")
    open_incident(page)
    page.locator(".header__bridge a").click()
    field = page.locator("#f-bridge-url-input")
    expect(field).to_be_focused()
    expect(page.locator("#f-bridge-url")).to_contain_text("Internal: Bridge public is No.")
    assert page.evaluate(
        "[document.querySelector('.main').scrollTop, document.getElementById('info-more').open]"
    ) == [
        0,
        False,
    ]
    assert violations(page) == []
    field.fill("javascript:alert(1)")
    field.press("Enter")
    expect(page.locator("#f-bridge-url-problem")).to_contain_text("use a web address")
    page.locator("#f-bridge-url-input").fill("meet.google.com/abc-defg-hij")
    page.locator("#f-bridge-url-input").press("Enter")
    expect(page.locator("#bridge-key")).to_have_attribute("href", "https://meet.google.com/abc-defg-hij")
    expect(page.locator("#f-bridge-url")).to_have_count(1)


def test_the_holding_key_promises_what_its_text_says_and_another_time_is_asked_about_once(open_page, server):
    page = open_page("maya")
    open_incident(page)
    page.keyboard.press("h")
    expect(page.locator("#next-15")).to_be_checked()
    page.reload()
    expect(page.locator("#composer-body")).to_have_value(re.compile("Next update in 15 minutes"))
    expect(page.locator("#next-15")).to_be_checked()
    expect(page.locator("#kind-milestone")).to_be_checked()
    page.locator("#composer-body").focus()
    page.locator("#next-30").click(force=True)
    page.locator("#composer-post").click()
    ask = page.locator("#promise-ask")
    expect(ask).to_contain_text("The text says 15 minutes, the promise says 30.")
    expect(page.locator("#composer-body")).to_have_value(re.compile("Next update in 15 minutes"))
    assert violations(page) == []
    ask.get_by_role("button", name="Promise what the text says, post").click()
    expect(page.locator("#updates [data-cadence]")).to_have_attribute("data-cadence", "due")
    expect(page.locator("#updates .cadence__left")).to_have_text(re.compile(r"^1[45]:"))
    expect(page.locator("#promise-ask")).to_have_count(0)


def test_on_a_phone_six_taps_open_command_bridge_and_hold(open_page, server):
    page = open_page("maya", size="phone")
    taps = 0

    def tap(place: str) -> None:
        nonlocal taps
        page.locator(place).first.click()
        taps += 1

    page.goto("/new")
    page.keyboard.type("prod-payments-api not responding")
    tap("button:has-text('Open incident')")
    page.wait_for_url("**/admin/incidents/*")
    if page.get_by_role("button", name="I have command").count():
        tap("button:visible:has-text('I have command')")
    tap(".header__bridge a")
    page.locator("#f-bridge-url-input").fill("zoom.us/j/123456789")
    tap("#f-bridge-url [data-save]")
    expect(page.locator("#bridge-key")).to_be_visible()
    if page.locator(".nudge:visible button:has-text('Post holding update')").count():
        tap(".nudge:visible button:has-text('Post holding update')")
    else:
        tap("[data-opens=composer]")
        page.fill("#composer-body", "Work continues. Next update in 20 minutes.")
        tap("#composer-post")
    expect(page.locator("#updates")).to_contain_text("Work continues")
    assert taps <= 6
    visitor = open_page(None, size="phone")
    visitor.goto("/incidents/1")
    expect(visitor.locator("main")).to_contain_text("Work continues")


def test_nothing_lies_under_the_phones_dock(desk):
    """Scrolled to its end, the page and each sheet show their last keys and fields above
    what is fixed below.
    """
    page, under = desk(390, 844), []
    covered = """(place) => {
      const low = document.querySelector(place === "main" ? "#tiles" : ".dock").getBoundingClientRect().top;
      for (const e of [document.scrollingElement, document.querySelector(place)]) e.scrollTop = 99999;
      return [...document.querySelectorAll(`${place} :is(a[href], button, input, textarea, select, summary)`)]
        .filter((e) => e.checkVisibility({ visibilityProperty: true })
          && e.getBoundingClientRect().height > 1)
        .slice(-3).filter((e) => e.getBoundingClientRect().bottom > low + 1)
        .map((e) => e.outerHTML.slice(0, 80));
    }"""
    for width, height in ((390, 844), (320, 640)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(HERE)
        under += [(width, "page", e) for e in page.evaluate(covered, "main")]
        for sheet, place in (("panel", ".command"), ("composer", ".command"), ("log", "#log")):
            page.click(f"[data-opens={sheet}]")
            under += [(width, sheet, e) for e in page.evaluate(covered, place)]
            page.click(f"[data-opens={sheet}]")
    assert under == []


def test_closing_a_track_asks_once(desk):
    page = desk(1440, 900)
    page.goto(HERE)
    page.locator("[id^=track-][id$=-more] > summary").first.click()
    key, ended = page.locator(".track__more[open] [data-sure]"), page.locator("#ended-tracks")
    assert ended.count() == 0
    key.click()
    expect(key).to_have_text("Press again: close track")
    expect(page.locator("#said")).to_have_text("Press again: close track")
    assert ended.count() == 0
    needs = page.locator(".track__meta", has_text="NEEDS").first
    assert re.search(r"\sNEEDS", needs.inner_text())


def test_a_double_click_is_no_answer_to_what_is_asked(open_page, server):
    """Failed in the form with a name; the same listener serves every key that asks."""
    page = open_page("maya")
    open_incident(page)
    enter_phase(server, 1, 7)
    page.reload()
    page.locator("#check-named > summary").click()
    key = page.locator("#check-named [value=failed]")
    key.dblclick()
    expect(key).to_have_text("Press again: failed")
    expect(page.locator("[data-check=failed]")).to_have_count(0)
    key.click()
    expect(page.locator("[data-check=failed]")).to_have_count(1)


def test_a_new_phase_starts_at_the_top_of_its_panel(open_page, server):
    maya, omar = open_page("maya"), open_page("omar")
    open_incident(maya)
    for page in (maya, omar):
        page.set_viewport_size({"width": 1280, "height": 620})
    omar.goto(maya.url)
    for page in (maya, omar):
        page.evaluate("document.getElementById('command-body').scrollTop = 9999")
        assert page.evaluate("document.getElementById('command-body').scrollTop") > 0
    maya.locator("#advance-key").click()
    maya.get_by_role("button", name="Advance anyway").click()
    for page in (maya, omar):
        expect(page.locator("#panel")).to_have_attribute("data-phase", "2")
        page.wait_for_function("document.getElementById('command-body').scrollTop === 0")


@pytest.mark.parametrize("by", ["mouse", "touch", "Enter", "Control+Enter"])
@pytest.mark.parametrize("gate", ["soft", "armed"])
def test_a_double_press_does_not_advance(open_page, server, gate, by):
    page = open_page("maya", has_touch=True)
    open_incident(page)
    if gate == "armed":
        meet_conditions(page)
    key = page.locator("#advance-key")
    if by == "mouse":
        key.dblclick()
    elif by == "touch":
        box = key.bounding_box()
        for _ in range(2):
            page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    else:
        key.focus()
        for _ in range(2):
            page.keyboard.press(by if gate == "armed" else "Enter")
    page.wait_for_timeout(700)
    assert page.locator("#panel").get_attribute("data-phase") == "1"
    if gate == "soft":
        key = page.get_by_role("button", name="Advance anyway")
    key.click(timeout=3000)  # a press of its own is an answer
    expect(page.locator("#panel")).to_have_attribute("data-phase", "2", timeout=5000)


@pytest.mark.parametrize("size", [(1440, 900), (1280, 720), (1024, 768), (390, 844), (320, 700)])
def test_the_key_to_all_fields_is_beside_the_status(open_page, server, size):
    page = open_page("maya")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    open_incident(page)
    for status in ("Active", "Monitoring"):
        page.evaluate("s => { document.querySelector('#info .tag').lastChild.textContent = s; }", status)
        key = page.locator("#info-more > summary").bounding_box()
        parts = [page.locator(f"#info .section__head > {name}").bounding_box() for name in ("h2", ".tag")]
        for part in parts:
            assert key["x"] >= part["x"] + part["width"] or key["x"] + key["width"] <= part["x"], status


def test_without_script_the_composer_does_not_fold_under_a_press(open_page):
    open_incident(open_page("maya"))
    page = open_page("maya", script=False)
    page.goto("/admin/incidents/1")
    page.locator("#composer-body").click()
    box = page.locator("#advance-key").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".advance__soft")).to_have_attribute("open", "", timeout=2000)


def test_maintenance_stands_in_one_column_from_the_left(open_page):
    """Once each stood at the right, as wide as its words: a part of the fireground had the same class."""
    page = open_page("maya")
    page.goto("/admin/maintenance/new")
    page.fill("[name=title]", "ledger-db failover test")
    for name, hours in (("starts_at", 24), ("ends_at", 25)):
        page.fill(f"[name={name}]", f"{clock.now() + timedelta(hours=hours):%Y-%m-%d %H:%M}")
    page.fill("[name=systems]", "ledger-db")
    page.fill("[name=body]", "Card payments may pause.")
    page.get_by_role("button", name="Plan").click()
    page.wait_for_url("**/admin/maintenance*")
    page.goto("/admin/maintenance")
    heading, item = page.locator("h1").bounding_box(), page.locator(".works").bounding_box()
    assert item["x"] == heading["x"]
    assert item["width"] > 900
