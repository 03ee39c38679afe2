"""`flask work` as a process of its own: killed in the middle, nothing is lost,
and nothing is another message.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from email import message_from_string
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import func, insert, select, update
from werkzeug import Request, Response

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import ChannelKind, DeliveryState, Severity, Visibility
from majorops.models import Delivery, Subscriber, SubscriberIncident
from majorops.notifications import Worker
from majorops.notifications.worker import SENDERS
from majorops.operations import delivery as operations
from majorops.operations import updates
from tests.conftest import SECRET
from tests.notifications.conftest import BASE, many
from tests.notifications.receivers import MailServer
from tests.waiting import NEVER, wait_for

ROOT = Path(__file__).resolve().parents[2]


pytestmark = pytest.mark.machine_clock


@pytest.fixture
def work(app):
    """Start `flask work` on the test's database."""
    running = []

    def start(smtp: str = "") -> subprocess.Popen:
        environment = os.environ | {
            "MAJOROPS_DATABASE_URL": app.config["DATABASE_URL"],
            "MAJOROPS_SECRET_KEY": SECRET,
            "MAJOROPS_WEBHOOK_PRIVATE": "on",
        }
        environment |= {"MAJOROPS_SMTP_URL": smtp, "MAJOROPS_BASE_URL": BASE} if smtp else {}
        command = [sys.executable, "-m", "flask", "--app", "app", "work"]
        running.append(
            subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        )
        assert running[-1].stdout.readline() == "worker: running\n"
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def count(state: DeliveryState) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(Delivery.id)).filter_by(state=state))


@pytest.fixture
def held(httpserver):
    """A receiver that answers `held.first` messages at once and the others when `held.over` is set."""
    held = SimpleNamespace(first=0, keys=[], over=threading.Event(), url=httpserver.url_for("/hook"))

    def answer(request: Request) -> Response:
        held.keys.append(request.headers["Idempotency-Key"])
        if len(held.keys) > held.first:
            held.over.wait(NEVER)
        return Response()

    httpserver.expect_request("/hook").respond_with_handler(answer)
    yield held
    held.over.set()


def test_kill_9_in_the_middle_of_two_hundred(app, cast, clock, work, held):
    app.config["WEBHOOK_PRIVATE"] = True
    held.first = 50
    given = {"kind": ChannelKind.WEBHOOK, "address": held.url, "actor": SYSTEM, "now": clock()}
    operations.add_channel(email="omar@example.org", **given)
    operations.add_channel(email="xin@example.org", **given)
    for n in range(100):
        cast.open(title=f"incident {n}")
    process = work()
    wait_for(lambda: len(held.keys) > 50, "fifty messages, and one on its way")
    process.kill()
    process.wait()
    held.over.set()
    left = count(DeliveryState.SENDING)
    assert 0 < left <= SENDERS
    db.session.execute(
        update(Delivery).values(claimed_until=clock() - timedelta(seconds=1))
    )  # the leases run out
    db.session.commit()
    Worker(app, on_delivery=lambda number: None).drain()
    ids = Counter(held.keys)
    assert count(DeliveryState.SENT) == len(ids) == 200
    assert 0 < sum(n - 1 for n in ids.values()) <= left  # only what was on its way, with its id


def test_subscribers_are_told_once_each_over_a_kill_9(app, cast, clock, work):
    """Those of everything and those of one incident; what was on its way comes again with its id.

    How long a thousand take is measured by bench/deliveries.py.
    """
    server = MailServer()
    app.config["SMTP_URL"] = server.url
    incident = cast.open(severity=Severity.LOW)
    with app.app_context():
        Worker(app, on_delivery=lambda number: None).drain()
    many(120, clock())
    many(80, clock(), wants_all=False, address="f{n}@example.org")
    followers = db.session.scalars(select(Subscriber.id).filter_by(wants_all=False)).all()
    rows = [{"subscriber_id": number, "incident_id": incident.id} for number in followers]
    db.session.execute(insert(SubscriberIncident), rows)
    db.session.commit()
    given = {"visibility": Visibility.PUBLIC, "actor": cast.maya, "now": clock()}
    updates.publish_update(incident, "Cards fail.", **given)
    server.mails.clear()
    process = work(smtp=server.url)
    wait_for(lambda: len(server.mails) > 40, "forty mails")
    process.kill()
    process.wait()
    db.session.execute(
        update(Delivery)
        .where(Delivery.state == DeliveryState.SENDING)
        .values(claimed_until=clock() - timedelta(seconds=1))
    )
    db.session.commit()
    work(smtp=server.url)
    wait_for(lambda: not count(DeliveryState.PENDING) and not count(DeliveryState.SENDING), "the rest")
    server.stop()
    heads = [message_from_string(mail) for mail in server.mails]
    told = Counter(head["To"] for head in heads if head["To"][0] in "sf")
    assert len(told) == 200
    assert sum(told.values()) - 200 <= SENDERS
    assert len({head["Message-ID"] for head in heads if head["To"][0] in "sf"}) == 200


def test_stops_at_once_even_while_a_receiver_hangs(app, cast, clock, work, held):
    given = {"kind": ChannelKind.WEBHOOK, "address": held.url, "actor": SYSTEM, "now": clock()}
    operations.add_channel(email="omar@example.org", **given)
    cast.open(severity=Severity.MEDIUM)
    process = work()
    wait_for(lambda: count(DeliveryState.SENDING), "a message on its way")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0  # the receiver holds its answer back for longer
