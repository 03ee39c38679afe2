"""Queries of the full text: tables `search_…` of the database's own kind (`operations/search_index.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
)

from majorops.db import db
from majorops.domain.search import Query

PART = 8_192  # numbers of rows that are one part of a table, see _newest
PARTS = (2, 24)  # of the newest of them, that are looked at before all of the table
PUBLIC = "public"  # the index of the public's own search


def newest_numbers(names: Iterable[str]) -> dict[str, int]:
    """The number of the newest row of each table, for `found_by`, in one query; SQLite needs none."""
    if db.engine.dialect.name == "sqlite":
        return {}
    columns = [
        _newest_number(column("id"), table(f"search_{name}", column("id"))).label(name) for name in names
    ]
    return {
        name: number or 0 for name, number in db.session.execute(select(*columns)).mappings().one().items()
    }


def _newest_number(number: Any, rows: Any) -> Any:
    return select(number).select_from(rows).order_by(number.desc()).limit(1).scalar_subquery()


def found_by(
    name: str,
    query: Query,
    most: int,
    *,
    before: int | None = None,
    among: Sequence[int] | None = None,
) -> Select[Any]:
    """A query of the numbers of the newest `most` rows of table `name` that hold what `query` asks for.

    `before`: only rows below that number; `among`: only these. It has to have words. On PostgreSQL small
    queries find out how far back it has to look.
    """
    number, holds = _asked(name, query, whole=False)
    rows = select(number.label("id")).where(holds)
    if among is not None:
        return rows.where(number.in_(among))
    return _newest(name, number, rows, most, before)[0].order_by(number.desc()).limit(most)


def newest_by(
    name: str, query: Query, most: int, *, before: int | None = None, newest: int | None = None
) -> tuple[Select[Any], bool]:
    """The same, and whether it looks for the words themselves only: as many rows as are wanted hold them.

    Where that is so, to ask for what begins with them too costs every such row. `newest`: the number of the
    newest row, where that is known.
    """
    number, holds = _asked(name, query, whole=True)
    rows, has_many = _newest(name, number, select(number.label("id")).where(holds), most, before, newest)
    if not has_many:
        number, holds = _asked(name, query, whole=False)
        rows = _newest(name, number, select(number.label("id")).where(holds), most, before, newest, True)[0]
    return rows.order_by(number.desc()).limit(most), has_many


def _newest(
    name: str,
    number: ColumnElement[int],
    rows: Select[Any],
    most: int,
    before: int | None,
    newest: int | None = None,
    is_last: bool = False,
) -> tuple[Select[Any], bool]:
    """The same rows of so few of the newest parts of the table that they hold `most`, and whether any do.

    An index of PostgreSQL (GIN) has no order: of a common word it brings every row, to be sorted. It has the
    part of the table that a row stands in too, so that it can be asked for the newest parts alone. SQLite's
    walks from the newest row on by itself. `is_last`: nobody asks whether all of the table holds as many.
    """
    if before is not None:
        rows = rows.where(number < before)
    if newest is not None and newest < most:
        return rows, False
    if db.engine.dialect.name == "postgresql":
        last = (before or newest or newest_numbers([name])[name]) // PART
        its_part = literal_column(f"ARRAY[search_{name}.id / {PART}]", ARRAY(Integer))
        for parts in (parts for parts in PARTS if parts <= last):
            known = literal(list(range(last - parts, last + 1)), ARRAY(Integer))
            # Said twice: to the index of words, and to that of numbers, where the planner prefers to walk.
            some = rows.where(its_part.op("&&")(known), number >= (last - parts) * PART)
            if _holds(some, number, most):
                return some, True
    return rows, not is_last and _holds(rows, number, most)


def _holds(rows: Select[Any], number: ColumnElement[int], most: int) -> bool:
    return db.session.scalar(rows.order_by(number.desc()).limit(1).offset(most - 1)) is not None


def _asked(name: str, query: Query, whole: bool) -> tuple[ColumnElement[int], ColumnElement[bool]]:
    words = [(word, not whole and len(word) > 1) for word in query.words]
    if db.engine.dialect.name == "sqlite":
        index = table(f"search_{name}", column("rowid"))
        parts = [f'"{word}"{"*" * begins}' for word, begins in words]
        parts += [f'"{" ".join(phrase)}"' for phrase in query.phrases]
        asked = f"({' AND '.join(parts)})" + "".join(f' NOT "{" ".join(one)}"' for one in query.without)
        return index.c.rowid, literal_column(index.name).op("MATCH")(asked)
    index = table(f"search_{name}", column("id"), column("words"))
    parts = [f"'{word}'{':*' * begins}" for word, begins in words]
    parts += [f"({_beside(phrase)})" for phrase in query.phrases]
    parts += parts  # twice: see search_index._holding
    parts += [f"!({_beside(one)})" for one in query.without]
    return index.c.id, index.c.words.op("@@")(func.to_tsquery("simple", " & ".join(parts)))


def _beside(words: Iterable[str]) -> str:
    return " <-> ".join(f"'{word}'" for word in words)


def newest_of_each(name: str, groups: Sequence[Sequence[Sequence[str]]], most: int) -> list[Select[Any]]:
    """Queries of the newest `most` rows of each group in table `name`: place of the group, number.

    A group is parts that a row must have all of, a part is words of which it must have one; plain, whole.
    """
    found = []
    for place, group in enumerate(groups):
        if db.engine.dialect.name == "sqlite":
            index = table(f"search_{name}", column("rowid"))
            asked = " AND ".join(_any(part, '"', " OR ") for part in group)
            number, holds = index.c.rowid, literal_column(index.name).op("MATCH")(asked)
        else:
            index = table(f"search_{name}", column("id"), column("words"))
            asked = " & ".join(_any(part, "'", " | ") for part in [*group, *group])  # twice: see there
            number, holds = index.c.id, index.c.words.op("@@")(func.to_tsquery("simple", asked))
        newest = select(number.label("id")).where(holds).order_by(number.desc()).limit(most).subquery()
        found.append(select(literal_column(str(place)).label("place"), newest.c.id))
    return found


def _any(words: Iterable[str], quote: str, between: str) -> str:
    return f"({between.join(f'{quote}{word}{quote}' for word in words)})"
