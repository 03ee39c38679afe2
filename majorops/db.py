"""The database: one SQLAlchemy object, UTC times, enums by value.

And SQLite made safe for several writers.
"""

from __future__ import annotations

import enum
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

from alembic.autogenerate.api import AutogenContext
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    Connection,
    CursorResult,
    DateTime,
    Delete,
    Dialect,
    MetaData,
    SmallInteger,
    TextClause,
    TypeDecorator,
    Update,
    event,
    text,
)
from sqlalchemy import Enum as SAEnum
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.schema import SchemaItem

from majorops.storage import make_private

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base of every mapped class; `CONVENTION` names constraints and indexes that have no name."""

    metadata = MetaData(naming_convention=CONVENTION)


db = SQLAlchemy(model_class=Base)


def changed_rows(statement: Update | Delete) -> int:
    """Execute the statement in the session; returns how many rows it met, changed or not."""
    return cast("CursorResult[*tuple[Any, ...]]", db.session.execute(statement)).rowcount


def empty_log() -> None:
    """Empty SQLite's write-ahead log, as far as nobody reads from it at this moment.

    Until then it holds the pages as they were. Nothing happens on other databases.
    """
    db.session.rollback()
    if db.engine.dialect.name == "sqlite":
        with closing(db.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time, kept in UTC. Naive times are refused: nobody could say what they mean."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The time in UTC. Raises ValueError for one without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The time, aware, in UTC: SQLite gives it without a zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class IntEnum(TypeDecorator[enum.IntEnum]):
    """An enum.IntEnum kept as a small number (pair it with a CHECK over its range)."""

    impl = SmallInteger
    cache_ok = True

    def __init__(self, members: type[enum.IntEnum]):
        super().__init__()
        self.members = members

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """The number of a member. Raises ValueError for a number that no member has."""
        return None if value is None else int(self.members(value))

    def process_result_value(self, value: int | None, dialect: Dialect) -> enum.IntEnum | None:
        """The member of a stored number. Raises ValueError where none has it."""
        return None if value is None else self.members(value)


def enum_type(members: type[enum.Enum], *, is_tolerant: bool = False) -> SAEnum:
    """A text column that holds the values of `members`, with a CHECK on both databases.

    `is_tolerant`: other values are read as Unknown.
    """
    kind = TolerantEnum if is_tolerant else SAEnum
    return kind(
        members,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda e: [m.value for m in e],
        validate_strings=True,
        name=members.__name__.lower(),
    )


class Partial(TypedDict):
    """The two arguments of an Index that say, as each database wants it, which rows it holds."""

    sqlite_where: TextClause
    postgresql_where: TextClause


def partial(rows: str, postgresql: str = "") -> Partial:
    """Arguments that make an Index hold only the rows for which the SQL text `rows` is true.

    `postgresql`: the same text, where that database says it differently.
    """
    return {"sqlite_where": text(rows), "postgresql_where": text(postgresql or rows)}


class Unknown(str):
    """A stored value that this version does not know: a newer one wrote it, or a hand."""

    @property
    def value(self) -> str:
        """The text as it is stored: what a member of the enum would give."""
        return str(self)

    @property
    def label(self) -> str:
        """`Unknown: pager`."""
        return f"Unknown: {self}"


class TolerantEnum(SAEnum):
    """An enum whose unknown values are read as Unknown instead of making every row beside them unreadable."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """The reader of one column, as SQLAlchemy calls it; it never raises LookupError."""
        theirs: Any = super()  # without types
        read: Callable[[Any], Any] = theirs.result_processor(dialect, coltype)

        def tolerant(value: Any) -> Any:
            try:
                return read(value)
            except LookupError:
                return Unknown(value)

        return tolerant


DISK_FULL = "The disk of the database is full."
# What the drivers say, and what it means.
STORAGE = {
    "database or disk is full": DISK_FULL,
    "disk i/o error": "The disk of the database cannot be read or written.",
    "readonly database": "The database is read-only.",
    "unable to open database file": "The database file cannot be opened.",
    "is not a database": "The database file is damaged.",
    "malformed": "The database file is damaged.",
    "could not extend file": DISK_FULL,
    "no space left on device": DISK_FULL,
    "read-only transaction": "The database is read-only.",
}


def storage_problem(error: BaseException) -> str:
    """What is wrong with the place where the record is kept, as a sentence; empty for any other trouble."""
    said = str(getattr(error, "orig", None) or error).lower()
    return next((sentence for words, sentence in STORAGE.items() if words in said), "")


def engine_options(url: str) -> dict[str, object]:
    """Flask-SQLAlchemy's engine options for a database address."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 5}}
    return {
        "pool_pre_ping": True,
        "pool_size": 10,
        "max_overflow": 10,
        "connect_args": {"connect_timeout": 5},
    }


@event.listens_for(Engine, "do_connect")
def keep_private(
    dialect: Dialect, record: ConnectionPoolEntry, arguments: list[str], options: dict[str, object]
) -> None:
    """A database file on disk is made private before it is opened, and made if it is not there."""
    if dialect.name == "sqlite" and arguments and arguments[0] not in ("", ":memory:"):
        make_private(Path(arguments[0]))


# What is deleted or replaced is overwritten, not only let go: words that were redacted are gone.
BUSY_TIMEOUT = "busy_timeout=5000"
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", BUSY_TIMEOUT, "secure_delete=ON")


@event.listens_for(Engine, "connect")
def prepare_sqlite(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    """Set up each new SQLite connection; others are left as they are.

    A write-ahead log that is flushed at every commit, foreign keys, and five seconds of waiting for the one
    writer.
    """
    if type(connection).__module__.split(".")[0] != "sqlite3":
        return
    sqlite = cast(sqlite3.Connection, connection)
    sqlite.isolation_level = None  # the driver must not begin by itself; see begin_sqlite
    for pragma in PRAGMAS:
        sqlite.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def begin_sqlite(connection: Connection) -> None:
    """Begin a transaction of SQLite; with the execution option `writing` it waits to be the one writer."""
    # A read transaction that turns into a write one fails at once when another writer was faster,
    # without waiting for the busy timeout. So an operation says from the start that it will write.
    if connection.dialect.name != "sqlite":
        return
    if not connection.get_execution_options().get("writing"):
        connection.exec_driver_sql("BEGIN")
    elif not _begins_soon(cast(sqlite3.Connection, connection.connection.dbapi_connection)):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


WRITER_LOOKS, WRITER_PAUSE = 1_000, 0.003  # how often, and seconds between two looks


def _begins_soon(sqlite: sqlite3.Connection) -> bool:
    """Try to be the one writer every few milliseconds; False where it took too long, or cannot be.

    SQLite waits by sleeping longer and longer, up to 100 ms at a time, and whoever comes by meanwhile goes
    first.
    """
    sqlite.execute("PRAGMA busy_timeout=0")
    try:
        for _ in range(WRITER_LOOKS):
            try:
                sqlite.execute("BEGIN IMMEDIATE")
                return True
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    return False  # a disk that is full or takes no writes: waiting mends nothing
            time.sleep(WRITER_PAUSE)
    finally:
        sqlite.execute(f"PRAGMA {BUSY_TIMEOUT}")
    return False


def render_type(kind: str, item: object, autogen_context: AutogenContext) -> str | Literal[False]:
    """How a migration writes our column types: as plain SQLAlchemy ones; False for any other.

    So that migrations do not depend on this module as it changes.
    """
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, IntEnum):
        return "sa.SmallInteger()"
    return False


def is_mapped(
    item: SchemaItem, name: str | None, kind: str, reflected: bool, compared: SchemaItem | None
) -> bool:
    """Whether Alembic compares this item with the database: all but tables named `search_…`.

    The full text (`operations/search_index.py`) is tables of the database's own kind: no migration is derived
    for them.
    """
    return not (kind == "table" and (name or "").startswith("search_"))


migrate = Migrate(render_as_batch=True, compare_type=True, render_item=render_type, include_object=is_mapped)
