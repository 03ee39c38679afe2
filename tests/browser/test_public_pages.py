"""What readers of the public page get beside the words:
their own time, a copy that knows its age, the place they marked.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.server import Person


@pytest.fixture
def maya(server):
    return Person(server)


@pytest.fixture
def path(maya):
    path = maya.open()
    given = {"kind": "update", "visibility": "public", "next_update": "20"}
    maya.post(f"{path}/updates", body="Card payments fail in the EU.", **given)
    return path


def test_times_are_the_readers_own_and_utc_without_script(open_page, path):
    berlin = open_page(None, timezone_id="Europe/Berlin")
    plain = open_page(None, timezone_id="Europe/Berlin", script=False)
    for page in (berlin, plain):
        page.goto("/incidents/1")
    expect(berlin.locator("[data-zone]")).to_have_text("Times in your zone, Europe/Berlin. UTC on hover.")
    expect(plain.locator("[data-zone]")).to_have_text("Times in UTC.")
    first = "main time >> nth=0"
    assert berlin.get_attribute(first, "title") == plain.inner_text(first)
    assert berlin.inner_text(first) != plain.inner_text(first)


def test_a_saved_copy_says_that_it_is_one(open_page, server, maya, path, tmp_path):
    page = open_page(None)
    saved = tmp_path / "saved.html"
    source = maya.get("/incidents/1").text
    script = re.search(r'src="(/assets/public-[^"]+)"', source)[1]
    (tmp_path / "public.js").write_text(maya.get(script).text)
    saved.write_text(source.replace(script, "public.js"))
    page.goto(saved.as_uri())
    expect(page.locator("[data-fresh]")).to_contain_text("Saved copy of")
    expect(page.locator("main")).to_contain_text("Card payments fail in the EU.")


def test_a_marked_place_tells_what_is_new_since(open_page, maya, path):
    page = open_page(None)
    page.goto("/incidents/1")
    page.get_by_role("link", name="Keep my place").press("Enter")
    marked = page.url
    assert re.search(r"#e[a-z][a-z0-9]{9}$", marked)
    given = {"kind": "update", "visibility": "public", "next_update": "20"}
    maya.post(f"{path}/updates", body="Rolled back in one region.", **given)
    again = open_page(None)
    again.goto(marked)
    expect(again.locator("#said")).to_contain_text("new since you last looked")
    assert again.context.cookies() == []


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_mim_sees_by_keyboard_what_goes_out(open_page, path, size):
    page = open_page("maya", size=size)
    page.goto(path)
    if size == "phone":
        page.click("[data-opens=composer]")
    page.fill("#composer textarea", "Payments work again in the EU.")
    page.get_by_role("button", name=re.compile("Preview")).first.press("Enter")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Payments work again in the EU.")
    page.keyboard.press("Escape")
    expect(page.locator("#composer textarea")).to_have_value("Payments work again in the EU.")
