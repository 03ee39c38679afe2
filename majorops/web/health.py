"""Whether the server can do its work.

The database answers, has every migration and takes writes; messages go out; clocks agree. Looked at every
few seconds, for whoever watches the server and for the MIMs' screens.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from majorops import clock
from majorops.db import DISK_FULL, db, storage_problem
from majorops.domain.enums import DeliveryState
from majorops.domain.measures import words
from majorops.models import Announcement, Delivery, TimelineEvent
from majorops.signing import AHEAD, LEEWAY
from majorops.storage import sqlite_file

if TYPE_CHECKING:
    from majorops.notifications import Worker

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds between two looks
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
        why = f"{self.why_not[:1].upper()}{self.why_not[1:]}".removesuffix(".")
        said = f"{why}. Nothing can be saved until that is mended; reading goes on." if why else ""
        return tuple(filter(None, (said, *self.warnings)))


class HealthMonitor:
    """Looks at the server's health and keeps what was seen last.

    `on_change`: called when it says something else; `worker`: the worker of this process, if any.
    """

    def __init__(self, app: Flask, on_change: Callable[[], None] = lambda: None):
        self.app, self._on_change = app, on_change
        self.worker: Worker | None = None
        self.seen, self._seen_at = Health(), float("-inf")
        self._looking, self._stopping = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> Health:
        """Look now, one after another where several ask. Never raises: then what was seen before stands."""
        with self._looking, self.app.app_context():
            try:
                found = examine(clock.now())
            except Exception:
                log.exception("the server's own health")
                found = self.seen
            if self.worker is not None and not self.worker.is_running:
                silent = "The worker of this server does not run: messages and reminders wait. Restart it."
                found = Health(found.why_not, (silent, *found.warnings))
            before, self.seen, self._seen_at = self.seen, found, time.monotonic()
        if found != before:
            for problem in set(found.problems) - set(before.problems):
                log.warning("%s", problem)
            with suppress(Exception):
                self._on_change()
        return found

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
            self._stopping.wait(EVERY)


def is_ready() -> tuple[bool, str]:
    """(True, "") when the database answers, its schema is the newest, and it takes writes.

    Else False and what is wrong.
    """
    why = why_not_ready()
    return not why, why


def examine(now: datetime) -> Health:
    """Look at database, messages and clocks. Raises SQLAlchemyError where the database goes meanwhile."""
    if why := why_not_ready():
        return Health(why)
    try:
        return Health("", tuple(filter(None, (why_late(now), *clock_problems(now)))))
    finally:
        db.session.remove()


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


def why_late(now: datetime) -> str:
    """A sentence where messages wait for longer than LATE although they are due; empty where none does."""
    waiting = select(func.min(Delivery.next_at)).where(
        Delivery.state == DeliveryState.PENDING, Delivery.next_at <= now - LATE
    )
    announced = select(func.min(Announcement.at)).where(
        Announcement.done_at.is_(None), Announcement.at <= now - LATE
    )
    times = (db.session.scalar(waiting), db.session.scalar(announced))
    oldest = min((time for time in times if time), default=None)
    if oldest is None:
        return ""
    return (
        f"Messages are late: the oldest has been due for {words(now - oldest)}. "
        "Tell people yourself, and see whether the worker runs."
    )


def clock_problems(now: datetime) -> list[str]:
    """A sentence for each two clocks that differ by more than sessions and deadlines can bear (LEEWAY)."""
    found, leeway = [], timedelta(seconds=LEEWAY)
    if db.engine.dialect.name == "postgresql":
        apart = abs(now - db.session.execute(select(func.clock_timestamp())).scalar_one())
        if apart > leeway:
            found.append(
                f"The clocks of this server and of the database differ by {words(apart)}. "
                "Beyond 2 min people are signed out and times are wrong: set both by one time service."
            )
    newest = db.session.scalar(select(TimelineEvent.at).order_by(TimelineEvent.id.desc()).limit(1))
    if newest is not None and newest - now > leeway:
        found.append(
            f"The newest entry of the record is {words(newest - now)} in the future: "
            "the clock of this server was set back, or another one is ahead. Set all by one time service."
        )
    elif AHEAD.seconds():
        found.append(
            f"Another server's clock is {words(timedelta(seconds=AHEAD.seconds()))} ahead of this one. "
            "Beyond 2 min people are signed out: set both by one time service."
        )
    return found
