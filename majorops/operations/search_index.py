"""Full text of the record, kept by the database in the transaction of the act.

SQLite's FTS5, PostgreSQL's tsvector. Not by triggers: what is searched is one list here, read by the
operations, the migration's filling and the mending alike, and a column that is searched is a change of one
line instead of two programs inside two databases. What a process of an earlier version wrote meanwhile is
found by `mend`, which every worker runs when it starts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from sqlalchemy import (
    ColumnElement,
    Connection,
    MetaData,
    Select,
    column,
    event,
    func,
    inspect,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.orm import Mapped, Session, UOWTransaction

from majorops.db import Base, db
from majorops.domain.access import Actor, Permission
from majorops.domain.events import AuditKind
from majorops.domain.search import words_in
from majorops.domain.text import count
from majorops.models.full_text import PART, PUBLIC
from majorops.operations import audit, operation, spelling

# Table → columns that are searched. Their rows are written by the operations through the session.
SEARCHED: dict[str, tuple[str, ...]] = {
    "incident": ("title", "description", "opened_by_name"),
    "timeline_event": ("title", "detail", "actor_name", "kind"),
    "publication": ("title", "body", "by_name"),
    "recovery_track": ("goal", "team", "owner", "outcome_note"),
    "run_card": ("name", "systems"),
    "run_card_version": ("body",),
    "command_assignment": ("name",),
    "handover": ("from_name", "to_name", "brief"),
    "audit_entry": ("kind", "subject", "detail", "actor_name"),
    "subscriber": ("address",),
    "review_text": ("text", "by_name"),
    "action_item": ("text", "owner_name", "outcome"),
}
# Their words never change and their rows never go, so SQLite need not keep the text. Of every other
# table it has to, to take it out again: an UPDATE of an indexed column of one of these fails.
APPENDED = frozenset({"timeline_event", "publication", "run_card_version", "audit_entry", "review_text"})
LONGEST = 100_000  # letters of a row that are searched
MENDED = 10_000  # newest rows of a table that are looked at
PUBLIC_MENDED = 1_000  # newest incidents whose public words are put in anew
PUNCTUATION = "".join(chr(n) for n in range(32, 127) if not chr(n).isalnum() and chr(n) != " ")
ACCENTED = "àáâãäåāăąçćčďéèêëēęěğíìîïī"
ACCENTED += "ñńňóòôõöōőŕřśšťúùûüūůűýÿžźż"
PLAIN = "".join(unicodedata.normalize("NFKD", letter)[0] for letter in ACCENTED)


# The index of the public's own search: what the public is given of an incident, and nothing else. Not the
# names of systems, nor entries that may name one: whether the public reads those changes by itself.
PUBLIC_COLUMNS = ("public_title", "who_affected", "what_to_do")
# Table → columns that say what of it is public, and its words.
PUBLIC_ROWS = {
    "incident": (*PUBLIC_COLUMNS, "is_public", "is_drill", "merged_into_id"),
    "publication": ("title", "body", "visibility", "withdrawn_at", "corrects_id"),
}
PUBLIC_INCIDENT = "is_public AND NOT is_drill AND merged_into_id IS NULL"
PUBLIC_SAID = (
    "incident_id = incident.id AND visibility = 'public' AND withdrawn_at IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM publication AS later WHERE later.corrects_id = said.id AND later.visibility = 'public')"
)


def create(connection: Connection) -> None:
    """Make the tables of the index, empty."""
    spelling.create(connection)
    for name in (*SEARCHED, PUBLIC):
        if connection.dialect.name == "sqlite":
            kept = "content='', " if name in APPENDED else ""
            options = f"words, {kept}tokenize='unicode61 remove_diacritics 2'"
            connection.exec_driver_sql(f"CREATE VIRTUAL TABLE search_{name} USING fts5({options})")
        else:
            words = "(id integer PRIMARY KEY, words tsvector NOT NULL)"
            connection.exec_driver_sql(f"CREATE TABLE search_{name} {words}")
            parts = f"gin (words, (ARRAY[id / {PART}]))"
            connection.exec_driver_sql(f"CREATE INDEX ix_search_{name}_recent ON search_{name} USING {parts}")


def _words_of(name: str, dialect: str) -> str:
    """SQL for the text of a row.

    On PostgreSQL punctuation parts words and accents are dropped, as FTS5 does by itself.
    """
    joined = " || ' ' || ".join(f"coalesce({one}, '')" for one in SEARCHED[name])
    return _as_words(joined, dialect)


def _as_words(joined: str, dialect: str) -> str:
    joined = f"substr({joined}, 1, {LONGEST})"
    if dialect == "sqlite":
        return joined
    return f"to_tsvector('simple', translate(translate({joined}, :punctuation, :spaces), :accented, :plain))"


def _given(dialect: str) -> dict[str, str]:
    if dialect == "sqlite":
        return {}
    both = {"accented": ACCENTED + ACCENTED.upper(), "plain": PLAIN + PLAIN}
    return {"punctuation": PUNCTUATION, "spaces": " " * len(PUNCTUATION)} | both


def add(connection: Connection, name: str, which: str, **given: object) -> int:
    """Put rows of a table into the index; `which`: SQL that says which ones. Returns how many."""
    dialect = connection.dialect.name
    key = "rowid" if dialect == "sqlite" else "id"
    rows = f"SELECT id, {_words_of(name, dialect)} FROM {name} WHERE {which}"  # noqa: S608
    return connection.execute(
        text(f"INSERT INTO search_{name} ({key}, words) {rows}"),
        given | _given(dialect),
    ).rowcount


def put_public(connection: Connection, numbers: Iterable[int]) -> None:
    """Put what the public may read of these incidents into its index, and take out the rest of them.

    Part of an operation.
    """
    rows, dialect = _listed(numbers), connection.dialect.name
    key, each = ("rowid", "group_concat") if dialect == "sqlite" else ("id", "string_agg")
    joined = " || ' ' || ".join(f"coalesce({name}, '')" for name in PUBLIC_COLUMNS)
    spoken = f"{each}(title || ' ' || body, ' ')"
    said = f"SELECT {spoken} FROM publication AS said WHERE {PUBLIC_SAID}"  # noqa: S608
    words = _as_words(f"{joined} || ' ' || coalesce(({said}), '')", dialect)
    known = f"SELECT id, {words} FROM incident WHERE id IN {rows} AND {PUBLIC_INCIDENT}"  # noqa: S608
    connection.execute(text(f"DELETE FROM search_{PUBLIC} WHERE {key} IN {rows}"))  # noqa: S608
    connection.execute(text(f"INSERT INTO search_{PUBLIC} ({key}, words) {known}"), _given(dialect))


def fill_public(connection: Connection, after: int = 0) -> None:
    """Do so for every incident with a number above `after`, some at a time."""
    last = connection.scalar(text("SELECT max(id) FROM incident")) or 0
    for first in range(after + 1, last + 1, MENDED):
        put_public(connection, range(first, min(first + MENDED, last + 1)))


def take_out(connection: Connection, name: str, numbers: Iterable[int]) -> None:
    """Take rows of a table out of the index, before their words change. Part of an operation.

    SQLite keeps no text of what is only appended: there it has to be told what the words were.
    """
    rows = _listed(numbers)
    if connection.dialect.name == "sqlite" and name in APPENDED:
        index = f"SELECT rowid FROM search_{name} WHERE rowid IN {rows}"  # noqa: S608
        known = f"id IN {rows} AND id IN ({index})"
        words = f"SELECT 'delete', id, {_words_of(name, 'sqlite')} FROM {name} WHERE {known}"  # noqa: S608
        connection.execute(text(f"INSERT INTO search_{name} (search_{name}, rowid, words) {words}"))
        return
    key = "rowid" if connection.dialect.name == "sqlite" else "id"
    connection.execute(text(f"DELETE FROM search_{name} WHERE {key} IN {rows}"))  # noqa: S608


def put_in(connection: Connection, name: str, numbers: Iterable[int]) -> None:
    """Put these rows of a table into the index, as they read now. Part of an operation."""
    add(connection, name, f"id IN {_listed(numbers)}")


@operation(needs=Permission.INCIDENT_COMMAND)
def press(name: str, pages: int, *, actor: Actor, now: datetime) -> bool:
    """Put the parts of an index together by so many pages; returns whether there is more to do.

    SQLite only marks what is taken out, and goes on keeping its words until the parts are put together; all
    at once that would hold up every writer of a large record. `pages` below zero begins. Without an entry.
    """
    connection = db.session.connection()
    if connection.dialect.name != "sqlite":
        return False
    changes = text("SELECT total_changes()")
    before = connection.scalar(changes) or 0
    into = f"search_{name} (search_{name}, rank)"
    merge = text(f"INSERT INTO {into} VALUES ('merge', :pages)")  # noqa: S608
    connection.execute(merge, {"pages": pages})
    return (connection.scalar(changes) or 0) - before >= 2  # as SQLite's documentation tells it


def _listed(numbers: Iterable[int]) -> str:
    return f"({', '.join(str(int(number)) for number in numbers)})"


@event.listens_for(Session, "after_flush")
def _keep(session: Session, context: UOWTransaction) -> None:
    """What a flush wrote is found from the same commit on."""
    fresh: dict[str, list[int]] = {}
    public: set[int] = set()
    stale: dict[str, list[int]] = {}
    for row in [*session.new, *session.dirty, *session.deleted]:
        name = row.__tablename__
        if name in PUBLIC_ROWS and (row not in session.dirty or _is_changed(row, PUBLIC_ROWS[name])):
            public.add(row.id if name == "incident" else row.incident_id)
        if name not in SEARCHED:
            continue
        is_new, is_gone = row in session.new, row in session.deleted
        if not is_new and (is_gone or _is_changed(row, SEARCHED[name])):
            stale.setdefault(name, []).append(row.id)
        if is_new or (not is_gone and row.id in stale.get(name, ())):
            fresh.setdefault(name, []).append(row.id)
    if not fresh and not stale and not public:
        return
    connection = session.connection()
    if public:
        put_public(connection, public)
    key = "rowid" if connection.dialect.name == "sqlite" else "id"
    for name, numbers in stale.items():
        connection.execute(text(f"DELETE FROM search_{name} WHERE {key} IN {_listed(numbers)}"))  # noqa: S608
    for name, numbers in fresh.items():
        put_in(connection, name, numbers)


def _is_changed(row: object, names: Iterable[str]) -> bool:
    known = inspect(row).attrs
    return any(known[name].history.has_changes() for name in names)


@event.listens_for(Base.metadata, "after_create")
def _create(target: MetaData, connection: Connection, **more: object) -> None:
    create(connection)


@operation(needs=Permission.DATA_MANAGE)
def rebuild(*, actor: Actor, now: datetime) -> int:
    """Make the whole index anew. Returns how many rows it holds."""
    connection = db.session.connection()
    found = 0
    for name in (*SEARCHED, PUBLIC):
        connection.exec_driver_sql(f"DROP TABLE search_{name}")
    connection.exec_driver_sql("DROP TABLE search_spelling")
    create(connection)
    spelling.learn(connection)
    fill_public(connection)
    for name in SEARCHED:
        found += add(connection, name, "1 = 1")
    audit(AuditKind.SEARCH_REBUILT, count(found, "row"), actor=actor, now=now)
    return found


@operation(needs=Permission.DATA_MANAGE)
def mend(*, actor: Actor, now: datetime) -> int:
    """Put in what is missing of the newest rows: a process of an earlier version wrote them.

    And learn how their words are spelled. Returns how many were missing.
    """
    connection = db.session.connection()
    key = "rowid" if connection.dialect.name == "sqlite" else "id"
    found = 0
    for name in SEARCHED:
        newest = connection.scalar(text(f"SELECT max(id) FROM {name}")) or 0  # noqa: S608
        known = f"SELECT {key} FROM search_{name} WHERE {key} > :least"  # noqa: S608
        found += add(connection, name, f"id > :least AND id NOT IN ({known})", least=newest - MENDED)
    newest = connection.scalar(text("SELECT max(id) FROM incident")) or 0
    fill_public(connection, newest - PUBLIC_MENDED)
    spelling.learn(connection)
    if found:
        audit(AuditKind.SEARCH_MENDED, count(found, "row"), actor=actor, now=now)
    return found


class SearchedModel(Protocol):
    """A model of a table that is searched."""

    __tablename__: str
    id: Mapped[int]


def matches(
    model: type[SearchedModel], typed: str, newest: int | None = None, *, whole: bool = False
) -> ColumnElement[bool]:
    """The condition that a row of `model` holds every word that was typed, or one that begins with it.

    `whole`: only the words themselves. Good for any text; without a word in it nothing matches.
    `newest`: look at so many of the newest matches only.
    """
    words, name = words_in(typed), f"search_{model.__tablename__}"
    if not words:
        return literal_column("1 = 0")
    found, number = _holding(name, words, whole)
    return model.id.in_(found.order_by(number.desc()).limit(newest) if newest else found)


def are_many(model: type[SearchedModel], typed: str, many: int) -> bool:
    """At least so many rows of `model` hold the words themselves.

    Where that is so, to ask for what begins with them too costs FTS5 every such row, however few are wanted.
    """
    words, name = words_in(typed), f"search_{model.__tablename__}"
    found = _holding(name, words, whole=True)[0].limit(1).offset(many - 1) if words else None
    return found is not None and db.session.scalar(found) is not None


def _holding(name: str, words: list[str], whole: bool) -> tuple[Select[int], ColumnElement[int]]:
    """The numbers of the rows that hold these words, and the column of them."""
    begins = [not whole and len(word) > 1 for word in words]
    if db.engine.dialect.name == "sqlite":
        index = table(name, column("rowid"))
        asked = " ".join(f'"{word}"{"*" * is_begin}' for word, is_begin in zip(words, begins, strict=True))
        return select(index.c.rowid).where(literal_column(name).op("MATCH")(asked)), index.c.rowid
    index = table(name, column("id"), column("words"))
    # Each twice: of a word that it does not know the planner thinks that many rows hold it, and walks through
    # the table by number. Asked twice it thinks of few, and takes the index.
    each = [f"'{word}'{':*' * is_begin}" for word, is_begin in zip(words, begins, strict=True)] * 2
    query = func.to_tsquery("simple", " & ".join(each))
    return select(index.c.id).where(index.c.words.op("@@")(query)), index.c.id
