"""Whether the server can do its work.

The database answers, has every migration and takes writes; messages go out; clocks agree. Looked at every
few seconds, for whoever watches the server and for the MIMs' screens.
"""

from __future__ import annotations

import logging
import os
import platform
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from socket import gethostname
from typing import Any, cast
from urllib.parse import urlsplit

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.local import LocalProxy

from majorops import clock
from majorops.db import DISK_FULL, db, storage_problem
from majorops.domain.access import SYSTEM
from majorops.domain.enums import DeliveryState
from majorops.domain.health import WORKER_SILENT, Disk, Seen, State, findings, warnings
from majorops.domain.measures import words
from majorops.models import Announcement, Delivery, TimelineEvent
from majorops.notifications import Worker
from majorops.operations.backups import newest_made, newest_run
from majorops.operations.first_steps import first_steps
from majorops.operations.health import beats, keep_episodes
from majorops.signing import AHEAD, LEEWAY
from majorops.storage import sqlite_file
from majorops.version import VERSION

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds between two looks
TELLS_EVERY = 60.0  # seconds between two that the admins may be told of
LATE = timedelta(minutes=2)  # a due message that nobody has taken for so long is late
ROOM = 4 * 1024 * 1024  # bytes that an embedded database needs to go on


@dataclass(frozen=True)
class Health:
    """`why_not`: why the server is not ready, empty when it is; `warnings`: what is wrong while it serves."""

    why_not: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """As sentences for people who work here."""
        said = findings(Seen(clock.now(), self.why_not))[0].sentence if self.why_not else ""
        return tuple(filter(None, (said, *self.warnings)))


class HealthMonitor:
    """Looks at the server's health and keeps what was seen last.

    `on_change`: called when it says something else; `worker`: the worker of this process, if any.
    """

    def __init__(self, app: Flask, on_change: Callable[[], None] = lambda: None):
        self.app, self._on_change = app, on_change
        self.worker: Worker | None = None
        self.seen, self._seen_at = Health(), float("-inf")
        self.measured = Seen(clock.now())
        self._told_at = time.monotonic()
        self._looking, self._stopping = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> Health:
        """Look now, one after another where several ask. Never raises: then what was seen before stands."""
        with self._looking, self.app.app_context():
            try:
                self.measured = seen = examine(clock.now(), self.worker_runs)
                found = Health(seen.why_not, warnings(seen))
            except Exception:
                log.exception("the server's own health")
                found = self.seen
            before, self.seen, self._seen_at = self.seen, found, time.monotonic()
        if found != before:
            for problem in set(found.problems) - set(before.problems):
                log.warning("%s", problem)
            with suppress(Exception):
                self._on_change()
        return found

    @property
    def worker_runs(self) -> bool | None:
        """Whether the worker of this process runs; None where it has none."""
        return self.worker.is_running if self.worker is not None else None

    def tell(self) -> None:
        """Tell the admins of what is not well for long enough, or is again. Never raises.

        Where no worker looks anywhere the messages are sent from here.
        """
        try:
            with self.app.app_context():
                # Of all processes: one whose worker died is said by /readyz, the others do its work.
                self.current()
                seen = measure(self.app, self.measured)
                seen = replace(seen, worker_here=None, has_own_worker=False)
                found = [] if seen.why_not else findings(seen)
                acts = keep_episodes(found, host=gethostname(), actor=SYSTEM, now=seen.now)
                is_alone = any(one.check == "worker" and one.state is State.ILL for one in found)
                if acts and is_alone:
                    Worker(self.app, on_delivery=lambda number: None).deliver_acts(acts)
        except Exception:  # it is tried again
            log.exception("telling of the server's own health")
        finally:
            self._told_at = time.monotonic()

    def current(self) -> Health:
        """What was seen within the last seconds: anybody may ask, as often as they like."""
        age = time.monotonic() - self._seen_at
        return self.seen if age < EVERY and not self.app.testing else self.look()

    def start(self) -> None:
        """Look every few seconds, on a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits two seconds at most for a look that is under way."""
        self._stopping.set()
        if self._thread:
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.look()
            if time.monotonic() - self._told_at >= TELLS_EVERY:
                self.tell()
            self._stopping.wait(EVERY)


def is_ready() -> tuple[bool, str]:
    """(True, "") when the database answers, its schema is the newest, and it takes writes.

    Else False and what is wrong.
    """
    why = why_not_ready()
    return not why, why


def examine(now: datetime, worker_runs: bool | None) -> Seen:
    """Look at database, worker, messages and clocks: all that `/readyz` says.

    Raises SQLAlchemyError where the database goes meanwhile.
    """
    if why := why_not_ready():
        return Seen(now, why)
    try:
        return Seen(
            now,
            has_own_worker=current_app.config["WORKER"],
            worker_here=worker_runs,
            worker_seen_at=next((one.seen_at for one in beats()), None),
            due_since=due_since(now),
            apart=tuple(clock_problems(now)),
        )
    finally:
        db.session.remove()


def measure(app: Flask, seen: Seen) -> Seen:
    """Everything that the checks ask for, beside what was `seen` of readiness within the last seconds.

    Raises SQLAlchemyError.
    """
    now, settings = seen.now, app.config
    if seen.why_not:
        return seen
    url, live, made, run = settings["SMTP_URL"], app.extensions["live"], newest_made(), newest_run()
    every = timedelta(hours=settings["BACKUP_HOURS"]) if settings["BACKUP_DIR"] else None
    versions = {one.version for one in beats() if now - one.seen_at < WORKER_SILENT}
    return replace(
        seen,
        database=database_words(),
        mail_server=(urlsplit(url).hostname or "") if url else "",
        mail_problem=first_steps(has_mail_server=bool(url)).mail_problem,
        live=live.is_connected if live.hub else None,
        files_problem=files_problem(app),
        keeps_files=bool(settings["PUBLIC_DIR"]),
        backup_every=every,
        backup_at=made.started_at if made else None,
        backup_problem=run.problem if run else "",
        disks=tuple(disks(settings)),
        versions=f"MajorOps {VERSION}, Python {platform.python_version()}, {database_words()}",
        is_behind=bool(versions - {VERSION}),
    )


def measured_now() -> Seen:
    """Everything that the checks ask for, at this moment."""
    app = cast("LocalProxy[Flask]", current_app)._get_current_object()
    monitor: HealthMonitor = app.extensions["health"]
    monitor.current()
    return measure(app, monitor.measured)


def files_problem(app: Flask) -> str:
    """Why the public files are not being written, as far as this process knows.

    Empty when they are, or are not wanted.
    """
    files = app.extensions.get("public_files")
    return files.problem if files else ""


def database_words() -> str:
    """`SQLite 3.45.1`, `PostgreSQL 18.4`."""
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[db.engine.dialect.name]
    return f"{name} {'.'.join(map(str, db.engine.dialect.server_version_info or ()))}"


def disks(settings: Mapping[str, Any]) -> Iterator[Disk]:
    """The disks of this machine that something is kept on, each once."""
    file = sqlite_file(settings["DATABASE_URL"])
    places = {"The disk of the database": file.parent if file else None}
    places["The disk of the backups"] = settings["BACKUP_DIR"]
    places["The disk of the public files"] = settings["PUBLIC_DIR"]
    known = set()
    for name, place in places.items():
        with suppress(OSError):  # a folder that is not there yet
            if place is None or (device := os.stat(place).st_dev) in known:
                continue
            known.add(device)
            disk = os.statvfs(place)
            yield Disk(name, disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize)


def why_not_ready() -> str:
    """Why nobody can work here: no database, missing migrations, no writes; empty when they can."""
    try:
        with db.engine.connect() as connection:
            here = MigrationContext.configure(connection).get_current_revision()
        newest = ScriptDirectory(current_app.extensions["migrate"].directory).get_current_head()
        if here != newest:
            return "migrations are missing: run flask --app app db upgrade"
        return why_not_writable()
    except SQLAlchemyError as error:
        return storage_problem(error) or "database does not answer"


def why_not_writable() -> str:
    """Why nothing can be saved at this moment; empty when it can. Nothing is written to find out."""
    if db.engine.dialect.name != "sqlite":
        with db.engine.connect() as connection:
            is_off = connection.scalar(text("SELECT current_setting('transaction_read_only')")) == "on"
        return "The database is read-only." if is_off else ""
    if (path := sqlite_file(str(db.engine.url))) and has_no_room(path):
        return DISK_FULL
    with closing(db.engine.raw_connection()) as connection:
        try:
            connection.execute("PRAGMA busy_timeout=100")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("CREATE TABLE is_there_room (yes)")
        except sqlite3.Error as error:
            return storage_problem(error)  # a database that is busy takes writes
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            connection.execute("PRAGMA busy_timeout=5000")
    return ""


def has_no_room(path: Path) -> bool:
    """Less than ROOM bytes are left on the disk of this file; False where that cannot be told."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < ROOM


def due_since(now: datetime) -> datetime | None:
    """Since when the oldest message waits that has been due for longer than LATE; None where none has."""
    waiting = select(func.min(Delivery.next_at)).where(
        Delivery.state == DeliveryState.PENDING, Delivery.next_at <= now - LATE
    )
    announced = select(func.min(Announcement.at)).where(
        Announcement.done_at.is_(None), Announcement.at <= now - LATE
    )
    times = (db.session.scalar(waiting), db.session.scalar(announced))
    return min((time for time in times if time), default=None)


def clock_problems(now: datetime) -> list[tuple[str, str]]:
    """A sentence, and what to do, for each two clocks that differ by more than sessions can bear (LEEWAY)."""
    found: list[tuple[str, str]] = []
    leeway = timedelta(seconds=LEEWAY)
    if db.engine.dialect.name == "postgresql":
        apart = abs(now - db.session.execute(select(func.clock_timestamp())).scalar_one())
        if apart > leeway:
            said = f"The clocks of this server and of the database differ by {words(apart)}."
            act = "Beyond 2 min people are signed out and times are wrong: set both by one time service."
            found.append((said, act))
    newest = db.session.scalar(select(TimelineEvent.at).order_by(TimelineEvent.id.desc()).limit(1))
    if newest is not None and newest - now > leeway:
        said = (
            f"The newest entry of the record is {words(newest - now)} in the future: "
            "the clock of this server was set back, or another one is ahead."
        )
        found.append((said, "Set all by one time service."))
    elif AHEAD.seconds():
        said = f"Another server's clock is {words(timedelta(seconds=AHEAD.seconds()))} ahead of this one."
        found.append((said, "Beyond 2 min people are signed out: set both by one time service."))
    return found
