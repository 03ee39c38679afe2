"""The nudge in real browsers: it comes at its second on every screen, and its keys settle it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import create_engine, text

from majorops import clock
from tests.browser.test_accessibility import violations
from tests.browser.test_journey import open_incident


@pytest.fixture
def promise(server):
    """`promise(seconds)`: the next update is due so many seconds from now."""

    def set_due(seconds: float):
        due = clock.now() + timedelta(seconds=seconds)
        engine = create_engine(server.database_url)
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE incident SET next_update_eta = :due"), {"due": due.isoformat(sep=" ")[:26]}
            )
        engine.dispose()
        return due

    return set_due


def test_it_comes_at_its_second_on_every_screen(open_page, promise):
    maya = open_page("maya")
    open_incident(maya)
    due = promise(300 + 6)
    omar = open_page("omar", size="phone")
    omar.goto(maya.url)
    maya.reload()
    places = ((maya, "#nudge"), (omar, "#nudge-top"))
    for page, place in places:
        expect(page.locator(f"{place} .nudge__what")).to_have_count(0)
    for page, place in places:
        expect(page.locator(f"{place} .nudge__what")).to_contain_text("Update due in")
    late = (clock.now() - (due - timedelta(minutes=5))).total_seconds()
    assert 0 <= late < 2.5
    for page, _ in places:
        assert violations(page) == []


@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.6])
def test_it_comes_too_when_its_second_lies_between_drawing_and_the_first_look(open_page, promise, seconds):
    page = open_page("maya")
    open_incident(page)
    promise(300 + seconds)
    page.reload()
    expect(page.locator("#nudge .nudge__what")).to_contain_text("Update due in")


def test_overdue_is_settled_by_one_key(open_page, promise):
    page = open_page("maya")
    open_incident(page)
    promise(-60)
    page.reload()
    expect(page.locator("#nudge .nudge__what")).to_contain_text("Update overdue 01:")
    page.locator("#nudge").get_by_role("button", name="Post holding update").press("Enter")
    expect(page.locator("#nudge .nudge__what")).to_have_count(0)


def test_on_a_phone_its_words_are_no_column_beside_its_keys(open_page, promise):
    page = open_page("maya", size="phone")
    open_incident(page)
    promise(-60)
    page.set_viewport_size({"width": 320, "height": 844})
    page.reload()
    why = page.locator("#nudge-top .nudge__why").bounding_box()
    assert why["width"] > 250
    assert page.locator("#nudge-top .nudge__keys").bounding_box()["y"] >= why["y"] + why["height"]


def test_dismissed_by_keyboard_it_stays_away(open_page, promise):
    page = open_page("maya")
    open_incident(page)
    promise(200)
    page.reload()
    page.locator("#nudge").get_by_role("button", name="Dismiss: Update due in").press("Enter")
    expect(page.locator("#nudge .nudge__what")).to_have_count(0)
    page.reload()
    expect(page.locator("#nudge .nudge__what")).to_have_count(0)


def test_without_script_the_keys_are_plain(open_page, promise):
    page = open_page("maya", script=False)
    open_incident(page)
    promise(-60)
    page.reload()
    page.locator("#nudge").get_by_role("button", name="Post holding update").click()
    expect(page.locator("#nudge .nudge__what")).to_have_count(0)
