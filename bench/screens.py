"""From the key that saves to the text on another person's screen, both in real Chromium."""

from __future__ import annotations

import shutil
import time

from playwright.sync_api import sync_playwright

from bench.servers import one_box
from bench.table import spread, verdict
from tests.browser.conftest import BROWSERS
from tests.cast import PASSWORD
from tests.server import Person

ROUNDS = 30
SHORT = {"ROUNDS": 2}


def run() -> list[dict]:
    """One row. Raises StopIteration where no Chromium is installed."""
    binary = next(filter(None, map(shutil.which, BROWSERS)))
    with one_box() as server, sync_playwright() as playwright:
        path = Person(server).open()
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox", "--disable-gpu"])
        pages = []
        for nick in ("maya", "omar"):
            page = browser.new_context(base_url=server.url).new_page()
            page.goto("/login")
            page.fill("[name=email]", f"{nick}@example.org")
            page.fill("[name=password]", PASSWORD)
            page.click("button:text-is('Sign in')")
            page.wait_for_url("**/admin/incidents")
            page.goto(path)
            page.wait_for_timeout(1500)
            pages.append(page)
        maya, omar = pages
        times = []
        for n in range(ROUNDS):
            maya.fill("#log-text", f"note {n}")
            began = time.perf_counter()
            maya.press("#log-text", "Enter")
            omar.wait_for_selector(f"#timeline >> text='note {n}'")
            times.append((time.perf_counter() - began) * 1000)
        browser.close()
    row = {"row": "Enter to the other screen", **spread(times)}
    return [row | {"bar": verdict(row["p95"] < 500, "p95 500 ms")}]
