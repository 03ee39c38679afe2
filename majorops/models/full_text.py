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

PART = 8_192  # numbers of rows that are one part of a table, see _recent
PARTS = (4, 32)  # of the newest of them, that are looked at before all of the table
PUBLIC = "public"  # the index of the public's own search


def found_by(
    name: str,
    query: Query,
    most: int,
    *,
    whole: bool = False,
    before: int | None = None,
    among: Sequence[int] | None = None,
) -> Select[Any]:
    """A query of the numbers of the newest `most` rows of table `name` that hold what `query` asks for.

    `whole`: only the words themselves. `before`: only rows below that number; `among`: only these. It has to
    have words. On PostgreSQL up to three small queries find out how far back it has to look.
    """
    number, holds = _asked(name, query, whole)
    rows = select(number.label("id")).where(holds)
    if before is not None:
        rows = rows.where(number < before)
    if among is not None:
        rows = rows.where(number.in_(among))
    elif db.engine.dialect.name == "postgresql":
        rows = _recent(name, rows, most, before)
    return rows.order_by(number.desc()).limit(most)


def _recent(name: str, rows: Select[Any], most: int, before: int | None) -> Select[Any]:
    """The same rows of so few of the newest parts of the table that they hold `most`; else of all of it.

    An index of PostgreSQL (GIN) has no order: of a common word it brings every row, to be sorted. It has the
    part of the table that a row stands in too, so that it can be asked for the newest parts alone. SQLite's
    walks from the newest row on by itself.
    """
    index = table(f"search_{name}", column("id"))
    last = (before or db.session.scalar(select(index.c.id).order_by(index.c.id.desc()).limit(1)) or 0) // PART
    for parts in PARTS:
        if parts > last:
            break
        newest = literal(list(range(last - parts, last + 1)), ARRAY(Integer))
        some = rows.where(literal_column(f"ARRAY[{index.name}.id / {PART}]", ARRAY(Integer)).op("&&")(newest))
        if db.session.scalar(some.limit(1).offset(most - 1)) is not None:
            return some
    return rows


def holds_many(name: str, query: Query, many: int) -> bool:
    """At least so many rows hold the words themselves: see `are_many`."""
    newest = found_by(name, query, many, whole=True)
    return db.session.scalar(newest.limit(1).offset(many - 1)) is not None


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
