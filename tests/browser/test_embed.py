"""The HTML for other sites in a real browser: copied by its key, and shown in a page of somebody else."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

OURS, THEIRS = "http://localhost", "http://shop.example"


@pytest.fixture
def visit(app, cast, chromium):
    """`visit(script=True)`: a page of a browser for which the application answers without a server."""
    app.extensions["has_accounts"] = True
    app.extensions["public_origin"] = OURS
    cast.list_systems("payments-api")
    cast.open(title="Checkout fails", systems=["payments-api"])
    client, contexts = app.test_client(), []

    def answer(route):
        if route.request.url.startswith(OURS):
            with client.get(urlsplit(route.request.url).path) as found:  # closed, as fonts are open files
                route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.data)
        else:
            frames = "".join(f"<iframe src='{OURS}{path}'></iframe>" for path in ("/widget", "/subscribe"))
            route.fulfill(content_type="text/html", body=frames)

    def make(script: bool = True):
        context = chromium.new_context(java_script_enabled=script)
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=OURS)
        context.route("**/*", answer)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


def test_a_key_copies_the_html_and_without_script_it_is_selected_by_hand(visit):
    page = visit()
    page.goto(f"{OURS}/subscribe")
    page.get_by_role("button", name="Copy: Badge: the state of everything").press("Enter")
    expect(page.locator("#copied")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#snippet-2").input_value()
    assert f'src="{OURS}/badge.svg"' in copied
    plain = visit(script=False)
    plain.goto(f"{OURS}/subscribe")
    expect(plain.get_by_role("button", name="Copy", exact=False)).to_have_count(0)
    expect(plain.locator("#snippet-1")).to_have_js_property("readOnly", True)


def test_a_page_of_somebody_else_shows_the_widget_and_no_other_page_of_ours(visit):
    page = visit()
    page.goto(THEIRS)
    widget = page.frame_locator("iframe").nth(0)
    link = widget.get_by_role("link", name="Checkout fails")
    expect(link).to_be_visible()
    expect(page.frame_locator("iframe").nth(1).locator("main")).to_have_count(0)
    with page.context.expect_page() as opened:
        link.click()
    expect(opened.value.locator("h1")).to_have_text("Checkout fails")
    assert page.url.startswith(THEIRS)
