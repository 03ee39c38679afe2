"""The texts of reviews and the actions are searched too, and PostgreSQL's index knows what is new.

Each batch is a transaction of its own, so that the previous version writes beside it, and one that was broken off
goes on where it was.

Revision ID: 0038
Revises: 0037
"""

from alembic import op
from sqlalchemy import text

revision = "0038"
down_revision = "0037"

BATCH = 2_000  # rows a statement
# Table, its columns, and whether its words may change (SQLite keeps the text of those).
SEARCHED = (
    ("review_text", ("text", "by_name"), False),
    ("action_item", ("text", "owner_name", "outcome"), True),
)
# Tables of a full text, whose index on PostgreSQL tells the newest rows from others from now on.
BEFORE = (
    "incident",
    "timeline_event",
    "publication",
    "recovery_track",
    "run_card",
    "run_card_version",
    "command_assignment",
    "handover",
    "audit_entry",
    "subscriber",
    "public",
)
INDEXED = (*BEFORE, *(name for name, _, _ in SEARCHED))
PUNCTUATION = "".join(chr(n) for n in range(32, 127) if not chr(n).isalnum() and chr(n) != " ")
ACCENTED = "àáâãäåāăąçćčďéèêëēęěğíìîïīñńňóòôõöōőŕřśšťúùûüūůűýÿžźż"
PLAIN = "aaaaaaaaacccdeeeeeeegiiiiinnnooooooorrsstuuuuuuuyyzzz"
GIVEN = {
    "punctuation": PUNCTUATION,
    "spaces": " " * len(PUNCTUATION),
    "accented": ACCENTED + ACCENTED.upper(),
    "plain": PLAIN * 2,
}


def upgrade():
    with op.get_context().autocommit_block():
        for name, columns, is_changing in SEARCHED:
            joined = " || ' ' || ".join(f"coalesce({one}, '')" for one in columns)
            words = f"substr({joined}, 1, 100000)"
            if op.get_bind().dialect.name == "sqlite":
                kept = "" if is_changing else "content='', "
                options = f"words, {kept}tokenize='unicode61 remove_diacritics 2'"
                create(f"CREATE VIRTUAL TABLE IF NOT EXISTS search_{name} USING fts5({options})")
                fill(name, "rowid", words, {})
                continue
            create(f"CREATE TABLE IF NOT EXISTS search_{name} (id integer PRIMARY KEY, words tsvector NOT NULL)")
            plain = f"translate(translate({words}, :punctuation, :spaces), :accented, :plain)"
            fill(name, "id", f"to_tsvector('simple', {plain})", GIVEN)

        columns = "(key varchar(24) NOT NULL, word varchar(24) NOT NULL, PRIMARY KEY (key, word))"
        create(f"CREATE TABLE IF NOT EXISTS search_spelling {columns}")  # filled by the worker
        if op.get_bind().dialect.name == "postgresql":
            for name in INDEXED:
                replace(f"ix_search_{name}_recent", f"search_{name}", "(words, (ARRAY[id / 8192]))")
                create(f"DROP INDEX CONCURRENTLY IF EXISTS ix_search_{name}_words")


def replace(name, table, what):
    """Make an index beside the version that serves; one that was broken off is made anew."""
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"
    is_valid = op.get_bind().scalar(text(valid), {"name": name})
    if is_valid:
        return
    if is_valid is not None:
        create(f"DROP INDEX CONCURRENTLY {name}")
    create(f"CREATE INDEX CONCURRENTLY {name} ON {table} USING gin {what}")
    print(f"search: index {name} is made")


def create(statement):
    op.get_bind().exec_driver_sql(statement)


def fill(name, key, words, given):
    connection = op.get_bind()
    last = connection.scalar(text(f"SELECT max(id) FROM {name}")) or 0
    done = connection.scalar(text(f"SELECT max({key}) FROM search_{name}")) or 0
    rows = f"SELECT id, {words} FROM {name} WHERE id BETWEEN :first AND :last"
    for first in range(done + 1, last + 1, BATCH):
        within = {"first": first, "last": first + BATCH - 1}
        connection.execute(text(f"INSERT INTO search_{name} ({key}, words) {rows}"), within | given)
        if last > BATCH:
            print(f"search in {name}: {min(first + BATCH - 1, last):,} of {last:,} rows")


def downgrade():
    create("DROP TABLE IF EXISTS search_spelling")
    if op.get_bind().dialect.name == "postgresql":
        for name in BEFORE:
            create(f"DROP INDEX IF EXISTS ix_search_{name}_recent")
            create(f"CREATE INDEX IF NOT EXISTS ix_search_{name}_words ON search_{name} USING gin (words)")
    for name, _, _ in reversed(SEARCHED):
        create(f"DROP TABLE IF EXISTS search_{name}")
