"""Several screens of one incident: pushes, lost lines, queued work, presence, conflicts, coming back."""

from __future__ import annotations

import re
import signal
import time

import pytest
from playwright.sync_api import expect

from tests.browser.test_editing import edit
from tests.browser.test_journey import open_incident
from tests.waiting import wait_for

HIDE = """hidden => {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""

# What people logged: the alarm's own entries, and what became of its messages, are actions too.
LOGGED = '#timeline [data-event-type=action]:not(:has-text("Box 3")):not(:has-text("Alarm of"))'


@pytest.fixture
def maya(open_page):
    page = open_page("maya")
    open_incident(page)
    is_live(page)
    return page


@pytest.fixture
def omar(open_page, maya):
    page = open_page("omar", size="phone")
    page.goto(maya.url)
    is_live(page)
    return page


def is_live(page) -> None:
    """The stream is open, and the editors for a lost line are here."""
    expect(page.locator("[data-link]")).to_have_attribute("data-link", "live")
    for _ in range(100):
        if page.evaluate(
            "performance.getEntriesByType('resource').some(e => e.name.endsWith('/editors') && e.responseEnd)"
        ):
            return page.wait_for_timeout(200)
        page.wait_for_timeout(50)
    raise AssertionError("no editors came")


def log(page, text: str) -> None:
    if page.viewport_size["width"] < 840:
        page.evaluate("document.body.dataset.sheet = ''")
    page.fill("#log-text", text)
    page.press("#log-text", "Enter")


def test_a_change_is_on_the_other_screen_without_asking(maya, omar):
    for n in range(5):
        log(maya, f"heard {n}")
        omar.wait_for_selector(f"#timeline >> text=heard {n}")


def test_what_someone_types_is_not_touched(maya, omar):
    omar.fill("#log-text", "half a sentence about")
    omar.locator("#log-text").evaluate("e => e.setSelectionRange(4, 4)")
    maya.fill("#composer-body", "a draft")
    edit(maya, "description")
    maya.keyboard.type("typing")
    log_by_omar = "document.querySelector('#log-text')"
    edit(omar, "title")
    omar.keyboard.press("End")
    omar.keyboard.type(" X")
    omar.keyboard.press("Enter")
    expect(maya.locator("#f-title-value")).to_contain_text(" X")
    expect(maya.locator("#f-description-input")).to_have_value("typing")
    expect(maya.locator("#f-description-input")).to_be_focused()
    expect(maya.locator("#composer-body")).to_have_value("a draft")
    assert omar.evaluate(f"{log_by_omar}.value") == "half a sentence about"


def test_a_field_that_is_edited_says_that_it_was_changed_meanwhile(maya, omar):
    edit(maya, "description")
    maya.keyboard.type("maya says")
    edit(omar, "description")
    omar.keyboard.type("omar says")
    omar.keyboard.press("Control+Enter")
    expect(maya.locator("#f-description-meanwhile")).to_contain_text("Changed by Omar Haddad")
    expect(maya.locator("#f-description-input")).to_have_value("maya says")
    maya.keyboard.press("Control+Enter")
    expect(maya.locator(".field__conflict mark").first).to_be_visible()
    maya.click("[data-take=theirs]")
    expect(maya.locator("#f-description-value")).to_have_text("omar says")
    row = maya.locator("#timeline .timeline__row").first
    expect(row).to_contain_text("not taken")
    expect(row).to_contain_text("maya says")
    expect(row).to_have_attribute("data-visibility", "internal")


def test_edit_both(maya, omar):
    edit(maya, "description")
    maya.keyboard.type("maya says")
    edit(omar, "description")
    omar.keyboard.type("omar says")
    omar.keyboard.press("Control+Enter")
    expect(omar.locator("#f-description-value")).to_have_text("omar says")
    maya.keyboard.press("Control+Enter")
    maya.click("[data-take=both]")
    maya.keyboard.press("Control+Enter")
    expect(maya.locator("#f-description-value")).to_have_text("maya says\nomar says")


def test_presence(maya, omar):
    expect(maya.locator("#presence")).to_contain_text("OH")
    edit(omar, "title")
    expect(maya.locator("#f-title .field__who")).to_have_text("OH editing")
    expect(omar.locator("#f-title .field__who")).to_have_count(0)
    omar.keyboard.press("Escape")
    expect(maya.locator("#f-title .field__who")).to_have_count(0)
    omar.close()
    expect(maya.locator("#presence")).to_have_text("")


def test_two_tabs_agree(maya):
    tab = maya.context.new_page()
    tab.goto(maya.url)
    is_live(tab)
    log(tab, "in the other tab")
    expect(maya.locator("#timeline")).to_contain_text("in the other tab")
    expect(maya.locator("#presence")).to_have_text("")  # the same person twice is nobody else


def test_offline_edits_notes_and_can_wait_and_go_out_in_order(maya, omar):
    maya.context.set_offline(True)
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE")
    edit(maya, "description")
    maya.keyboard.type("written in the tunnel")
    maya.keyboard.press("Control+Enter")
    expect(maya.locator("#f-description")).to_contain_text("Queued")
    expect(maya.locator("#f-description-value")).to_have_text("written in the tunnel")
    log(maya, "first note")
    maya.select_option("#log-kind", "can")
    log(maya, "App: 5xx / rollback / freeze")
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE, 3 QUEUED")
    expect(maya.locator("#connection")).to_contain_text("3 edits queued on this device.")
    log(omar, "said meanwhile")
    expect(omar.locator("#timeline")).to_contain_text("said meanwhile")
    maya.context.set_offline(False)
    expect(maya.locator("[data-link]")).to_have_text("LIVE")
    expect(maya.locator("#said")).to_contain_text("Reconnected. 3 edits sent.")
    for page in (maya, omar):
        rows = page.locator("#timeline .timeline__row")
        expect(rows.nth(0)).to_contain_text("CAN App")
        expect(rows.nth(1)).to_contain_text("first note")
        expect(rows.nth(2)).to_contain_text("Description")
        expect(rows.nth(3)).to_contain_text("said meanwhile")
        expect(rows.nth(0)).to_contain_text(re.compile(r"made \d\d:\d\d:\d\d, arrived \d\d:\d\d:\d\d"))
    expect(maya.locator(".field--queued, .timeline__row--queued")).to_have_count(0)


def test_one_lost_answer_under_an_open_stream_is_soon_made_good(maya):
    maya.route("**/notes", lambda route: route.abort())
    log(maya, "lost once")
    expect(maya.locator(".timeline__row--queued")).to_have_count(1)
    maya.unroute("**/notes")
    expect(maya.locator(LOGGED)).to_contain_text("lost once")
    expect(maya.locator("[data-link]")).to_have_text("LIVE")


def test_what_was_sent_waits_and_not_what_was_typed_since(maya):
    held = []
    maya.route("**/notes", lambda route: held.append(route))  # noqa: PLW0108 (no bound method is taken)
    log(maya, "sent into the tunnel")
    wait_for(lambda: maya.evaluate("1") and held, "the request")
    maya.select_option("#log-kind", "can")
    maya.fill("#log-text", "App: 5xx / roll")
    held[0].abort()
    expect(maya.locator(".timeline__row--queued")).to_contain_text("sent into the tunnel")
    expect(maya.locator("#log-text")).to_have_value("App: 5xx / roll")
    maya.unroute("**/notes")
    expect(maya.locator(LOGGED)).to_contain_text("sent into the tunnel")
    expect(maya.locator("#log-text")).to_have_value("App: 5xx / roll")


def test_an_editor_opened_again_offline_shows_what_waits(maya):
    maya.context.set_offline(True)
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE")
    edit(maya, "description")
    maya.locator("#f-description-input").fill("waits for the line")
    maya.keyboard.press("Control+Enter")
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE, 1 QUEUED")
    edit(maya, "description")
    expect(maya.locator("#f-description-input")).to_have_value("waits for the line")


def test_an_offline_choice_waits_too_and_twice_edited_is_one(maya):
    maya.context.set_offline(True)
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE")
    edit(maya, "severity")
    maya.click("#f-severity .sevs__key >> text=High")
    expect(maya.locator("#f-severity")).to_contain_text("Queued")
    for text in ("one", "two"):
        edit(maya, "description")
        maya.locator("#f-description-input").fill(text)
        maya.keyboard.press("Control+Enter")
        expect(maya.locator("#f-description-value")).to_have_text(text)
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE, 2 QUEUED")
    maya.context.set_offline(False)
    expect(maya.locator("#f-description-value")).to_have_text("two")
    expect(maya.locator("#header")).to_have_attribute("data-severity", "high")
    expect(maya.locator("#connection")).to_be_hidden()


def test_the_queue_survives_a_closed_tab(maya):
    maya.context.set_offline(True)
    log(maya, "before the battery died")
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE, 1 QUEUED")
    address, context = maya.url, maya.context
    maya.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(address)
    expect(again.locator(LOGGED)).to_contain_text("before the battery died")
    expect(again.locator(".timeline__row--queued")).to_have_count(0)


def test_a_queue_sent_by_two_tabs_is_done_once(maya):
    tab = maya.context.new_page()
    tab.goto(maya.url)
    is_live(tab)
    maya.context.set_offline(True)
    log(maya, "once and only once")
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE, 1 QUEUED")
    maya.context.set_offline(False)
    expect(maya.locator(".timeline__row--queued")).to_have_count(0)
    maya.wait_for_timeout(1_000)
    maya.reload()
    expect(maya.locator(LOGGED)).to_have_count(1)


def test_a_queued_edit_that_meets_another_shows_both(maya, omar):
    maya.context.set_offline(True)
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE")
    edit(maya, "description")
    maya.keyboard.type("maya, offline")
    maya.keyboard.press("Control+Enter")
    expect(maya.locator("#f-description")).to_contain_text("Queued")
    edit(omar, "description")
    omar.keyboard.type("omar, online")
    omar.keyboard.press("Control+Enter")
    expect(omar.locator("#f-description-value")).to_have_text("omar, online")
    maya.context.set_offline(False)
    expect(maya.locator(".field__conflict")).to_contain_text("omar, online")
    expect(maya.locator(".field__conflict")).to_contain_text("maya, offline")
    maya.click("[data-take=mine]")
    expect(omar.locator("#f-description-value")).to_have_text("maya, offline")


def test_a_refused_note_stays_with_its_reason_until_it_is_discarded(maya):
    maya.context.set_offline(True)
    maya.evaluate("document.querySelector('#log-text').removeAttribute('maxlength')")
    log(maya, "x" * 5_001)
    log(maya, "the next one goes through")
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE, 2 QUEUED")
    maya.context.set_offline(False)
    expect(maya.locator(LOGGED)).to_contain_text("the next one goes through")
    expect(maya.locator("#connection")).to_contain_text("1 edit queued on this device.")
    maya.click("#connection summary")
    expect(maya.locator("#connection")).to_contain_text("5,000 characters")
    maya.click("#connection button")
    maya.click("#connection button")
    expect(maya.locator("#connection")).to_be_hidden()


def test_publishing_and_advancing_never_wait(maya):
    maya.context.set_offline(True)
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE")
    maya.fill("#composer-body", "must not go out later")
    maya.click("#composer-post")
    expect(maya.locator("#problem")).to_contain_text("Offline. Not posted. Text kept.")
    expect(maya.locator("#composer-body")).to_have_value("must not go out later")
    maya.click("#advance-key")
    if maya.locator("[data-arm]").count():
        maya.click("#advance-key")
    expect(maya.locator("#problem")).to_contain_text("Offline. Not")
    maya.check("#log [name=public]", force=True)
    log(maya, "public at once or not at all")
    expect(maya.locator("#problem")).to_contain_text("Offline. Not saved. Text kept.")
    maya.context.set_offline(False)
    expect(maya.locator("[data-link]")).to_have_text("LIVE")
    maya.wait_for_timeout(1_000)
    for text in ("must not go out later", "public at once or not at all"):
        expect(maya.locator("#timeline .timeline__row", has_text=text)).to_have_count(0)
    expect(maya.locator('.phase[data-state="current"]')).to_contain_text("Alert")


def test_after_a_restart_screens_are_live_again_and_nothing_typed_is_lost(maya, omar, server):
    maya.fill("#composer-body", "half a milestone")
    edit(maya, "description")
    maya.keyboard.type("typed while it restarts")
    server.stop(signal.SIGKILL)
    expect(maya.locator("[data-link]")).to_contain_text("RECONNECTING")
    maya.wait_for_timeout(5_500)
    expect(maya.locator("#connection")).to_contain_text("Reconnecting. Last state")
    maya.keyboard.press("Control+Enter")
    expect(maya.locator("#f-description")).to_contain_text("Queued")
    server.start()
    for page in (maya, omar):
        expect(page.locator("[data-link]")).to_have_text("LIVE")
        expect(page.locator("#f-description-value")).to_have_text("typed while it restarts")
    expect(maya.locator("#composer-body")).to_have_value("half a milestone")


def test_a_hidden_tab_holds_no_stream_and_catches_up(maya, omar):
    maya.evaluate(HIDE, True)
    expect(omar.locator("#presence")).to_have_text("")
    log(omar, "while she looked elsewhere")
    maya.wait_for_timeout(1_000)
    expect(maya.locator("#timeline")).not_to_contain_text("while she looked elsewhere")
    maya.evaluate(HIDE, False)
    expect(maya.locator("#timeline")).to_contain_text("while she looked elsewhere")


def test_since_you_last_looked(maya, omar):
    maya.evaluate(HIDE, True)
    log(omar, "a note")
    edit(omar, "severity")
    omar.click("#f-severity .sevs__key >> text=High")
    edit(omar, "command-sre")
    omar.keyboard.type("Rita Moreau")
    omar.keyboard.press("Enter")
    expect(omar.locator("#team")).to_contain_text("Rita Moreau")
    # Six minutes pass.
    maya.evaluate(
        "() => { const [v, s] = document.cookie.match(/looked=([\\d.]+)/)[1].split('.');"
        " document.cookie = `looked=${v}.${s - 360}; path=${location.pathname}`;"
        " const now = performance.now.bind(performance); performance.now = () => now() + 360000; }"
    )
    maya.evaluate(HIDE, False)
    line = maya.locator("#since")
    for words in ("Since you last looked", "Severity", "SRE: Rita Moreau", "3 new entries"):
        expect(line).to_contain_text(words)
    maya.click("[data-dismiss]")
    expect(line).to_have_text("")


def test_an_open_page_is_looked_at_until_it_is_hidden(maya):
    earlier = """() => { document.cookie = `looked=1.5; path=${location.pathname}`;
      dispatchEvent(new Event("online")); }"""
    maya.evaluate(earlier)
    maya.wait_for_timeout(1500)
    assert "looked=1.5" not in maya.evaluate("document.cookie").split("; ")
    maya.evaluate(HIDE, True)
    maya.evaluate(earlier)
    maya.wait_for_timeout(1500)
    assert "looked=1.5" in maya.evaluate("document.cookie").split("; ")


def test_a_clock_an_hour_off_shows_the_servers_time(chromium, open_page, server):
    page = open_page("maya")
    page.add_init_script("const real = Date.now; Date.now = () => real() + 3600e3;")
    open_incident(page)
    shown = page.locator("[data-clock]").inner_text()
    server_time = page.evaluate("async () => (await fetch(location.href)).headers.get('date')")
    hours, minutes, seconds = map(int, shown.split(":"))
    there = [int(part) for part in re.search(r"(\d+):(\d+):(\d+)", server_time).groups()]
    assert abs((hours * 3600 + minutes * 60 + seconds) - (there[0] * 3600 + there[1] * 60 + there[2])) <= 2


def test_signed_out_elsewhere_keeps_the_text_and_the_queue(maya):
    maya.context.set_offline(True)
    log(maya, "kept through it all")
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE, 1 QUEUED")
    cookies = maya.context.cookies()
    maya.context.clear_cookies()
    maya.context.set_offline(False)
    expect(maya.locator("#problem")).to_contain_text("Signed out. Text kept.")
    expect(maya.locator(".timeline__row--queued")).to_have_count(1)
    maya.context.add_cookies(cookies)
    maya.evaluate(HIDE, True)
    maya.evaluate(HIDE, False)
    expect(maya.locator(LOGGED)).to_contain_text("kept through it all")


def test_what_waits_is_not_sent_in_the_name_of_who_signed_in_next(maya, omar):
    maya.context.set_offline(True)
    log(maya, "said by Maya")
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE, 1 QUEUED")
    cookies = maya.context.cookies()
    maya.context.add_cookies(omar.context.cookies())
    with maya.expect_response(lambda answer: answer.url.endswith("/notes") and answer.status == 401):
        maya.context.set_offline(False)
    expect(maya.locator(".timeline__row--queued")).to_have_count(1)
    maya.context.add_cookies(cookies)
    maya.evaluate(HIDE, True)
    maya.evaluate(HIDE, False)
    row = maya.locator(LOGGED).first
    expect(row).to_contain_text("said by Maya")
    expect(row).to_contain_text("Maya Okafor")


def test_the_list_of_incidents_is_live_too(maya, open_page):
    omar = open_page("omar")
    omar.goto("/admin/incidents")
    expect(omar.locator("[data-link]")).to_have_attribute("data-link", "live")
    edit(maya, "title")
    maya.keyboard.type(" in the EU")
    maya.keyboard.press("Enter")
    expect(omar.locator("#incidents")).to_contain_text("not responding in the EU")
    maya.goto("/new?title=search+is+down&systems=search-index&severity=low")
    maya.click("button:has-text('Open incident')")
    expect(omar.locator("#incidents")).to_contain_text("search is down")
    expect(omar.locator("[data-link]")).to_have_text("LIVE")


def test_a_tab_asleep_for_a_day_is_right_at_once(maya, omar):
    maya.evaluate(HIDE, True)
    log(omar, "said in the night")
    expect(omar.locator("#timeline")).to_contain_text("said in the night")
    # Its clock stood still or ran on while it slept; its ticket is long over.
    maya.evaluate(
        "() => { const now = performance.now.bind(performance); "
        "performance.now = () => now() + 86400e3 + 1234e3; }"
    )
    maya.evaluate(HIDE, False)
    expect(maya.locator("#timeline")).to_contain_text("said in the night")
    expect(maya.locator("[data-link]")).to_have_text("LIVE")
    maya.wait_for_timeout(1_100)
    shown = [int(part) for part in maya.locator("[data-clock]").inner_text().split(":")]
    there = time.gmtime()
    off = (shown[0] * 3600 + shown[1] * 60 + shown[2]) - (
        there.tm_hour * 3600 + there.tm_min * 60 + there.tm_sec
    )
    assert abs(off) <= 2
    log(omar, "and live again")
    expect(maya.locator("#timeline")).to_contain_text("and live again")


def test_a_browser_without_room_keeps_the_text_in_its_form(maya):
    maya.context.set_offline(True)
    maya.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
    edit(maya, "description")
    maya.keyboard.type("nowhere to wait")
    maya.keyboard.press("Control+Enter")
    expect(maya.locator("#problem")).to_contain_text("Offline. Not saved. Text kept.")
    expect(maya.locator("#f-description-input")).to_have_value("nowhere to wait")


def test_a_request_that_broke_off_on_the_way_back_is_made_again(maya):
    maya.context.set_offline(True)
    log(maya, "one"), log(maya, "two")
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE, 2 QUEUED")
    maya.route("**/notes", lambda route: route.abort(), times=1)
    maya.context.set_offline(False)
    expect(maya.locator("[data-link]")).to_have_text("LIVE")
    expect(maya.locator(LOGGED)).to_have_count(2)


def test_the_page_of_a_proxy_or_a_hotel_is_no_answer(maya):
    maya.context.set_offline(True)
    log(maya, "must survive the hotel")
    expect(maya.locator("[data-link]")).to_have_text("OFFLINE, 1 QUEUED")
    page = {"status": 200, "content_type": "text/html", "body": "<h1>Welcome, sign in to the network</h1>"}
    maya.context.route("**/admin/**", lambda route: route.fulfill(**page))
    maya.context.set_offline(False)
    maya.wait_for_timeout(1_500)
    expect(maya.locator("[data-link]")).not_to_contain_text("LIVE")
    log(maya, "typed in the lobby")
    expect(maya.locator("[data-link]")).to_contain_text("2 QUEUED")
    maya.fill("#composer-body", "nothing went out")
    maya.click("#composer-post")
    expect(maya.locator("#problem")).to_contain_text("Not posted. Text kept.")
    expect(maya.locator("#composer-body")).to_have_value("nothing went out")
    maya.context.unroute("**/admin/**")
    entries = maya.locator(LOGGED)
    expect(entries).to_have_count(2)
    expect(entries.nth(0)).to_contain_text("typed in the lobby")


SLOWLY = """milliseconds => {
  const real = window.fetch;
  window.fetch = async (address, given) => {
    const answer = await real(address, given);
    if (given?.method === 'POST') await new Promise(done => setTimeout(done, milliseconds));
    return answer;
  };
}"""


def test_what_is_typed_while_an_answer_is_on_its_way_stays(maya):
    maya.evaluate(SLOWLY, 1_500)
    for text in ("note one", "note two", "note three"):
        log(maya, text)
        maya.wait_for_timeout(100)
    maya.fill("#log-text", "note four, half")
    maya.fill("#composer-body", "an update")
    maya.click("#composer-post")
    maya.wait_for_timeout(100)
    maya.fill("#composer-body", "the next words")
    expect(maya.locator("#timeline [data-event-type=update]")).to_have_count(1)
    expect(maya.locator(LOGGED)).to_have_count(3)
    maya.wait_for_timeout(2_000)
    expect(maya.locator("#log-text")).to_have_value("note four, half")
    expect(maya.locator("#composer-body")).to_have_value("the next words")
    assert maya.evaluate("localStorage.getItem(`draft ${location.pathname}`)") == "the next words"


def test_a_field_on_its_way_takes_no_text_that_would_be_lost(maya):
    maya.evaluate(SLOWLY, 1_000)
    edit(maya, "description")
    maya.keyboard.type("sent")
    maya.keyboard.press("Control+Enter")
    maya.keyboard.type(" and not sent")
    expect(maya.locator("#f-description-input")).to_have_value("sent")
    expect(maya.locator("#f-description-value")).to_have_text("sent")
