"""The wall in a browser: read from five metres, true without a hand on it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import create_engine, delete, select

from majorops.models import User, UserSession
from tests.browser import axe
from tests.server import Person

SCREEN = {"width": 1920, "height": 1080}
# A letter is read from about 200 times its height: 2.5 cm at five metres, of a screen 1.2 m wide.
SMALLEST = 0.0208
TOO_SMALL = """smallest => [...document.querySelectorAll(".wall *")].filter((e) =>
  e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())
  && parseFloat(getComputedStyle(e).fontSize) < smallest).map((e) => e.outerHTML)"""
SIZES = """(({ scrollWidth, scrollHeight }) =>
  [scrollWidth <= innerWidth, scrollHeight <= innerHeight])(document.documentElement)"""


@pytest.fixture
def maya(server):
    return Person(server)


@pytest.fixture
def wall(open_page):
    page = open_page("omar")
    page.set_viewport_size(SCREEN)
    return page


def test_it_is_read_from_five_metres_and_fits_however_much_runs(wall, maya):
    path = maya.open()
    name = "payments-api and all that hangs on it does not answer, " * 3
    maya.post(f"{path}/fields/title", value=name)
    for n in range(6):
        given = {"team": f"Team {n}", "owner": "Rita", "goal": "fail over to the other site " * 3}
        maya.post(f"{path}/tracks", **given, minutes="10")
    for n in range(6):
        maya.open(f"system-{n}")
    wall.goto("/admin/wall?incident=1")
    expect(wall.locator("h1")).to_contain_text("all that hangs on it")
    assert wall.evaluate(TOO_SMALL, SMALLEST * SCREEN["width"]) == []
    assert wall.evaluate(SIZES) == [True, True]
    assert axe.find(wall) == []
    wall.set_viewport_size({"width": 390, "height": 844})
    assert wall.evaluate(SIZES)[0]
    assert axe.find(wall) == []


def test_it_changes_by_itself_and_says_when_it_stands_still(wall, maya, server):
    wall.goto("/admin/wall")
    expect(wall.get_by_role("heading", name="No incident runs")).to_be_visible()
    path = maya.open("cards")
    expect(wall.get_by_role("heading", name="prod-cards not responding")).to_be_visible()
    maya.post(f"{path}/tracks", team="App", owner="Rita", goal="roll back", minutes="10")
    expect(wall.locator(".wall__tracks")).to_contain_text("roll back")
    engine = create_engine(server.database_url)
    with engine.begin() as connection:  # the cookie stays: an answer on its way would bring it back
        omar = select(User.id).where(User.email == "omar@example.org").scalar_subquery()
        connection.execute(delete(UserSession).where(UserSession.user_id == omar))
    engine.dispose()
    maya.post(f"{path}/tracks", team="Net", owner="Rita", goal="fail over", minutes="10")
    expect(wall.get_by_text("This screen stands still.")).to_be_visible()


def test_without_script_it_draws_itself_again(open_page, maya):
    maya.open("cards")
    page = open_page("omar", script=False)
    page.goto("/admin/wall")
    assert page.locator("noscript meta[http-equiv=refresh]").count() or "refresh" in page.content()
    expect(page.get_by_role("heading", name="prod-cards not responding")).to_be_visible()
