"""The rows of a database, written alike whichever database holds them, and put into another one.

By the schema as it is, not by the mapped classes: a backup of an older version is restored at its own schema.
A row is a list of values in the order of the columns. Times are texts in UTC with microseconds, truth is 0 or
1, bytes are base64; JSON is the text that the column holds.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.engine.interfaces import ReflectedColumn

from majorops.backup.problem import BackupProblem

AT_A_TIME = 2_000  # rows
KINDS: tuple[tuple[type, str], ...] = (
    (sa.Boolean, "bool"),
    (sa.DateTime, "time"),
    (sa.Date, "date"),
    (sa.JSON, "json"),
    (sa.LargeBinary, "bytes"),
    (sa.Integer, "int"),
    (sa.Float, "float"),
    (sa.String, "text"),
)
Changes = list[tuple[int, Callable[[Any], Any]]]  # of the values at these places
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True)
class Shape:
    """A table: its name, its columns with the kind of each, and the columns by which rows are ordered."""

    name: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """The names of its columns."""
        return [name for name, _ in self.columns]


def shapes(connection: Connection) -> dict[str, Shape]:
    """The tables of the record by name: all but Alembic's own and those of searches, which are made anew."""
    inspector = inspect(connection)
    found = {}
    for name in sorted(inspector.get_table_names()):
        if not name.startswith("search_") and name != "alembic_version":
            columns = tuple((column["name"], _kind(name, column)) for column in inspector.get_columns(name))
            key = tuple(inspector.get_pk_constraint(name)["constrained_columns"])
            found[name] = Shape(name, columns, key)
    return found


def _kind(table: str, column: ReflectedColumn) -> str:
    for known, kind in KINDS:
        if isinstance(column["type"], known):
            return kind
    raise BackupProblem(f"{table}.{column['name']} has a type that backups do not know: {column['type']}.")


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each table of the record has."""
    count = sa.select(sa.func.count())
    return {name: connection.scalar(count.select_from(sa.table(name))) or 0 for name in shapes(connection)}


def sequences(connection: Connection) -> dict[str, int]:
    """The last number that was given in each table, where that is known: numbers are never given twice."""
    if connection.dialect.name == "sqlite":
        has_any = connection.scalar(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"))
        rows = connection.execute(text("SELECT name, seq FROM sqlite_sequence")) if has_any else ()
        return dict(map(tuple, rows))
    found: dict[str, int] = {}
    for name in shapes(connection):
        if sequence := _sequence(connection, name):
            last = connection.scalar(text(f"SELECT last_value FROM {sequence} WHERE is_called"))  # noqa: S608
            found |= {name: last} if last else {}
    return found


def _sequence(connection: Connection, table: str) -> str | None:
    """PostgreSQL's sequence of the numbers of a table, quoted; None for a table without."""
    is_numbered = any(column["name"] == "id" for column in inspect(connection).get_columns(table))
    asked = text("SELECT pg_get_serial_sequence(:name, 'id')")
    quoted = connection.dialect.identifier_preparer.quote(table)
    return cast("str | None", connection.scalar(asked, {"name": quoted})) if is_numbered else None


def lines(connection: Connection, shape: Shape) -> Iterator[str]:
    """The rows of a table as lines of JSON, in the order of their keys."""
    is_sqlite = connection.dialect.name == "sqlite"
    columns: dict[str, sa.ColumnClause[Any]] = {name: sa.column(name) for name, _ in shape.columns}
    read = [columns[name] if is_sqlite else _as_text(columns[name], kind) for name, kind in shape.columns]
    kinds = dict(shape.columns)
    order: list[Any] = [
        columns[name].collate("C") if kinds[name] == "text" and not is_sqlite else columns[name]
        for name in shape.key
    ]
    odd = [(n, FROM_ROW[kind]) for n, (_, kind) in enumerate(shape.columns) if kind in FROM_ROW]
    query = sa.select(*read).select_from(sa.table(shape.name)).order_by(*order)
    for rows in connection.execution_options(yield_per=AT_A_TIME).execute(query).partitions():
        for row in rows:
            yield encode(_with(odd, row))


def _with(odd: Changes, row: Sequence[Any]) -> list[Any]:
    values = list(row)
    for place, change in odd:
        if values[place] is not None:
            values[place] = change(values[place])
    return values


def _time(value: str) -> str:
    """SQLite keeps the text as it was written, PostgreSQL's is made by _as_text: both with microseconds."""
    return value if len(value) == 26 else f"{value}.000000" if len(value) == 19 else value


def _bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()


FROM_ROW: dict[str, Callable[[Any], Any]] = {"time": _time, "bytes": _bytes}


def _as_text(column: sa.ColumnClause[Any], kind: str) -> sa.ColumnElement[Any]:
    """How PostgreSQL is asked for what SQLite keeps."""
    if kind == "time":
        utc = sa.func.timezone("UTC", column)
        return sa.func.to_char(utc, "YYYY-MM-DD HH24:MI:SS.US")
    if kind == "date":
        return sa.func.to_char(column, "YYYY-MM-DD")
    if kind == "bool":
        return sa.cast(column, sa.Integer)
    return sa.cast(column, sa.Text) if kind == "json" else column


def checksum(connection: Connection, shape: Shape) -> tuple[int, str]:
    """How many rows a table has, and the SHA-256 of their lines."""
    found, count = hashlib.sha256(), 0
    for line in lines(connection, shape):
        found.update(line.encode() + b"\n")
        count += 1
    return count, found.hexdigest()


@contextmanager
def loading(engine: Engine) -> Iterator[Loader]:
    """A Loader in one transaction, which ends with it: what is raised undoes everything."""
    with engine.connect().execution_options(writing=True) as connection:
        if engine.dialect.name == "sqlite":
            # Deferred ones would look through whole tables for each row that another may refer to. It has to
            # be said outside any transaction, and the connection goes to nobody else.
            connection.detach()
            cast(Any, connection.connection.dbapi_connection).execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            yield Loader(connection)


class Loader:
    """Puts rows into an empty schema, in the transaction of `loading`.

    Foreign keys are checked at the end, as rows come by table and not by what they refer to.
    """

    def __init__(self, connection: Connection):
        self.connection, self._is_sqlite = connection, connection.dialect.name == "sqlite"
        self.shapes = shapes(connection)
        self._dropped: list[tuple[str, str, str]] = []
        if not self._is_sqlite:
            connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
            self._drop_keys()
        for name in self.shapes:
            connection.execute(sa.delete(sa.table(name)))

    def add(self, shape: Shape, rows: Iterable[list[Any]]) -> None:
        """Put rows into a table, in the columns of `shape`."""
        odd: Changes = [(n, base64.b64decode) for n, (_, kind) in enumerate(shape.columns) if kind == "bytes"]
        values = [tuple(_with(odd, row)) for row in rows]
        quote = self.connection.dialect.identifier_preparer.quote
        into = f"{quote(shape.name)} ({', '.join(map(quote, shape.names))})"
        if self._is_sqlite:
            marks = ", ".join("?" * len(shape.columns))
            self.connection.exec_driver_sql(f"INSERT INTO {into} VALUES ({marks})", values)  # noqa: S608
            return
        driver = cast(Any, self.connection.connection.driver_connection)
        with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)

    def finish(self, last: dict[str, int]) -> None:
        """Check the foreign keys, and let numbers go on behind the newest row and behind `last`.

        Raises BackupProblem, IntegrityError.
        """
        for name in self.shapes:
            self._go_on(name, last.get(name, 0))
        if self._is_sqlite and (lost := self.connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
            raise BackupProblem(f"A row of {lost[0]} refers to one of {lost[2]} that is not there.")
        for table, constraint, definition in self._dropped:
            self.connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {definition}")

    def _go_on(self, table: str, last: int) -> None:
        sequence = None if self._is_sqlite else _sequence(self.connection, table)
        if not sequence and not self._is_never_again(table):
            return
        newest = self.connection.scalar(sa.select(sa.func.max(sa.column("id"))).select_from(sa.table(table)))
        number = max(newest or 0, last)
        if sequence:
            given = {"name": sequence, "number": number or 1, "called": bool(number)}
            self.connection.execute(text("SELECT setval(:name, :number, :called)"), given)
        elif number:
            row = {"name": table, "seq": number}
            self.connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), row)
            self.connection.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :seq)"), row)

    def _is_never_again(self, table: str) -> bool:
        """SQLite gives a number of a deleted row again unless the table says otherwise."""
        if not self._is_sqlite:
            return False
        said = "SELECT 1 FROM sqlite_master WHERE name = :name AND sql LIKE '%AUTOINCREMENT%'"
        return self.connection.scalar(text(said), {"name": table}) is not None

    def _drop_keys(self) -> None:
        """PostgreSQL checks a foreign key with each row unless it is not there; it is put back the same."""
        asked = (
            "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)"
            " FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace"
        )
        for table, constraint, definition in self.connection.execute(text(asked)).all():
            self.connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
            self._dropped.append((table, constraint, definition))
