"""The briefs in a real Chromium: by keyboard, on a phone, on paper, without script,
and by link without an account.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import axe

LONG = "Card payments fail in two regions and wallets work. " * 180


def open_incident(page) -> None:
    page.goto("/new")
    page.fill("[name=title]", "prod-payments-api not responding, " * 5)
    page.get_by_role("button", name=re.compile("^Open")).click()
    page.wait_for_url("**/admin/incidents/1")


def write(page, field: str, text: str) -> None:
    page.goto(f"/admin/incidents/1/fields/{field}")
    page.fill("[name=value]", text)
    page.locator(
        "form:has([name=value]) button[type=submit], form:has([name=value]) button:not([type])"
    ).first.click()
    page.wait_for_load_state()


def violations(page) -> list[str]:
    found = axe.find(page)
    return [f"{v['id']}: {n['target']}" for v in found for n in v["nodes"][:4]]


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


@pytest.mark.parametrize("script", [True, False])
def test_a_link_by_keyboard_without_an_account(open_page, script):
    maya = open_page("maya", script=script)
    open_incident(maya)
    maya.goto("/admin/incidents/1/links")
    maya.fill("[name=name]", "Board")
    maya.keyboard.press("Enter")
    expect(maya.locator("#made")).to_be_visible()
    address = maya.input_value("#made")
    board = open_page(None, size="phone", script=script)
    board.goto(address)
    expect(board.get_by_role("button", name="Print brief")).to_be_visible(visible=script)
    board.focus("#question")
    board.keyboard.type("Is data lost?")
    board.keyboard.press("Enter")
    expect(board.locator(".ask__state")).to_contain_text("Waits for the MIM")
    assert board.context.cookies() == []
    assert board.evaluate("document.documentElement.scrollWidth") <= 390
    if script:
        assert violations(board) == violations(maya) == []
    maya.goto("/admin/incidents/1")
    expect(maya.locator("#asks")).to_contain_text("Is data lost?")
    maya.goto("/admin/incidents/1/links")
    maya.get_by_role("button", name="Revoke the link for Board").press("Enter")
    expect(maya.locator("main")).to_contain_text("Revoked")
    board.goto(address)
    expect(board.locator("h1")).to_have_text("This link is no longer valid")
    if script:
        assert violations(board) == []


def test_one_sheet_of_paper_whatever_is_written(open_page):
    maya = open_page("maya")
    open_incident(maya)
    for field in ("exec_summary", "business_impact", "customer_impact_summary"):
        write(maya, field, LONG)
    xin = open_page("xin")
    for kind in ("exec", "brief"):
        xin.goto(f"/incidents/1/{kind}")
        assert violations(xin) == []
        for paper in ("A4", "Letter"):
            assert pages_of(xin.pdf(format=paper)) == 1, (kind, paper)
        xin.emulate_media(media="print")
        assert (
            xin.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
        )
        expect(xin.locator("#ask")).to_be_hidden()
        assert violations(xin) == []
        xin.emulate_media(media="null")
    xin.goto("/incidents/1/exec")
    assert LONG.strip() in xin.locator(".brief__lead").inner_text()
