"""The fireground without a mouse: single keys, zones, the palette and the key sheet,
new entries while scrolled.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import violations
from tests.browser.test_journey import open_incident

OUTCOME = re.compile(r"Alarm of \d\d:\d\d UTC")  # who was told


@pytest.fixture
def page(open_page):
    page = open_page("maya")
    open_incident(page)
    return page


def focused(page) -> str:
    return page.evaluate("document.activeElement.id")


def press(page, key: str) -> None:
    """A single key, with no field in the way."""
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(key)


def palette(page, text: str = "") -> None:
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-count")).to_contain_text("commands")
    page.keyboard.type(text)


def names(page) -> list[str]:
    return page.locator("#palette li:not([hidden]) .commands__name").all_inner_texts()


# Single keys


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("l", "log-text"),
        ("c", "log-text"),
        ("u", "composer-body"),
        ("m", "composer-body"),
        ("h", "composer-body"),
        ("a", "advance-key"),
        ("n", "f-phase-note-input"),
        ("e", "execbrief-text"),
        ("b", "f-bridge-url-input"),
        ("/", "timeline-q"),
    ],
)
def test_a_key_goes_to_its_place(page, key, place):
    press(page, key)
    expect(page.locator(f"#{place}")).to_be_focused()
    if key == "c":
        expect(page.locator("#log-kind")).to_have_value("can")
    if key in "umh":
        expect(page.locator(f"#kind-{'update' if key == 'u' else 'milestone'}")).to_be_checked()
    if key == "h":
        text = "Work continues. Next update in 15 minutes."
        expect(page.locator("#composer-body")).to_have_value(text)
        expect(page.locator("#next-15")).to_be_checked()
    elif key != "e" and page.locator(f"#{place}").get_attribute("name") in ("text", "body", "value", "q"):
        expect(page.locator(f"#{place}")).to_have_value("")  # the key itself was not typed
    if key == "a":
        expect(page.locator('[data-state="current"]')).to_contain_text("1")
        assert page.locator(".advance__soft[open], form[data-armed]").count() == 0


def test_t_opens_the_track_form(page):
    press(page, "t")
    expect(page.locator("#track-line")).to_be_focused()


def test_h_keeps_what_was_typed(page):
    page.fill("#composer-body", "half a sentence")
    press(page, "h")
    expect(page.locator("#composer-body")).to_have_value("half a sentence")


def test_b_joins_the_bridge(page):
    press(page, "b")
    expect(page.locator("#f-bridge-url-input")).to_be_focused()
    page.keyboard.type("http://127.0.0.1:9/bridge")
    page.keyboard.press("Enter")
    expect(page.locator("#bridge-key")).to_have_text("Join bridge")
    with page.context.expect_page():
        press(page, "b")


def test_keys_do_nothing_in_fields_or_with_modifiers(page):
    page.click("#log-text")
    page.keyboard.type("taumlcnbe?/jkp")
    expect(page.locator("#log-text")).to_have_value("taumlcnbe?/jkp")
    assert page.locator("dialog[open], .field--editing, details[open]").count() == 0
    page.evaluate("document.activeElement.blur()")
    for chord in ("Control+u", "Alt+t", "Shift+L", "Meta+h"):
        page.keyboard.press(chord)
        assert focused(page) == "", chord
    page.locator("#log-kind").focus()
    page.keyboard.press("t")
    assert focused(page) == "log-kind"


def test_keys_typed_while_a_form_loads_are_no_shortcuts(page):
    """An editor, the exec brief, a form of the palette: pressed, and not there yet."""
    opened = """(place) => {
      document.querySelector(place).click();
      for (const key of "ta?lu")
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      const open = document.querySelectorAll("dialog[open], #open-track[open], .advance__soft[open]").length;
      return [open, document.activeElement.matches("#log-text, #composer-body")];
    }"""
    assert page.evaluate(opened, "#brief-key") == [0, False]
    page.reload()
    held = []
    # A built-in carries no mark.
    page.route("**/fields/title*", lambda route: held.append(route))  # noqa: PLW0108
    with page.expect_request("**/fields/title*"):
        assert page.evaluate(opened, "#f-title-value") == [0, False]
    page.keyboard.type("ta?lu")  # its answer is still on the way
    assert page.locator("dialog[open], #open-track[open], .advance__soft[open]").count() == 0
    held[0].continue_()
    expect(page.locator("#f-title-input")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#f-title-value")).to_be_focused()
    page.keyboard.press("t")  # the editor was there: keys act again
    expect(page.locator("#track-line")).to_be_focused()


def test_rows_by_j_and_k_and_their_visibility_by_p(page):
    expect(page.locator("#timeline")).to_contain_text(OUTCOME)  # the last that comes by itself
    page.fill("#log-text", "heard on the bridge")
    page.press("#log-text", "Enter")
    expect(page.locator(".timeline__row").first).to_contain_text("heard")
    newest = page.locator(".timeline__row").first.get_attribute("id")
    press(page, "j")
    assert focused(page) == newest
    page.keyboard.press("j")
    assert focused(page) == f"entry-{int(newest[6:]) - 1}"
    for _ in range(9):
        page.keyboard.press("j")
    assert focused(page) == "entry-1"
    for _ in range(9):
        page.keyboard.press("k")
    assert focused(page) == newest
    page.keyboard.press("p")
    assert page.locator(f"#{newest}").get_attribute("data-visibility") == "internal"  # asks first
    page.keyboard.press("Enter")
    expect(page.locator(f"#{newest}")).to_have_attribute("data-visibility", "public")


def test_p_makes_internal_and_the_row_keeps_the_focus(page):
    press(page, "j")
    row = page.locator(f"#{focused(page)}")
    for _ in range(30):
        if row.get_attribute("data-visibility") == "public":
            break
        page.keyboard.press("j")
        row = page.locator(f"#{focused(page)}")
    name = focused(page)
    page.keyboard.press("p")
    expect(page.locator(f"#{name}")).to_have_attribute("data-visibility", "internal")
    page.wait_for_function(f"document.activeElement.closest('.timeline__row')?.id === '{name}'")


def test_zones(page):
    order = [
        "topbar",
        "phases",
        "header",
        "info",
        "team",
        "tracks",
        "timeline",
        "updates",
        "curate",
        "panel",
        "composer",
        "tiles",
    ]
    seen = []
    for _ in range(len(order) + 1):
        page.keyboard.press("F6")
        seen.append(focused(page))
    assert seen == [*order, "topbar"]
    page.keyboard.press("Shift+F6")
    assert focused(page) == "tiles"
    page.click("#log-text")
    page.keyboard.press("F6")  # from a field too
    assert focused(page) == "updates"


def test_no_role_no_harm(open_page, page):
    rita = open_page("rita")
    rita.goto(page.url)
    press(rita, "m")
    expect(rita.locator("#said")).to_have_text("Responder accounts may not do this.")
    press(rita, "l")
    expect(rita.locator("#log-text")).to_be_focused()


# The palette


def test_the_palette_with_the_keyboard_alone(page):
    page.locator("#f-title-value").focus()
    palette(page)
    expect(page.locator("#palette-input")).to_be_focused()
    assert names(page)[0] == "Advance to 2 Gather"
    page.keyboard.type("manager assign")
    assert names(page) == ["Assign Service Manager"]
    expect(page.locator("#palette-count")).to_contain_text("1 of")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    assert focused(page) == "f-title-value"
    palette(page, "assign service")
    page.keyboard.press("Enter")
    expect(page.locator("#f-command-service-manager-input")).to_be_focused()
    page.keyboard.type("Ana Castillo")
    page.keyboard.press("Enter")
    expect(page.locator("#team")).to_contain_text("Ana Castillo")


def test_arrows_move_the_focus_and_typing_returns(page):
    palette(page, "severity ")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.innerText").startswith("Severity High")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.innerText").startswith("Severity Medium")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert focused(page) == "palette-input"
    page.keyboard.press("ArrowDown")
    page.keyboard.type("low")
    assert focused(page) == "palette-input"
    expect(page.locator("#palette-input")).to_have_value("severity low")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#header .box")).to_contain_text("Low")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator("#timeline")).to_contain_text("Severity Critical › Low")


def test_enter_runs_the_first_that_is_not_locked(page):
    palette(page, "set resolved")
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#palette-count")).to_contain_text("Resolved needs phase 8.")
    page.keyboard.press("Escape")
    expect(page.locator("#info")).to_contain_text("Active")


def meet_conditions(page) -> None:
    """All lines of phase 1: two are a person's, the bridge is the record's."""
    press(page, "b")
    expect(page.locator("#f-bridge-url-input")).to_be_focused()
    page.keyboard.type("http://127.0.0.1:9/bridge")
    page.keyboard.press("Enter")
    expect(page.locator("#bridge-key")).to_have_text("Join bridge")
    for key in ("real", "paged"):
        page.click(f"#tick-{key}")
        expect(page.locator(f"#tick-{key}")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#advance")).to_contain_text("All conditions met")


def test_advance_from_the_palette_only_arms(page):
    meet_conditions(page)
    palette(page, "advance")
    page.keyboard.press("Enter")
    expect(page.locator("#advance-key")).to_have_text("Confirm: 2 Gather")
    expect(page.locator("#advance-key")).to_be_focused()
    palette(page, "advance to")  # once more: still only armed
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    expect(page.locator("#phases [data-state=current]")).to_contain_text("Alert")
    page.keyboard.press("Enter")
    expect(page.locator("#phases [data-state=current]")).to_contain_text("Gather")


def test_a_held_enter_arms_and_no_more(page):
    meet_conditions(page)
    palette(page, "advance")
    for _ in range(4):
        page.keyboard.down("Enter")  # the second and later ones are repeats
    page.keyboard.up("Enter")
    page.wait_for_timeout(300)
    expect(page.locator("#phases [data-state=current]")).to_contain_text("Alert")


def test_a_soft_gate_opens_and_asks(page):
    palette(page, "advance to")
    page.keyboard.press("Enter")
    expect(page.locator("#reason")).to_be_focused()
    expect(page.locator("#phases [data-state=current]")).to_contain_text("Alert")


def test_folds_open_on_the_way(page):
    palette(page, "edit risk")
    page.keyboard.press("Enter")
    expect(page.locator("#f-risk-level-input")).to_be_focused()
    palette(page, "make public entry 1:")
    page.keyboard.press("Escape")
    palette(page, "skip")
    page.keyboard.press("Enter")
    expect(page.locator("#skip-to")).to_be_focused()


def test_the_palette_from_a_field_that_is_edited(page):
    page.click("#f-description-value")
    expect(page.locator("#f-description-input")).to_be_focused()
    page.keyboard.type("It broke.")
    palette(page)
    page.keyboard.press("Escape")
    expect(page.locator("#f-description-value")).to_have_text("It broke.")  # left, so saved
    page.wait_for_function("document.activeElement.id === 'f-description-value'")


def test_go_to_another_incident(page):
    open_incident(page, "checkout-web lag")
    palette(page, "inc-001")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/incidents/1")


def test_the_button_opens_it_and_without_script_is_a_link(page, open_page):
    page.click("#topbar >> text=Commands")
    expect(page.locator("#palette-input")).to_be_focused()
    plain = open_page("maya", script=False)
    plain.goto(page.url)
    plain.click("#topbar >> text=Commands")
    plain.click("text=Log a note")
    plain.wait_for_url("**/admin/incidents/1#log-text")
    plain.goto(f"{page.url}/commands")
    plain.click("text=Severity Low, Box 0")
    expect(plain.locator("#header .box")).to_contain_text("Low")


def test_it_opens_at_once_on_a_slow_line(page):
    page.route("**/commands", lambda route: (page.wait_for_timeout(600), route.continue_())[1])
    page.keyboard.press("Control+k")
    assert page.locator("#palette-input").is_visible()
    page.keyboard.type("assign sre")
    page.keyboard.press("Enter")  # waits for the list
    expect(page.locator("#f-command-sre-input")).to_be_focused()


def test_signed_out_says_so(page):
    page.wait_for_timeout(2_500)  # an answer under way would bring the cookie back
    page.context.clear_cookies()
    page.keyboard.press("Control+k")
    expect(page.locator("#problem")).to_contain_text("Signed out")
    expect(page.locator("#palette")).to_be_hidden()


# The sheet


def sheet(page) -> None:
    press(page, "?")
    expect(page.locator("[data-key-of=L]")).to_be_visible()


def test_keys_are_switched_off_and_on(page):
    sheet(page)
    page.uncheck("[data-keys-on]")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    press(page, "l")
    assert focused(page) == ""
    page.reload()
    press(page, "l")
    assert focused(page) == ""
    expect(page.locator(".log [data-kbd]")).to_be_hidden()
    palette(page, "key list")  # the way back
    page.keyboard.press("Enter")
    page.check("[data-keys-on]")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    press(page, "l")
    assert focused(page) == "log-text"


def test_a_key_is_given_another_letter(page):
    sheet(page)
    field = page.locator("[data-key-of=L]")
    field.focus()
    page.keyboard.type("x")
    expect(field).to_have_value("X")
    page.keyboard.type("t")
    expect(page.locator("[data-keys-refused]")).to_have_text("T is taken: Open track.")
    expect(field).to_have_value("X")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.reload()
    press(page, "l")
    assert focused(page) == ""
    press(page, "x")
    assert focused(page) == "log-text"
    expect(page.locator(".log [data-kbd]")).to_have_text("X")
    sheet(page)
    page.click("[data-keys-reset]")
    expect(page.locator("[data-key-of=L]")).to_have_value("L")
    page.locator("[data-key-of=L]").focus()
    page.keyboard.press("End")
    page.keyboard.press("Backspace")  # none at all
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    press(page, "l")
    assert focused(page) == ""


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_dialogs_pass_axe(open_page, size):
    page = open_page("maya", size=size)
    open_incident(page)
    page.evaluate("document.querySelector('[data-place=palette]').click()")
    expect(page.locator("#palette-count")).to_contain_text("commands")
    assert violations(page) == []
    page.fill("#palette-input", "set")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    press(page, "?")
    expect(page.locator("[data-key-of=L]")).to_be_visible()
    assert violations(page) == []
    page.goto(f"{page.url}/commands")
    assert violations(page) == []
    page.goto("/admin/incidents/keys")
    assert violations(page) == []


def test_on_a_phone_the_place_is_in_its_sheet(open_page):
    page = open_page("maya", size="phone")
    open_incident(page)
    page.click(".jump >> text=Commands")
    page.keyboard.type("write milestone")
    page.keyboard.press("Enter")
    expect(page.locator("#composer-body")).to_be_focused()
    expect(page.locator("#composer-body")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#composer-body")).to_be_hidden()


# The timeline: filter and new entries


def test_the_filter_survives_what_happens_meanwhile(page, open_page):
    for text in ("alpha one", "beta", "alpha two"):
        page.fill("#log-text", text)
        page.press("#log-text", "Enter")
        expect(page.locator("#timeline")).to_contain_text(text)
    page.fill("#composer-body", "typed before")
    press(page, "/")
    page.keyboard.type("alpha")
    page.keyboard.press("Enter")
    expect(page.locator(".timeline__row")).to_have_count(2)
    assert "q=alpha" in page.url
    expect(page.locator("#composer-body")).to_have_value("typed before")
    expect(page.locator("#timeline-q")).to_be_focused()
    omar = open_page("omar")
    omar.goto(page.url.split("?")[0])
    for text in ("gamma", "alpha three"):
        omar.fill("#log-text", text)
        omar.press("#log-text", "Enter")
        expect(omar.locator("#timeline")).to_contain_text(text)
    expect(page.locator("#timeline")).to_contain_text("alpha three")
    expect(page.locator(".timeline__row")).to_have_count(3)
    page.click("#timeline >> text=All")
    expect(page.locator("#timeline")).to_contain_text("gamma")
    assert "q=" not in page.url
    page.fill("#timeline-q", "nowhere")
    page.press("#timeline-q", "Enter")
    expect(page.locator("#timeline")).to_contain_text("0 entries with “nowhere”")


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_new_entries_wait_while_the_timeline_is_scrolled(open_page, server, size):
    page, omar = open_page("maya", size=size), open_page("omar")
    open_incident(page)
    for n in range(30):
        page.fill("#log-text", f"note {n}")
        page.press("#log-text", "Enter")
        expect(page.locator("#timeline")).to_contain_text(f"note {n}")
    omar.goto(page.url)

    def say(text):
        omar.fill("#log-text", text)
        omar.press("#log-text", "Enter")
        expect(omar.locator("#timeline")).to_contain_text(text)

    say("seen at once")
    expect(page.locator("#timeline")).to_contain_text("seen at once")
    expect(page.locator("#timeline-new")).to_be_hidden()
    page.locator("#entry-4").scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    before = page.locator("#entry-4").bounding_box()["y"]
    for text in ("first", "second", "third"):
        say(text)
    expect(page.locator("#timeline-new")).to_have_text("3 new entries")
    expect(page.locator("#timeline-new")).to_be_in_viewport()
    assert abs(page.locator("#entry-4").bounding_box()["y"] - before) < 2  # nothing moved by itself
    expect(page.locator("#said")).to_have_text("3 new entries")
    page.click("#timeline-new")
    expect(page.locator("#timeline-new")).to_be_hidden()
    expect(page.locator(".timeline__row").first).to_be_focused()
    expect(page.locator(".timeline__row").first).to_be_in_viewport()
    assert re.search("third", page.locator(".timeline__row").first.inner_text())


def stands(page, place: str) -> None:
    expect(page.locator(f"{place}:focus, {place} :focus").first).to_be_visible(timeout=5000)


def test_the_focus_stays_at_hand_after_an_act(page):
    page.focus("#advance-key")
    page.keyboard.press("Enter")
    expect(page.locator("#reason")).to_be_focused()
    page.wait_for_timeout(700)
    page.keyboard.press("Enter")
    expect(page.locator("#panel")).to_have_attribute("data-phase", "2")
    stands(page, "#advance-key")
    press(page, "t")
    page.keyboard.type("App, Rita: roll back 15")
    page.keyboard.press("Enter")
    expect(page.locator("#tracks .track__meta")).to_contain_text("App Rita")
    stands(page, "#tracks")
    page.locator("[id^=track-][id$=-more] > summary").first.focus()
    page.keyboard.press("Enter")
    page.locator(".track__more[open] [data-sure]").focus()
    for _ in range(2):
        page.keyboard.press("Enter")
    expect(page.locator("#ended-tracks")).to_have_count(1)
    stands(page, "#tracks")


def test_the_focus_is_not_taken_from_who_types_elsewhere(page):
    page.route("**/phase", lambda route: (page.wait_for_timeout(300), route.continue_()))
    page.focus("#advance-key")
    page.keyboard.press("Enter")
    page.wait_for_timeout(700)
    page.keyboard.press("Enter")
    page.focus("#log-text")
    expect(page.locator("#panel")).to_have_attribute("data-phase", "2")
    page.wait_for_timeout(300)
    expect(page.locator("#log-text")).to_be_focused()


def test_the_palette_finds_what_was_written(page):
    palette(page, "payments")
    found = page.locator("#palette-found .commands__do")
    expect(found.first).to_contain_text("INC-001")
    expect(page.locator("#palette-count")).to_contain_text("commands")
    page.keyboard.press("ArrowDown")
    for _ in range(len(names(page))):
        page.keyboard.press("ArrowDown")
    expect(found.first).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("#palette")).to_be_hidden()
    palette(page, "zzzyx")
    expect(page.locator("#palette-said")).to_have_text("Nothing found.")


def test_a_palette_without_a_connection_says_so(page):
    palette(page)
    page.route("**/admin/search/quick*", lambda route: route.abort())
    page.keyboard.type("pool")
    expect(page.locator("#palette-said")).to_contain_text("Offline")
    assert page.locator("#palette-found li").count() == 0


def test_without_a_connection_the_page_stays_and_the_palette_says_so(page):
    page.goto("/admin/measures")
    page.context.set_offline(True)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_contain_text("No connection.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(re.compile("/admin/measures$"))
    page.context.set_offline(False)
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-input")).to_be_focused()


def test_without_a_connection_a_plain_form_leads_nowhere(page):
    page.goto(page.url.rpartition("/")[0])
    page.context.set_offline(True)
    expect(page.locator("[data-link]")).to_contain_text("OFFLINE")
    page.locator("main form").first.evaluate("form => form.requestSubmit()")
    expect(page.locator("#connection")).to_contain_text("Nothing was sent")
    expect(page).to_have_url(re.compile("/admin/incidents$"))
    page.context.set_offline(False)
    expect(page.locator("#connection")).to_be_hidden()


def test_the_palette_is_there_on_other_pages_too(page):
    page.goto(page.url.rpartition("/")[0])
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-input")).to_be_focused()
    page.keyboard.type("go to inc-001")
    expect(page.locator("#palette-count")).to_contain_text("1 of")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-input")).to_have_value("")
    page.keyboard.type("actions")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/admin/actions$"))
