"""Copies of courses as rows.

Another incident, another day, another number in the texts; all else as it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from hashlib import sha256

from sqlalchemy import Table, select

from majorops.db import Base, db
from majorops.demo.history.courses import DAY, VARIED
from majorops.domain.text import reference

LONGEST = 31  # days from the opening of a course to the last thing that is written of it
NEXT = DAY + timedelta(days=1)
ISO_DAYS = [f"{DAY + timedelta(days=n):%Y-%m-%d}" for n in range(LONGEST)]
FIRST = 7_310_000  # numbers of the courses' incidents begin here: such a number stands in no other text
# Who is invited to a review is an account here, or nobody.
NOT_COPIED = frozenset({"user_account", "system", "audit_entry", "review_person"})


@dataclass
class Original:
    """All rows of one course, by table; ids as they are there."""

    number: int
    rows: dict[str, list[dict]] = field(default_factory=dict)


def tables() -> list[Table]:
    """The tables that a course writes into, each after those that it refers to."""
    return [table for table in Base.metadata.sorted_tables if table.name not in NOT_COPIED]


def read_originals() -> list[Original]:
    """Every course of the database, by its incident's number."""
    found: dict[int, Original] = {}
    for table in tables():
        key = "id" if table.name == "incident" else "incident_id"
        if key in table.c:
            for row in db.session.execute(select(table).order_by(table.c.id)).mappings():
                original = found.setdefault(row[key], Original(row[key]))
                original.rows.setdefault(table.name, []).append(dict(row))
    return [found[number] for number in sorted(found)]


class Copier:
    """Makes rows for `table`s in the order of their columns, ready for the database (`operations/bulk.py`).

    `people`: account of a course → account here; whoever has none here stays as a name.
    """

    def __init__(self, originals: list[Original], people: dict[int, int]):
        self.originals, self.people = originals, people
        self.columns = {table.name: [column.name for column in table.c] for table in tables()}
        self._plans = [self._plan(original) for original in originals]

    def size(self, index: int, table: str) -> int:
        """How many rows of the table one copy of a course has."""
        return len(self.originals[index].rows.get(table, ()))

    def copy(self, index: int, first: dict[str, int], day: date, varied: int) -> Iterator[tuple[str, list]]:
        """The rows of one copy, as (table, values). `first`: the id of its first row in each table."""
        given = Given(self.originals[index].number, first, day, varied)
        for table, constants, changing in self._plans[index]:
            row = constants.copy()
            for place, make in changing:
                row[place] = make(given)
            yield table, row

    def _plan(self, original: Original) -> list[tuple[str, list, list]]:
        places = {
            table: {row["id"]: place for place, row in enumerate(rows)}
            for table, rows in original.rows.items()
        }
        plan = []
        for table in tables():
            for row in original.rows.get(table.name, ()):
                constants, changing = [], []
                for place, column in enumerate(table.c):
                    value = self._cell(original, table, column, row, places)
                    if callable(value):
                        changing.append((place, value))
                    constants.append(None if callable(value) else value)
                plan.append((table.name, constants, changing))
        return plan

    def _cell(self, original: Original, table: Table, column, row: dict, places: dict):
        """A value that all copies share, or what makes it for one."""
        value = row[column.name]
        target = next((key.column.table.name for key in column.foreign_keys), None)
        if value is None or target == "user_account":
            return self.people.get(value)
        if column.primary_key or target:
            at = target or table.name
            return _id(at, places[at][value])
        if (table.name, column.name) == ("delivery", "key"):
            return _key(row)
        if column.name == "act" and value.startswith("said:"):
            make = _id("publication", places["publication"][int(value[5:])])
            return lambda given: f"said:{make(given)}"
        return _plain(original.number, value)


def _plain(number: int, value):
    """A value as the database has it."""
    if isinstance(value, datetime):
        return _time((value - DAY).days, f"{value:%H:%M:%S.%f}")
    if isinstance(value, date):
        return _day((value - DAY.date()).days)
    if isinstance(value, Enum) and not isinstance(value, int):
        return value.value
    if isinstance(value, str):
        return _text(number, value)
    return value if isinstance(value, bool | bytes | float) else int(value)


class Given:
    """What is different in one copy."""

    def __init__(self, old: int, first: dict[str, int], day: date, varied: int):
        self.first, number = first, first["incident"]
        self.days = [f"{day + timedelta(days=n)}" for n in range(LONGEST)]
        self.swaps = (
            (reference(old), reference(number)),
            (str(old), str(number)),
            (VARIED, str(varied)),
            (f"{DAY:%-d %b}", f"{day:%-d %b}"),
            (f"{NEXT:%-d %b}", f"{day + timedelta(days=1):%-d %b}"),
            *zip(ISO_DAYS, self.days, strict=True),
        )


def _id(table: str, place: int) -> Callable[[Given], int]:
    return lambda given: given.first[table] + place


def _time(days: int, time: str) -> Callable[[Given], str]:
    return lambda given: f"{given.days[days]} {time}"


def _day(days: int) -> Callable[[Given], str]:
    return lambda given: given.days[days]


def _text(number: int, text: str) -> str | Callable[[Given], str]:
    """The text, or, where something in it is different in each copy, what makes it."""
    differs = (reference(number), str(number), VARIED, f"{DAY:%-d %b}", f"{NEXT:%-d %b}", *ISO_DAYS)
    parts = [n for n, old in enumerate(differs) if old in text]

    def made(given: Given) -> str:
        new = text
        for part in parts:
            new = new.replace(*given.swaps[part])
        return new

    return made if parts else text


def _key(row: dict) -> Callable[[Given], str]:
    """The key of a message, made as the outbox makes it."""
    kind = row["kind"].value if row["kind"] else None

    def made(given: Given) -> str:
        act = row["act"].replace(*given.swaps[1])
        return sha256(f"{act} {row['user_id']} {kind} {row['address']}".encode()).hexdigest()

    return made
