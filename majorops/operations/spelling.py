"""How the words of the record are spelled, so that a search which finds nothing says what was meant.

Learned now and then by the worker (`search_index.mend`) from what is newest, not with each act: two people
who write the same new word never wait for each other, and writing costs nothing. Every suggestion is tried
before it is shown, so a word that stands nowhere any more suggests nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, Select, column, select, table, text

from majorops.db import db
from majorops.domain.search import Query
from majorops.domain.spelling import corrected, keys_of, nearest, spelled

# Table → columns that are learned from. Not the timeline: what is written about it says its words too.
SPELLED: dict[str, tuple[str, ...]] = {
    "incident": ("title", "description"),
    "publication": ("title", "body"),
    "review_text": ("text",),
    "action_item": ("text",),
    "run_card": ("name", "systems"),
    "system": ("name",),
}
FIRST_MOST, LATER_MOST = 10_000, 1_000  # newest rows of a table that are read: at first, and later
PART = 500  # words that are asked for at once
NEAR_MOST = 200  # known words that are compared
KEPT = table("search_spelling", column("key"), column("word"))


def create(connection: Connection) -> None:
    """Make the table, empty."""
    columns = "(key varchar(24) NOT NULL, word varchar(24) NOT NULL, PRIMARY KEY (key, word))"
    connection.exec_driver_sql(f"CREATE TABLE search_spelling {columns}")


def learn(connection: Connection) -> None:
    """Learn the words of the newest rows; the first time of more of them. Part of an operation."""
    most = LATER_MOST if connection.scalar(select(KEPT.c.key).limit(1)) else FIRST_MOST
    for name, columns in SPELLED.items():
        rows = text(f"SELECT {', '.join(columns)} FROM {name} ORDER BY id DESC LIMIT {most}")  # noqa: S608
        words = {word for row in connection.execute(rows) for word in spelled(" ".join(filter(None, row)))}
        new = [{"key": key, "word": word} for word in unknown(connection, words) for key in keys_of(word)]
        if new:
            into = "INSERT INTO search_spelling (key, word) VALUES (:key, :word) ON CONFLICT DO NOTHING"
            connection.execute(text(into), new)


def forget(connection: Connection) -> None:
    """Forget every word, as some were redacted: what stands is learned again. Part of an operation."""
    connection.execute(KEPT.delete())


def unknown(connection: Connection, words: Iterable[str]) -> set[str]:
    """Of these words those that were not learned."""
    listed = sorted(words)
    found = set(listed)
    for first in range(0, len(listed), PART):
        some = KEPT.c.key.in_(listed[first : first + PART]), KEPT.c.word == KEPT.c.key
        found -= set(connection.scalars(select(KEPT.c.word).where(*some)))
    return found


def meant(typed: str, query: Query) -> str:
    """What was typed with its strange words as they were most likely meant; empty where there are none.

    Two queries of a bounded size.
    """
    words = {*query.words, *(word for phrase in query.phrases for word in phrase)}
    connection = db.session.connection()
    strange = [word for word in unknown(connection, words) if spelled(word) == {word}]
    keys = {key for word in strange for key in keys_of(word)}
    known = set(connection.scalars(_near(keys))) if keys else set()
    right = {word: nearest(word, known) for word in strange}
    found = corrected(typed, {word: one for word, one in right.items() if one})
    return found if found != typed else ""


def _near(keys: set[str]) -> Select[str]:
    return select(KEPT.c.word).where(KEPT.c.key.in_(sorted(keys))).distinct().limit(NEAR_MOST)
