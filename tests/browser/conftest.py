"""A real Chromium against the real server, as a process of its own on a copy of the migrated database."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect, sync_playwright

from majorops import clock, create_app
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.vocab import AccountRole
from majorops.operations.accounts import add_user
from majorops.operations.catalogue import add_system
from tests.cast import PASSWORD, PEOPLE
from tests.conftest import SECRET

expect.set_options(timeout=10_000)  # a busy machine is no failure

ROOT = Path(__file__).resolve().parents[2]
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`make run`'s server on a database of its own; can be killed and started again."""

    def __init__(self, database_url: str, **settings: str):
        self.database_url, self.port = database_url, free_port()
        self.settings = {f"MAJOROPS_{name}": value for name, value in settings.items()}
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        environment = os.environ | {"MAJOROPS_DATABASE_URL": self.database_url, "MAJOROPS_SECRET_KEY": SECRET}
        environment |= self.settings
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            "majorops.front:app",
            "--port",
            str(self.port),
            "--log-level",
            "warning",
        ]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment)
        for _ in range(200):
            try:
                requests.get(f"{self.url}/healthz", timeout=1)
                return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise RuntimeError("the server did not start")

    def stop(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=20)


@pytest.fixture
def server(template_database, tmp_path):
    """A running server with the cast and a small catalogue."""
    path = tmp_path / "browser.db"
    shutil.copy(template_database.removeprefix("sqlite:///"), path)
    url = f"sqlite:///{path}"
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET, "TESTING": True})
    with app.app_context():
        for nick, (name, role) in PEOPLE.items():
            given = {
                "email": f"{nick}@example.org",
                "name": name,
                "role": AccountRole(role),
                "password": PASSWORD,
            }
            add_user(**given, actor=SYSTEM, now=clock.now())
        for name in ("payments-api", "ledger-db", "checkout-web"):
            add_system(name=name, actor=SYSTEM, now=clock.now())
        db.session.remove()
        db.engine.dispose()
    running = Server(url)
    running.start()
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="session")
def chromium():
    binary = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, server):
    """`open_page("maya", size="phone", script=False)`: a page of a browser of its own, signed in through the form."""
    contexts, errors = [], []

    def make(nick: str | None = "maya", *, size: str = "desk", script: bool = True, **options):
        context = chromium.new_context(
            viewport=SIZES[size], java_script_enabled=script, base_url=server.url, **options
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None,
        )
        if nick:
            page.goto("/login")
            page.fill("[name=email]", f"{nick}@example.org")
            page.fill("[name=password]", PASSWORD)
            page.click("button:text-is('Sign in')")
            page.wait_for_url("**/admin/incidents" if nick != "xin" else "**/")
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []
