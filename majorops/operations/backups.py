"""Timed backups: when one is due, and what came of it. The file itself is made outside any transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.events import AuditKind
from majorops.domain.health import backup_is_due
from majorops.domain.text import count
from majorops.models import BackupRun
from majorops.operations import audit, operation


def newest_runs(most: int) -> list[BackupRun]:
    """The timed backups that were begun last, the newest first."""
    return list(db.session.scalars(select(BackupRun).order_by(BackupRun.id.desc()).limit(most)))


def newest_run() -> BackupRun | None:
    """The backup that was begun last."""
    return next(iter(newest_runs(1)), None)


def newest_made() -> BackupRun | None:
    """The newest backup that there is a file of."""
    made = (BackupRun.ended_at.is_not(None), BackupRun.problem == "")
    return db.session.scalar(select(BackupRun).where(*made).order_by(BackupRun.id.desc()).limit(1))


@operation(needs=Permission.DATA_MANAGE)
def begin_backup(*, every: timedelta, actor: Actor, now: datetime) -> int | None:
    """Claim the backup that is due; returns its number, None where none is, or another worker has it."""
    last = newest_run()
    if last is not None and not backup_is_due(last.started_at, last.ended_at, bool(last.problem), every, now):
        return None
    number = last.number + 1 if last else 1
    # Its number is unique: of two workers at the same moment one fails here, asks again, and finds none due.
    row = {"number": number, "started_at": now, "path": "", "size": 0, "rows": 0, "problem": ""}
    db.session.execute(insert(BackupRun).values(**row))
    return number


@operation(needs=Permission.DATA_MANAGE)
def end_backup(
    number: int, *, path: str, size: int, rows: int, problem: str, actor: Actor, now: datetime
) -> None:
    """Keep what came of a backup: a file of `size` bytes at `path`, or the `problem` why there is none."""
    run = update(BackupRun).where(BackupRun.number == number)
    values = {"ended_at": now, "path": path[:1000], "size": size, "rows": rows, "problem": problem[:500]}
    db.session.execute(run.values(**values))
    if problem:
        audit(AuditKind.BACKUP_FAILED, path, detail=problem, actor=actor, now=now)
    else:
        audit(AuditKind.BACKUP_MADE, path, detail=count(rows, "row"), actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def record_restore(name: str, made_at: str, *, actor: Actor, now: datetime) -> None:
    """Say in the audit that this database was filled from a backup: its file's name, and when it was made."""
    audit(AuditKind.BACKUP_RESTORED, name, detail=f"made {made_at}", actor=actor, now=now)
