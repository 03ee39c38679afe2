"""Click-to-edit with the keyboard alone, and two people at one field."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_journey import open_incident
from tests.waiting import wait_for


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


def test_severity_arrows_choose_and_enter_saves_in_the_place_of_its_block(page):
    block = page.locator("#f-severity").bounding_box()
    edit(page, "severity")
    assert page.locator("#f-severity").bounding_box() == block
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#f-severity input:checked")).to_have_value("medium")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#header .box")).to_contain_text("High")
    expect(page.locator("#timeline")).to_contain_text("Severity Critical › High, Box 3 › Box 2")
    expect(page.locator("#timeline")).not_to_contain_text("Medium")  # one act, not one an arrow
    expect(page.locator("#f-severity-value")).to_be_focused()


def test_severity_click_saves_and_a_click_on_what_it_is_closes(page):
    page.click("#f-severity-value")
    page.click("#f-severity .sevs__key >> text=Critical")
    expect(page.locator(".sevs")).to_have_count(0)
    page.click("#f-severity-value")
    page.click("#f-severity .sevs__key >> text=Low")
    expect(page.locator("#header .box")).to_contain_text("Low")
    expect(page.locator("#timeline")).to_contain_text("Severity Critical › Low, Box 3 › Box 0")


def test_an_editor_that_is_opened_again_at_once_opens(page):
    """Closed without a change, the field is asked for once more:
    that answer comes while the editor is on its way.
    """
    held = []
    page.click("#f-severity-value")
    # No bound method is taken here.
    page.route("**/fields/severity*", lambda route: held.append(route))  # noqa: PLW0108
    page.click("#f-severity .sevs__key >> text=Critical")
    page.click("#f-severity-value")
    wait_for(lambda: page.evaluate("1") and len(held) == 2, "the field at rest and its editor, asked for")
    for route in held:  # in this order
        with page.expect_response("**/fields/severity*"):
            route.continue_()
        page.wait_for_function(
            "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(true), 50)))"
        )
    page.unroute("**/fields/severity*")
    page.click("#f-severity .sevs__key >> text=Low")
    expect(page.locator("#header .box")).to_contain_text("Low")


@pytest.mark.parametrize("leave", ["Enter", "Tab"])
def test_a_select_saves_on_enter_or_on_leaving_never_on_each_arrow(page, leave):
    edit(page, "alert-external-impact")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#f-alert-external-impact-input")).to_have_value("no")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#f-alert-external-impact-input")).to_have_value("likely")
    page.keyboard.press(leave)
    expect(page.locator("#f-alert-external-impact-value")).to_contain_text("Likely")
    entries = page.locator("#timeline .timeline__row", has_text="External")
    expect(entries).to_have_count(1)
    expect(entries).not_to_contain_text("No")


def test_a_choice_made_by_mouse_saves_at_once(page):
    page.click("#f-alert-external-impact-value")
    page.select_option("#f-alert-external-impact-input", "yes")
    expect(page.locator("#f-alert-external-impact-value")).to_contain_text("Yes")


@pytest.mark.parametrize(
    "field",
    [
        "severity",
        "title",
        "description",
        "affected-systems",
        "alert-external-impact",
        "alert-customer-count",
        "command-sre",
        "alert-issue-time",
    ],
)
def test_on_a_phone_cancel_stands_beside_every_editor(open_page, field):
    page = open_page("maya", size="phone", is_mobile=True, has_touch=True)
    open_incident(page)
    before = page.locator(f"#f-{field}-value").inner_text()
    page.locator(f"#f-{field}-value").tap()
    editor = page.locator(f"#f-{field}.field--editing")
    expect(editor.locator("[data-cancel]")).to_be_visible()
    expect(editor.locator(".kbd").first).to_be_hidden()
    if field in ("title", "description"):
        page.keyboard.type(" never mind, this was for another incident")
    editor.locator("[data-cancel]").tap()
    expect(page.locator(".field--editing")).to_have_count(0)
    expect(page.locator(f"#f-{field}-value")).to_have_text(before, use_inner_text=True)


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
