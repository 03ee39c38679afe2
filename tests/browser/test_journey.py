"""Whole journeys: open, eight phases, close; on a desk and on a phone."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.server import token_of


def hurry(server, minutes: int) -> None:
    """Move the validation window into the past: nobody waits ten minutes in a test."""
    path = server.database_url.removeprefix("sqlite:///")
    earlier = (datetime.now(UTC) - timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S.000000")
    with sqlite3.connect(path, timeout=10) as connection:
        connection.execute("UPDATE incident SET window_started_at = ?", (earlier,))
    connection.close()


def open_incident(page, title: str = "prod-payments-api not responding") -> None:
    """As the form sends it, without drawing and typing it in every test; the journeys do."""
    token = token_of(page.request.get("/new").text())
    answer = page.request.post("/new", form={"csrf_token": token, "title": title}, max_redirects=0)
    page.goto(answer.headers["location"])


def call_for_service(page, title: str = "prod-payments-api not responding") -> None:
    page.goto("/new")
    page.keyboard.type(title)  # the title has the focus
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/incidents/*")


def show(page, size: str, sheet: str) -> None:
    """On a phone the panel and the composer are sheets."""
    if size == "phone" and page.locator("body").get_attribute("data-sheet") != sheet:
        page.click(f"[data-opens={sheet}]")


def advance(page, size: str, to: str) -> None:
    show(page, size, "panel")
    key = page.locator("#advance-key")
    key.click()
    if page.locator(".advance__soft[open]").count():
        page.click("text=Advance anyway")
    elif page.locator("form[data-armed]").count():
        key.click()
    expect(page.locator('[data-state="current"]').first).to_contain_text(to)


def post(page, size: str, kind: str, text: str) -> None:
    show(page, size, "composer")
    page.check(f"#kind-{kind}", force=True)
    page.fill("#composer-body", text)
    page.click("#composer-post")
    expect(page.locator("#updates")).to_contain_text(text)


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_from_call_for_service_to_a_clean_close(open_page, server, size):
    page = open_page("maya", size=size)
    call_for_service(page)
    expect(page.locator("#topbar")).to_contain_text("WARTIME")
    assert page.locator('[data-field="affected_systems"]').inner_text().startswith("payments-api")
    for to in ("Gather", "Assess", "Initial"):
        advance(page, size, to)
    post(page, size, "milestone", "Card payments are failing. We are rolling back.")
    expect(page.locator("#updates [data-cadence]")).to_have_attribute("data-cadence", "due")
    for to in ("Isolation", "Mitigation", "Validation"):
        advance(page, size, to)
    show(page, size, "panel")
    expect(page.locator("#advance-key")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#advance")).to_contain_text("Critical needs 10:00 clean.")
    page.click("button[aria-label='Confirm payments-api']")
    expect(page.locator("[data-check=confirmed]")).to_have_count(1)
    hurry(server, 11)
    page.reload()
    show(page, size, "panel")
    page.click("#status-key")
    expect(page.locator("#info")).to_contain_text("Monitoring")
    advance(page, size, "Resolution")
    show(page, size, "composer")
    page.check("#kind-resolution", force=True)
    page.fill("#composer-body", "All card payments work since 15:00 UTC.")
    page.fill("#after-action", (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d %H:%M"))
    page.click("#composer-post")
    expect(page.locator("#updates")).to_contain_text("resolution")
    show(page, size, "panel")
    page.click("#status-key")
    expect(page.locator("#notices")).to_contain_text("Resolved")
    expect(page.locator("#topbar")).to_contain_text("PEACETIME")

    visitor = open_page(None, size=size)
    visitor.goto("/incidents/1")
    expect(visitor.locator("main")).to_contain_text("All card payments work")
    expect(visitor.locator("main")).to_contain_text("Resolved")
    assert "Maya" not in visitor.content()
    visitor.goto("/")
    expect(visitor.locator("h1")).to_have_text("0 active incidents")


def test_the_whole_way_without_script(open_page, server):
    page = open_page("maya", script=False)
    page.goto("/new")
    page.fill("[name=title]", "search-index lag")
    page.check("[name=severity][value=medium]", force=True)
    page.fill("[name=affected_systems]", "search-index")
    page.click("button:has-text('Open incident')")
    page.wait_for_url("**/admin/incidents/1")
    page.click("#f-description-value")
    page.fill("[name=value]", "Reindex runs.")
    page.click("button:has-text('Save')")
    expect(page.locator("#f-description")).to_contain_text("Reindex runs.")
    for to in (
        "2 Gather",
        "3 Assess",
        "4 Initial",
        "5 Isolation",
        "6 Mitigation",
        "7 Validation",
        "8 Resolution",
    ):
        page.click("#advance-key")
        if page.locator(".advance__soft").count():
            page.click("text=Advance anyway")
        expect(page.locator('.phase[data-state="current"]')).to_contain_text(to.split()[1])
    page.click("#status-key")  # monitoring
    page.click("#status-key")
    expect(page.locator("#notices")).to_contain_text("Resolved")


def test_killed_in_mid_work_nothing_acknowledged_is_lost(open_page, server):
    import signal

    page = open_page("maya")
    call_for_service(page)
    for n in range(5):
        page.fill("#log-text", f"note number {n}")
        page.press("#log-text", "Enter")
        expect(page.locator("#timeline")).to_contain_text(f"note number {n}")
    page.fill("#composer-body", "typed before the crash")
    server.stop(signal.SIGKILL)
    page.fill("#log-text", "said while it was down")
    page.press("#log-text", "Enter")
    expect(page.locator(".timeline__row--queued")).to_contain_text("said while it was down")
    server.start()
    expect(page.locator(".timeline__row--queued")).to_have_count(0)
    expect(page.locator("#timeline")).to_contain_text("said while it was down")
    page.reload()
    expect(page.locator("#composer-body")).to_have_value("typed before the crash")
    for n in range(5):
        expect(page.locator("#timeline")).to_contain_text(f"note number {n}")


def test_two_browsers_agree(open_page, server):
    maya, omar = open_page("maya"), open_page("omar", size="phone")
    call_for_service(maya)
    omar.goto(maya.url)
    maya.fill("#log-text", "heard on the bridge")
    maya.press("#log-text", "Enter")
    expect(omar.locator("#timeline")).to_contain_text("heard on the bridge")
    advance(maya, "desk", "Gather")
    expect(omar.locator("#dock")).to_contain_text("2 Gather")


def test_server_stops_at_once(server):
    assert server.stop() in (0, -15)


def test_intake_survives_a_lost_connection(open_page, server):
    page = open_page("maya")
    page.goto("/new")
    page.keyboard.type("ledger-db is gone")
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    expect(page.locator("#intake-problem")).to_contain_text("Offline. Not opened. Text kept.")
    page.context.set_offline(False)
    page.goto("/new")
    expect(page.locator("#title")).to_have_value("ledger-db is gone")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/admin/incidents/1$"))


def test_a_stranger_signs_in_and_lands_on_the_filled_form(open_page, server):
    page = open_page(None)
    page.goto("/new?title=db+down&severity=low&systems=a,b")
    page.fill("[name=email]", "maya@example.org")
    page.fill("[name=password]", "correct horse battery staple")
    page.keyboard.press("Enter")
    expect(page.locator("#title")).to_have_value("db down")
    expect(page.locator("[value=low]")).to_be_checked()
    expect(page.locator(".chips")).to_contain_text("a")
