"""Rows by the thousand: resolved incidents of past years, as `history/` copies them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, Table, func, select, text

from majorops.db import Base, db
from majorops.domain.access import Actor, Permission
from majorops.domain.events import AuditKind
from majorops.domain.text import count
from majorops.operations import audit, operation, search_index

Rows = dict[str, list[list[object]]]


@operation(needs=Permission.DATA_MANAGE)
def add_history(make: Callable[[dict[str, int]], Rows], *, actor: Actor, now: datetime) -> int:
    """Add whole incidents with everything that belongs to them; they bring their own timeline.

    Returns the first number.

    `make` is given the next free id of each table and returns rows by table: values in the order of the
    columns, times as text in UTC. Nobody else writes meanwhile, so that the ids are right.
    """
    connection = db.session.connection()
    names = [table for table in Base.metadata.sorted_tables if "id" in table.c]
    if connection.dialect.name == "postgresql":
        every = ", ".join(table.name for table in names)
        connection.execute(text(f"LOCK TABLE {every} IN SHARE ROW EXCLUSIVE MODE"))
        connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
    else:  # keys of messages fall anywhere into their index: it should not be read from the disk each time
        connection.exec_driver_sql("PRAGMA cache_size = -65536")
    known = {table.name: _next_id(connection, table) for table in names}
    rows = make(known)
    for table in names:
        if found := rows.get(table.name):
            _insert(connection, table, found)
            if table.name in search_index.SEARCHED:
                search_index.add(connection, table.name, "id >= :first", first=known[table.name])
    search_index.fill_public(connection, known["incident"] - 1)
    what = count(len(rows["incident"]), "past incident")
    audit(AuditKind.HISTORY_ADDED, what, detail="Demo data.", actor=actor, now=now)
    return known["incident"]


def _next_id(connection: Connection, table: Table) -> int:
    last = connection.scalar(select(func.max(table.c.id))) or 0
    if connection.dialect.name == "sqlite" and table.dialect_options["sqlite"]["autoincrement"]:
        used = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        last = max(last, connection.scalar(used, {"name": table.name}) or 0)
    return last + 1


def _insert(connection: Connection, table: Table, rows: list[list[object]]) -> None:
    """By the driver's own quickest way: through SQLAlchemy each value would be converted once more."""
    columns = ", ".join(f'"{column.name}"' for column in table.c)
    cursor = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in table.c)
        cursor.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", rows)  # noqa: S608
        return
    with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    name = table.name
    last = text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}")  # noqa: S608
    connection.execute(last)
