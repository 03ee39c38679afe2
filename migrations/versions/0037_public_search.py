"""The index of the public's own search, filled with what the public reads already.

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
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        options = "words, tokenize='unicode61 remove_diacritics 2'"
        connection.exec_driver_sql(f"CREATE VIRTUAL TABLE search_public USING fts5({options})")
        fill = f"INSERT INTO search_public (rowid, words) SELECT id, {WORDS.format(each='group_concat')} {ROWS}"
        given = {}
    else:
        words = "(id integer PRIMARY KEY, words tsvector NOT NULL)"
        connection.exec_driver_sql(f"CREATE TABLE search_public {words}")
        plain = f"translate(translate({WORDS.format(each='string_agg')}, :punctuation, :spaces), :accented, :plain)"
        fill = f"INSERT INTO search_public (id, words) SELECT id, to_tsvector('simple', {plain}) {ROWS}"
        given = {
            "punctuation": PUNCTUATION,
            "spaces": " " * len(PUNCTUATION),
            "accented": ACCENTED + ACCENTED.upper(),
            "plain": PLAIN * 2,
        }
    last = connection.scalar(text("SELECT max(id) FROM incident")) or 0
    for first in range(1, last + 1, BATCH):
        connection.execute(text(fill), {"first": first, "last": first + BATCH - 1} | given)
        if last > BATCH:
            print(f"public search: {min(first + BATCH - 1, last):,} of {last:,} incidents")
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("CREATE INDEX ix_search_public_words ON search_public USING gin (words)")


def downgrade():
    op.get_bind().exec_driver_sql("DROP TABLE search_public")
