"""The public page keeps itself true between reloads, for readers who only look."""

from __future__ import annotations

import re
import signal

import pytest
from playwright.sync_api import expect

from tests.server import Person

FAST = (
    "const later = window.setTimeout; window.setTimeout = (act, ms) => later(act, ms > 5000 ? ms / 20 : ms);"
)


@pytest.fixture
def maya(server):
    return Person(server)


@pytest.fixture
def path(maya):
    return maya.open()


@pytest.fixture
def reader(open_page, path):
    page = open_page(None)
    page.add_init_script(FAST)
    return page


def post(maya, path: str, body: str, eta: str = "20", kind: str = "milestone") -> None:
    given = {"kind": kind, "visibility": "public", "body": body, "next_update": eta}
    assert maya.post(f"{path}/updates", **given).status_code == 200


def test_a_public_update_comes_without_a_reload(reader, maya, path):
    for address in ("/", "/incidents/1"):
        reader.goto(address)
        expect(reader.locator("[data-fresh]")).to_have_text("Updates by itself.")
        text = f"Read on {address}."
        post(maya, path, text)
        expect(reader.locator("main")).to_contain_text(text)
        expect(reader.locator("#said")).to_contain_text("Updated")


def test_focus_and_scroll_stay(reader, maya, path):
    reader.set_viewport_size({"width": 390, "height": 500})
    reader.goto("/")
    link = reader.locator("h2 a").first
    link.focus()
    reader.evaluate("scrollTo(0, 120)")
    before = reader.evaluate("scrollY")
    post(maya, path, "It moves nothing.")
    expect(reader.locator("main")).to_contain_text("It moves nothing.")
    expect(reader.locator("h2 a").first).to_be_focused()
    assert abs(reader.evaluate("scrollY") - before) < 60


def test_the_badge_turns_by_itself(reader, maya, path):
    post(maya, path, "A promise.")
    reader.goto("/")
    badge = reader.locator(".cadence").first
    expect(badge).to_have_attribute("data-cadence", "due")
    expect(badge).to_contain_text(re.compile(r"in (19|20):\d\d"))
    reader.context.set_offline(True)  # an answer would set the page's clock right again
    reader.evaluate(
        "performance.now = ((now) => () => now() + 16 * 60000)(performance.now.bind(performance))"
    )
    expect(badge).to_have_class(re.compile("cadence--soon"))
    reader.evaluate("performance.now = ((now) => () => now() + 5 * 60000)(performance.now.bind(performance))")
    expect(badge).to_have_attribute("data-cadence", "overdue")
    expect(badge).to_contain_text(re.compile(r"Update overdue\s+0[01]:\d\d"))
    expect(reader.locator(".cadence + .small").first).to_contain_text("was due")


def test_a_clock_an_hour_off_changes_nothing(reader, maya, path):
    post(maya, path, "A promise.")
    reader.add_init_script("const real = Date.now; Date.now = () => real() + 3600e3;")
    reader.goto("/")
    expect(reader.locator(".cadence").first).to_contain_text(re.compile(r"in (19|20):\d\d"))


def test_a_server_that_is_gone_is_said_and_forgiven(reader, maya, path, server):
    reader.goto("/")
    expect(reader.locator("[data-fresh]")).to_have_text("Updates by itself.")
    reader.evaluate("performance.now = ((now) => () => now() + 61000)(performance.now.bind(performance))")
    server.stop(signal.SIGKILL)
    expect(reader.locator("[data-fresh]")).to_contain_text("Not updated since")
    expect(reader.locator("main")).to_contain_text("prod-payments-api")
    server.start()
    expect(reader.locator("[data-fresh]")).to_have_text("Updates by itself.")


def test_an_answer_that_is_not_the_page_is_no_page(reader, path):
    reader.goto("/")
    reader.route(
        "**/", lambda route: route.fulfill(body="<main>Welcome to the hotel</main>", content_type="text/html")
    )
    reader.wait_for_timeout(3_000)
    expect(reader.locator("main")).to_contain_text("prod-payments-api")


def test_an_incident_made_private_leaves_the_screen(reader, maya, path):
    reader.goto("/incidents/1")
    assert maya.post(f"{path}/fields/is_public", value="no", was="yes").status_code == 200
    expect(reader.locator("main")).not_to_contain_text("prod-payments-api")


def test_without_script_it_stands_as_it_is(open_page, maya, path):
    page = open_page(None, script=False)
    page.goto("/")
    expect(page.locator("[data-fresh]")).to_have_text("Reload for the latest state.")
