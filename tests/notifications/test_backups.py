"""Timed backups: one when it is due, by one worker; the newest are kept; what fails is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.backup.take import look_through
from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.health import backup_is_due
from majorops.models import AuditEntry, BackupRun
from majorops.notifications import Worker
from majorops.notifications.backups import back_up_when_due
from majorops.operations.backups import begin_backup, newest_made, newest_run
from tests.waiting import wait_for

HOUR = timedelta(hours=1)


@pytest.fixture
def folder(app, tmp_path):
    app.config |= {"BACKUP_DIR": str(tmp_path / "kept"), "BACKUP_HOURS": 24.0, "BACKUP_KEEP": 2}
    return tmp_path / "kept"


def kinds() -> list[str]:
    return [
        kind
        for kind in db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id))
        if "backup" in kind
    ]


def test_one_a_day_and_the_newest_are_kept(app, folder, clock):
    for day in range(3):
        assert back_up_when_due(app.config)
        assert not back_up_when_due(app.config), day
        clock.tick(hours=23)
        assert not back_up_when_due(app.config)
        clock.tick(hours=1)
    theirs = folder / "majorops-mine.backup"
    theirs.write_text("x")
    (folder / ".majorops-20200101T000000Z.backup.part").write_text("left by a process that died")
    assert back_up_when_due(app.config)
    files = sorted(one.name for one in folder.iterdir())
    assert len(files) == 3
    assert theirs.name in files
    assert folder.stat().st_mode & 0o777 == 0o700
    run = newest_made()
    assert (run.number, run.size > 1000, run.problem) == (4, True, "")
    assert look_through(folder / sorted(files)[1]).total == run.rows
    assert kinds() == ["backup.made"] * 4


def test_one_that_fails_says_why_and_is_tried_again_after_an_hour(app, folder, clock):
    folder.write_text("a file in the way")
    assert back_up_when_due(app.config)
    assert newest_run().problem.endswith("File exists")
    assert newest_made() is None
    assert kinds() == ["backup.failed"]
    folder.unlink()
    clock.tick(minutes=59)
    assert not back_up_when_due(app.config)
    clock.tick(minutes=1)
    assert back_up_when_due(app.config)
    assert newest_made().number == 2


def test_what_nobody_thought_of_is_kept_as_the_problem(app, folder, monkeypatch):
    def broken(*_):
        raise RuntimeError("odd")

    monkeypatch.setattr("majorops.notifications.backups.make_backup", broken)
    assert back_up_when_due(app.config)
    assert newest_run().problem == "RuntimeError: odd"


def test_a_claim_is_taken_once(app, clock):
    given = {"every": 24 * HOUR, "actor": SYSTEM, "now": clock()}
    assert begin_backup(**given) == 1
    assert begin_backup(**given) is None


@pytest.mark.parametrize(
    ("ended", "failed", "hours", "is_due"),
    [
        (True, False, 23.9, False),
        (True, False, 24, True),
        (True, True, 0.9, False),
        (True, True, 1, True),
        (False, False, 5.9, False),
        (False, False, 6, True),
    ],
)
def test_when_the_next_one_is_due(clock, ended, failed, hours, is_due):
    began = clock() - timedelta(hours=hours)
    assert backup_is_due(began, began if ended else None, failed, 24 * HOUR, clock()) is is_due


def test_the_worker_makes_it(app, folder, clock):
    worker = Worker(app, on_delivery=lambda number: None)
    worker.look()
    wait_for(lambda: db.session.rollback() or newest_made(), "a backup")
    assert db.session.scalar(select(BackupRun.number)) == 1
    worker.stop()


def test_without_a_folder_there_is_none(app, clock):
    Worker(app, on_delivery=lambda number: None).look()
    assert newest_run() is None
