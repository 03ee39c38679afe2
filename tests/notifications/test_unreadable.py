"""A row of the outbox that cannot be understood is set aside, and nothing ends the worker."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import ChannelKind, DeliveryState
from majorops.models import Announcement, Delivery, Subscriber
from majorops.notifications import Worker
from majorops.notifications import worker as module
from majorops.operations import delivery as operations
from tests.notifications.receivers import MailServer


@pytest.fixture
def mails(app):
    server = MailServer()
    app.config["SMTP_URL"] = server.url
    yield server
    server.stop()


@pytest.fixture
def worker(app):
    return Worker(app, on_delivery=lambda number: None)


def rows() -> list[Delivery]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Delivery).order_by(Delivery.id)))


def break_kind(number: int, value: str) -> None:
    """As a newer version beside this one would write it.

    On PostgreSQL a CHECK that other tests need keeps it out.
    """
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("PRAGMA ignore_check_constraints=ON"))
        row = {"kind": value, "id": number}
        connection.execute(text("UPDATE delivery SET kind = :kind WHERE id = :id"), row)
        connection.execute(text("PRAGMA ignore_check_constraints=OFF"))


@pytest.mark.only_on("sqlite")
def test_an_unreadable_row_is_set_aside_with_its_reason_and_the_others_go(cast, worker, mails):
    cast.open()
    first = rows()[0].id
    break_kind(first, "telex")
    assert worker.drain() == 1
    bad, good = rows()
    assert (bad.state, good.state) == (DeliveryState.FAILED, DeliveryState.SENT)
    assert "Cannot be read" in bad.last_error
    assert "telex" in bad.last_error
    admin = cast.browser("ada")
    table = admin.get("/admin/data/deliveries/").text
    assert "Cannot be read" in table
    assert "telex" in table
    assert cast.browser("maya").get("/admin/incidents/1").status_code == 200


@pytest.mark.only_on("sqlite")
def test_what_was_set_aside_is_sent_again_after_the_repair(cast, worker, mails, clock):
    cast.open()
    bad = rows()[0]
    break_kind(bad.id, "telex")
    worker.drain()
    db.session.rollback()
    db.session.execute(update(Delivery).where(Delivery.id == bad.id).values(kind=ChannelKind.EMAIL))
    db.session.commit()
    operations.send_again(db.session.get(Delivery, bad.id), actor=cast.ada, now=clock())
    assert worker.drain() == 1
    assert {row.state for row in rows()} == {DeliveryState.SENT}


def subscribed(clock) -> Subscriber:
    from majorops.operations.subscriptions import confirm, subscribe

    given = {"kind": ChannelKind.EMAIL, "address": "vic@example.org", "systems": [], "language": "en"}
    row = subscribe(**given, origin="203.0.113.5", actor=SYSTEM, now=clock())
    confirm(row, actor=SYSTEM, now=clock())
    return row


@pytest.mark.parametrize("when", ["before the fan-out", "after it"])
def test_an_unreadable_announcement_stops_neither_the_others_nor_the_worker(
    app, cast, worker, mails, clock, when
):
    app.config["BASE_URL"] = "https://ops.example.org"
    app.extensions["public_origin"] = "https://ops.example.org"
    subscribed(clock)
    cast.open()
    cast.open(title="ledger-db slow", systems=["ledger-db"])
    first, second = db.session.scalars(select(Announcement.id).order_by(Announcement.id)).all()
    if when == "after it":
        with app.app_context():
            worker._fan_out()
    db.session.rollback()
    db.session.execute(update(Announcement).where(Announcement.id == first).values(text="{not json"))
    db.session.commit()
    worker.drain()
    told = {row.announcement_id: row for row in rows() if row.announcement_id}
    assert told[second].state is DeliveryState.SENT
    if when == "after it":
        assert told[first].state is DeliveryState.FAILED
        assert "Cannot be read" in told[first].last_error
    else:
        assert first not in told
        assert (
            db.session.get(Announcement, first).done_at is None
        )  # tried again later; /readyz says that it waits


TROUBLE = [
    RuntimeError("something nobody thought of"),
    OperationalError("SELECT", {}, Exception("no database")),
]


@pytest.mark.parametrize("trouble", TROUBLE, ids=lambda one: type(one).__name__)
def test_no_exception_ends_the_thread_and_no_place_of_a_sender_is_lost(
    trouble, cast, worker, mails, monkeypatch, clock
):
    cast.open()
    real, tries, has_failed = worker._take, [], threading.Event()

    def take():
        tries.append(1)
        if len(tries) <= module.SENDERS + 2:
            raise trouble
        has_failed.set()
        return real()

    monkeypatch.setattr(worker, "_take", take)
    monkeypatch.setattr(module, "EVERY", 0.001)
    sent = threading.Semaphore(0)
    worker._on_delivery = lambda number: sent.release()
    worker.start()
    assert has_failed.wait(60)
    assert sent.acquire(timeout=60)
    assert sent.acquire(timeout=60)
    assert worker.is_running
    worker.stop()
    assert not worker.is_running
    assert {row.state for row in rows()} == {DeliveryState.SENT}


def test_a_reminder_that_fails_stops_neither_maintenance_nor_announcements(worker, monkeypatch):
    done = []

    def fails(**_):
        raise RuntimeError("a rule")

    monkeypatch.setattr(module, "remind_all", fails)
    monkeypatch.setattr(module, "run_due", lambda now: done.append("maintenance"))
    monkeypatch.setattr(worker, "_fan_out", lambda until: done.append("announcements"))
    worker._tick()
    assert done == ["maintenance", "announcements"]
