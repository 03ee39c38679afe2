"""The texts of reviews and the actions are searched too, filled from what is stored already.

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
            create(f"CREATE INDEX IF NOT EXISTS ix_search_{name}_words ON search_{name} USING gin (words)")


        columns = "(key varchar(24) NOT NULL, word varchar(24) NOT NULL, PRIMARY KEY (key, word))"
        create(f"CREATE TABLE IF NOT EXISTS search_spelling {columns}")  # filled by the worker


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
    op.get_bind().exec_driver_sql("DROP TABLE IF EXISTS search_spelling")
    for name, _, _ in reversed(SEARCHED):
        op.get_bind().exec_driver_sql(f"DROP TABLE IF EXISTS search_{name}")
