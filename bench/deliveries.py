"""1,000 messages to a receiver that is slow and fails every tenth time.

One of two workers is killed in the middle.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pytest_httpserver import HTTPServer
from sqlalchemy import select
from werkzeug import Request, Response

from bench.table import spread, verdict
from majorops import clock, create_app
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import ChannelKind, DeliveryState, Notice, Severity
from majorops.models import Delivery, Incident, User
from majorops.operations import audit, delivery, operation
from majorops.operations.incident import open_incident
from majorops.operations.outbox import notify
from tests.conftest import SECRET, migrated
from tests.server import ROOT, fill

MESSAGES, DELAY = 1_000, 0.02
SHORT = {"MESSAGES": 20}


def run() -> list[dict]:
    """One row: queue the messages, kill a worker half way, wait three minutes at most for all to arrive."""
    folder = Path(tempfile.mkdtemp())
    url = migrated(f"sqlite:///{folder / 'bench.db'}")
    fill(url)
    heard: list[str] = []
    server = receiver(heard)
    app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET, "WEBHOOK_PRIVATE": True})
    with app.app_context():
        queue(server.url_for("/hook"))
        environment = os.environ | {
            "MAJOROPS_DATABASE_URL": url,
            "MAJOROPS_SECRET_KEY": SECRET,
            "MAJOROPS_WEBHOOK_PRIVATE": "on",
        }
        command = [sys.executable, "-m", "flask", "--app", "app", "work"]
        workers = [
            subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) for _ in "12"
        ]
        began = time.perf_counter()
        while len(heard) < MESSAGES / 2:
            time.sleep(0.01)
        workers[0].send_signal(signal.SIGKILL)
        while len(sent := arrived()) < MESSAGES and time.perf_counter() - began < 180:
            time.sleep(0.2)
        took = time.perf_counter() - began
    for worker in workers:
        worker.kill()
        worker.wait()
    server.stop()
    return rows(heard, sent, took)


def receiver(heard: list[str]) -> HTTPServer:
    """A running server that fails every tenth time; the key of each message it got comes into `heard`."""

    turns = itertools.count(1)

    def answer(request: Request) -> Response:
        time.sleep(DELAY)
        heard.append(request.headers["Idempotency-Key"])
        return Response(status=500 if next(turns) % 10 == 0 else 200)

    server = HTTPServer(host="127.0.0.1", port=0, threaded=True)
    server.expect_request("/hook").respond_with_handler(answer)
    server.start()
    return server


def queue(address: str) -> None:
    """Put the messages into the outbox: one person, MESSAGES acts. `address`: of the receiver."""
    delivery.add_channel(
        email="maya@example.org", kind=ChannelKind.WEBHOOK, address=address, actor=SYSTEM, now=clock.now()
    )

    @operation(needs=None)
    def acts(incident, *, actor, now):
        person = db.session.scalar(select(User).filter_by(email="maya@example.org"))
        for n in range(MESSAGES):
            notify(incident, Notice.ALARM, f"bench:{n}", [person], subject=f"act {n}", body="text", now=now)
        audit("bench.queued", "bench", actor=actor, now=now)

    incident: Incident = open_incident(
        title="bench", severity=Severity.LOW, systems=["a"], actor=SYSTEM, now=clock.now()
    )
    acts(incident, actor=SYSTEM, now=clock.now())


def arrived() -> dict[str, float]:
    """Key → seconds from queued to arrived, of our own messages: the clock sends reminders beside them."""
    db.session.rollback()
    ours = select(Delivery).where(Delivery.act.contains("bench:"), Delivery.state == DeliveryState.SENT)
    return {row.key: (row.sent_at - row.created_at).total_seconds() for row in db.session.scalars(ours)}


def rows(keys: list[str], sent: dict[str, float], took: float) -> list[dict]:
    """The row of the table.

    `keys`: of every try that the receiver heard; `sent`: of `arrived`; `took`: seconds for all.
    """
    tries = Counter(keys)
    heard = {key: tries[key] for key in sent if key in tries}
    lost = MESSAGES - len(heard)
    return [
        {
            "row": "queued to arrived",
            **spread([wait * 1000 for wait in sorted(sent.values())]),
            "note": f"{len(sent) / took:.0f} a second, {sum(heard.values())} tries, {lost} lost",
            "lost": lost,
            "bar": verdict(not lost, "each arrived, 0 lost"),
        }
    ]
