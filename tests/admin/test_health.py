"""The page of the server's health, and what the admins are told by their channels."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import ChannelKind, DeliveryState
from majorops.domain.health import CHECKS, Disk, Seen, findings
from majorops.models import Channel, Delivery, HealthEpisode
from majorops.notifications import Worker
from majorops.operations.backups import begin_backup, end_backup
from majorops.operations.health import beat, beats, keep_episodes
from majorops.web import health
from tests.notifications.receivers import MailServer, read

MINUTE = timedelta(minutes=1)


@pytest.fixture
def keep(cast, clock):
    """Keeps what the checks say of the moment as `given`; returns the subjects of what was queued."""

    def kept(host="box1", **given):
        before = set(db.session.scalars(select(Delivery.id)))
        acts = keep_episodes(findings(Seen(clock(), **given)), host=host, actor=SYSTEM, now=clock())
        rows = db.session.scalars(select(Delivery).order_by(Delivery.id))
        subjects = [row.subject for row in rows if row.id not in before]
        assert bool(acts) == bool(subjects)
        return subjects

    return kept


FULL = {"disks": (Disk("The disk of the database", 1, 10**12),)}


def test_each_check_stands_on_the_page_with_what_to_do(app, cast, clock):
    beat("box1:7", version="0.0.9", started_at=clock(), actor=SYSTEM, now=clock())
    number = begin_backup(every=MINUTE, actor=SYSTEM, now=clock())
    end_backup(number, path="", size=0, rows=0, problem="no room", actor=SYSTEM, now=clock())
    clock.tick(minutes=1)
    number = begin_backup(every=MINUTE, actor=SYSTEM, now=clock())
    end_backup(number, path="/b/a", size=2**20, rows=1234, problem="", actor=SYSTEM, now=clock())
    clock.tick(minutes=2)
    begin_backup(every=MINUTE, actor=SYSTEM, now=clock())
    page = cast.browser("ada").get("/admin/health").text
    for check in CHECKS:
        assert f'id="{check.name}"' in page
    for words in ("Set MAJOROPS_BACKUP_DIR", "failed, no room", "1,234 rows, 1.0 MB", "begun, not ended"):
        assert words in page
    assert "box1:7, version 0.0.9" in page
    assert "/admin/health" in cast.browser("ada").get("/admin/").text


def test_a_disk_that_fills_is_told_once_to_every_channel_of_every_admin_and_when_it_is_well(
    app, cast, clock, keep
):
    address = "https://hooks.example.org/x"
    db.session.add(Channel(user_id=cast.ada.user_id, kind=ChannelKind.WEBHOOK, address=address))
    db.session.add(Channel(user_id=cast.ada.user_id, kind=ChannelKind.EMAIL, address="ada@example.org"))
    db.session.commit()
    assert keep(**FULL) == []
    clock.tick(minutes=1)
    assert keep(**FULL) == ["MajorOps itself: Disk not well on box1"] * 2
    rows = db.session.scalars(select(Delivery)).all()
    assert {row.kind for row in rows} == {ChannelKind.WEBHOOK, ChannelKind.EMAIL}
    assert {row.user_id for row in rows} == {cast.ada.user_id}
    clock.tick(hours=9)
    assert keep(**FULL) == []
    assert keep(host="box2") == []  # another machine's disk is its own
    assert keep() == ["MajorOps itself: Disk well again on box1"] * 2
    assert keep() == []
    (episode,) = db.session.scalars(select(HealthEpisode))
    assert episode.ended_at == clock()
    page = cast.browser("ada").get("/admin/health").text
    assert "The disk of the database: 0 KB of 931 GB are free." in page
    assert "Well since" in page


def test_what_was_short_is_told_to_nobody(clock, keep):
    assert keep(worker_here=False) == []
    clock.tick(minutes=4)
    assert keep(worker_here=True) == []
    clock.tick(minutes=9)
    assert keep(worker_here=False) == []


def test_where_no_worker_looks_the_server_tells_it_itself(app, cast, clock):
    mails = MailServer()
    app.config["SMTP_URL"] = mails.url
    watch = app.extensions["health"]
    beat("box1:7", version="1", started_at=clock(), actor=SYSTEM, now=clock())
    clock.tick(minutes=3)
    watch.tell()
    clock.tick(minutes=5)
    watch.tell()
    watch.tell()
    mails.stop()
    # On PostgreSQL the clocks are not well either: that of the tests stands still.
    (mail,) = [one for one in map(read, mails.mails) if "Worker not well" in one]
    assert "No worker has looked for 8 min: messages and reminders wait." in mail
    assert "Start one: flask --app app work" in mail
    assert set(db.session.scalars(select(Delivery.state))) == {DeliveryState.SENT}


def test_a_database_that_is_gone_breaks_nothing(app, monkeypatch, caplog):
    monkeypatch.setattr(health, "why_not_ready", lambda: "database does not answer")
    app.extensions["health"].tell()
    monkeypatch.setattr(health, "measure", lambda *_: 1 / 0)
    app.extensions["health"].tell()
    assert "telling of the server's own health" in caplog.text


def test_a_worker_says_that_it_looks_now_and_then_and_old_ones_are_forgotten(app, clock):
    beat("old", version="1", started_at=clock(), actor=SYSTEM, now=clock())
    clock.tick(hours=25)
    worker = Worker(app, on_delivery=lambda number: None)
    worker.look()
    (first,) = beats()
    clock.tick(seconds=14)
    worker.look()
    assert beats()[0].seen_at == first.seen_at
    clock.tick(seconds=1)
    worker.look()
    db.session.rollback()
    assert [(one.started_at, one.seen_at) for one in beats()] == [(first.started_at, clock())]
    worker.stop()
