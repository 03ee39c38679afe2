"""No screen says what is not true any more: titles, badges, tiles and colours turn by themselves,
on every screen.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_coach import promise  # noqa: F401 (a fixture)
from tests.browser.test_editing import edit
from tests.browser.test_journey import open_incident
from tests.browser.test_live import HIDE, is_live, log

TURNED = "document.title.startsWith('OVERDUE ')"


def screens(open_page, promise, seconds: float):  # noqa: F811
    """Maya at a desk and Omar on a phone, before an incident whose next update is due so
    many seconds from now.
    """
    maya = open_page("maya")
    open_incident(maya)
    promise(seconds)
    maya.reload()
    omar = open_page("omar", size="phone")
    omar.goto(maya.url)
    for page in (maya, omar):
        is_live(page)
    return maya, omar


def until(page, condition: str, timeout: int = 20_000) -> None:
    """Wait for what the page's own policy lets nobody wait for inside it."""
    for _ in range(timeout // 50):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def says_overdue(page) -> bool:
    """Title, badge and tile of one screen; they must say the same."""
    said = page.evaluate(f"""() => [{TURNED},
        document.querySelector('.cadence').dataset.cadence === 'overdue',
        document.querySelector('[data-tile=updates]').textContent.includes('OVERDUE')]""")
    assert len(set(said)) == 1, said
    return said[0]


def test_title_badge_and_tile_turn_overdue_and_back_on_every_screen(open_page, promise):  # noqa: F811
    maya, omar = screens(open_page, promise, 12)
    assert not says_overdue(maya)
    assert not says_overdue(omar)
    omar.evaluate(HIDE, True)
    for page in (maya, omar):
        until(page, TURNED)
        page.wait_for_selector("[data-tile=updates] >> text=OVERDUE")
        until(page, "document.querySelector('.cadence').dataset.cadence === 'overdue'")
        assert says_overdue(page)
    maya.locator("#nudge .button", has_text="Post holding update").click()
    until(maya, f"!{TURNED}")
    until(omar, f"!{TURNED}")  # nobody sees that tab: it asks every four seconds
    omar.evaluate(HIDE, False)
    for page in (maya, omar):
        expect(page.locator(".cadence")).to_have_attribute("data-cadence", "due")
        assert not says_overdue(page)


def test_a_hidden_tab_does_not_call_overdue_what_was_answered(open_page, promise):  # noqa: F811
    maya, omar = screens(open_page, promise, 14)
    omar.evaluate(HIDE, True)
    omar.evaluate("""() => { window.titles = new Set();
        setInterval(() => titles.add(document.title.slice(0, 7)), 50); }""")
    maya.evaluate("document.querySelector('#next-20').click()")
    maya.fill("#composer-body", "The rollback is through.")
    maya.locator("#composer-post").click()
    expect(maya.locator("#updates")).to_contain_text("The rollback is through.")
    answered = "Date.parse(document.getElementById('version').dataset.due) > Date.now() + 600000"
    until(omar, answered)
    assert "OVERDUE" not in omar.evaluate("[...titles]")


def test_an_answer_that_was_overtaken_is_asked_for_again(open_page, promise):  # noqa: F811
    """Once ON CADENCE stood 47 s too long: the answer about the promise was older than one to a note
    that was sent meanwhile, and was thrown away; nothing asked again.
    """
    maya, _ = screens(open_page, promise, 12)
    held = []

    def hold(route):
        if held:
            return route.continue_()
        held.append((route, route.fetch()))

    maya.route("**/changes?region=*", hold)
    for _ in range(300):
        if held:
            break
        maya.wait_for_timeout(100)
    log(maya, "said meanwhile")
    expect(maya.locator("#timeline")).to_contain_text("said meanwhile")
    route, answer = held[0]
    route.fulfill(response=answer)
    expect(maya.locator(".cadence")).to_have_attribute("data-cadence", "overdue")
    assert says_overdue(maya)


def test_five_minutes_before_it_is_due_is_not_missed(open_page, promise):  # noqa: F811
    """The clock of a busy page skips seconds."""
    maya = open_page("maya")
    open_incident(maya)
    promise(300 + 8)
    maya.reload()
    is_live(maya)
    expect(maya.locator(".cadence")).to_contain_text("On cadence")
    maya.evaluate("""() => { const until = performance.now() + 9000;
        setTimeout(() => { while (performance.now() < until); }); }""")
    expect(maya.locator(".cadence")).to_contain_text("Due")


def test_a_raised_severity_colours_the_other_screen_without_a_reload(open_page):
    maya, omar = open_page("maya"), open_page("omar")
    open_incident(maya)
    choose(maya, "low")
    omar.goto(maya.url)
    is_live(omar)
    assert colour(omar) == "rgb(26, 26, 26)"
    choose(maya, "critical")
    for page in (omar, maya):
        until(page, "document.body.dataset.severity === 'critical'")
        expect(page.locator("#header .box")).to_contain_text("Critical")
        assert colour(page) == "rgb(204, 0, 0)"
        bar = page.locator(".phase[data-state=current]").evaluate("e => getComputedStyle(e).backgroundColor")
        assert bar == "rgb(204, 0, 0)"


def colour(page) -> str:
    return page.locator("#header .box").evaluate("e => getComputedStyle(e).backgroundColor")


def choose(page, severity: str) -> None:
    """Set the severity as its editor does."""
    edit(page, "severity")
    page.evaluate(
        """severity => { const box = document.querySelector('#f-severity'), form = box.querySelector('form');
        const select = form.querySelector('select[name=value]');
        if (select) select.value = severity;
        else form.querySelector(`[name=value][value=${severity}]`).checked = true;
        form.requestSubmit(); }""",
        severity,
    )
    expect(page.locator("#header")).to_have_attribute("data-severity", severity)


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_offline_not_posted_goes_when_the_line_is_back(open_page, size):
    page = open_page("maya", size=size)
    open_incident(page)
    is_live(page)
    page.evaluate("document.body.dataset.sheet = 'composer'")
    page.fill("#composer-body", "The fix is being rolled out.")
    page.context.set_offline(True)
    page.locator("#composer-post").click()
    expect(page.locator("#problem")).to_contain_text("Offline. Not posted. Text kept.")
    page.context.set_offline(False)
    expect(page.locator("#problem")).not_to_contain_text("Offline")
    expect(page.locator("#composer-body")).to_have_value("The fix is being rolled out.")
    expect(page.locator("#updates .update")).to_have_count(0)


def test_the_public_title_turns_overdue_with_its_badge(open_page, server, promise):  # noqa: F811
    maya = open_page("maya")
    open_incident(maya)
    reader = open_page(None)
    maya.evaluate("document.querySelector('#kind-milestone').click()")
    maya.fill("#composer-body", "We know the cause.")
    maya.locator("#composer-post").click()
    expect(maya.locator("#updates")).to_contain_text("We know the cause.")
    due_in(server, 8)
    reader.goto("/incidents/1")
    assert not reader.title().startswith("Update overdue")
    until(reader, "document.title.startsWith('Update overdue · INC-001')")
    expect(reader.locator(".cadence")).to_have_attribute("data-cadence", "overdue")


def due_in(server, seconds: float) -> None:
    from datetime import timedelta

    from sqlalchemy import create_engine, text

    from majorops import clock

    due = (clock.now() + timedelta(seconds=seconds)).isoformat(sep=" ")[:26]
    engine = create_engine(server.database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE publication SET next_update_eta = :due"), {"due": due})
    engine.dispose()
