"""A real Chromium against the real server, as a process of its own on a copy of the migrated database."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

expect.set_options(timeout=30_000)  # a busy machine is no failure

# The same engine in all of them; the first has no window to draw and takes less than half the time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="session")
def chromium():
    binary = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, server, cookies):
    """`open_page("maya", size="phone", script=False)`: a page of a browser of its own, signed in,
    still empty.
    """
    contexts, errors = [], []
    sessions = {nick: iter(each) for nick, each in cookies.items()}

    def make(nick: str | None = "maya", *, size: str = "desk", script: bool = True, **options):
        # What blinks is drawn sixty times a second; what a service worker asks for no test sees.
        given = {"reduced_motion": "reduce", "service_workers": "block"} | options
        context = chromium.new_context(
            viewport=SIZES[size], java_script_enabled=script, base_url=server.url, **given
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None,
        )
        if nick:
            context.add_cookies([{"name": "majorops", "value": next(sessions[nick]), "url": server.url}])
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []
