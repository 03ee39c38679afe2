"""The index of the public's own search, filled with what the public reads already.

Each batch is a transaction of its own: the previous version writes beside it, and one that was broken off goes on
where it was.

Revision ID: 0037
Revises: 0036
"""

from alembic import op
from sqlalchemy import text

revision = "0037"
down_revision = "0036"

BATCH = 2_000  # incidents a statement
PUNCTUATION = "".join(chr(n) for n in range(32, 127) if not chr(n).isalnum() and chr(n) != " ")
ACCENTED = "àáâãäåāăąçćčďéèêëēęěğíìîïīñńňóòôõöōőŕřśšťúùûüūůűýÿžźż"
PLAIN = "aaaaaaaaacccdeeeeeeegiiiiinnnooooooorrsstuuuuuuuyyzzz"
GIVEN = {
    "punctuation": PUNCTUATION,
    "spaces": " " * len(PUNCTUATION),
    "accented": ACCENTED + ACCENTED.upper(),
    "plain": PLAIN * 2,
}
WORDS = (
    "substr(coalesce(public_title, '') || ' ' || coalesce(who_affected, '') || ' ' || coalesce(what_to_do, '') "
    "|| ' ' || coalesce((SELECT {each}(title || ' ' || body, ' ') FROM publication AS said "
    "WHERE incident_id = incident.id AND visibility = 'public' AND withdrawn_at IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM publication AS later WHERE later.corrects_id = said.id AND later.visibility = 'public')), ''), "
    "1, 100000)"
)
ROWS = (
    "FROM incident WHERE id BETWEEN :first AND :last AND is_public AND NOT is_drill AND merged_into_id IS NULL"
)


def upgrade():
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        if connection.dialect.name == "sqlite":
            options = "words, tokenize='unicode61 remove_diacritics 2'"
            connection.exec_driver_sql(f"CREATE VIRTUAL TABLE IF NOT EXISTS search_public USING fts5({options})")
            words, key, given = WORDS.format(each="group_concat"), "rowid", {}
        else:
            columns = "(id integer PRIMARY KEY, words tsvector NOT NULL)"
            connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS search_public {columns}")
            plain = f"translate(translate({WORDS.format(each='string_agg')}, :punctuation, :spaces), :accented, :plain)"
            words, key, given = f"to_tsvector('simple', {plain})", "id", GIVEN
        fill(connection, f"INSERT INTO search_public ({key}, words) SELECT id, {words} {ROWS}", key, given)
        if connection.dialect.name == "postgresql":
            index = "ix_search_public_words ON search_public USING gin (words)"
            connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {index}")


def fill(connection, statement, key, given):
    last = connection.scalar(text("SELECT max(id) FROM incident")) or 0
    done = connection.scalar(text(f"SELECT max({key}) FROM search_public")) or 0
    for first in range(done + 1, last + 1, BATCH):
        within = {"first": first, "last": first + BATCH - 1}
        connection.execute(text(statement), within | given)
        if last > BATCH:
            print(f"public search: {min(first + BATCH - 1, last):,} of {last:,} incidents")


def downgrade():
    op.get_bind().exec_driver_sql("DROP TABLE IF EXISTS search_public")
