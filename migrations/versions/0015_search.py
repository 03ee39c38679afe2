"""The full text of what people search: FTS5 or tsvector, filled from what is stored already.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"

# Table, its columns, and whether its words may change (SQLite keeps the text of those).
SEARCHED = (
    ("incident", ("title", "description", "opened_by_name"), True),
    ("timeline_event", ("title", "detail", "actor_name", "kind"), False),
    ("publication", ("title", "body", "by_name"), False),
    ("recovery_track", ("goal", "team", "owner", "outcome_note"), True),
    ("run_card", ("name", "systems"), True),
    ("run_card_version", ("body",), False),
    ("command_assignment", ("name",), True),
    ("handover", ("from_name", "to_name", "brief"), True),
    ("audit_entry", ("kind", "subject", "detail", "actor_name"), False),
    ("subscriber", ("address",), True),
)
PUNCTUATION = "".join(chr(n) for n in range(32, 127) if not chr(n).isalnum() and chr(n) != " ")
ACCENTED = "àáâãäåāăąçćčďéèêëēęěğíìîïīñńňóòôõöōőŕřśšťúùûüūůűýÿžźż"
PLAIN = "aaaaaaaaacccdeeeeeeegiiiiinnnooooooorrsstuuuuuuuyyzzz"


def upgrade():
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    for name, columns, is_changing in SEARCHED:
        words = " || ' ' || ".join(f"coalesce({one}, '')" for one in columns)
        words = f"substr({words}, 1, 100000)"
        if is_sqlite:
            kept = "" if is_changing else "content='', "
            options = f"words, {kept}tokenize='unicode61 remove_diacritics 2'"
            connection.exec_driver_sql(f"CREATE VIRTUAL TABLE search_{name} USING fts5({options})")
            connection.exec_driver_sql(f"INSERT INTO search_{name} (rowid, words) SELECT id, {words} FROM {name}")
            continue
        connection.exec_driver_sql(f"CREATE TABLE search_{name} (id integer PRIMARY KEY, words tsvector NOT NULL)")
        connection.exec_driver_sql(
            f"INSERT INTO search_{name} (id, words) SELECT id, to_tsvector('simple', translate(translate({words}, "
            "%(punctuation)s, %(spaces)s), %(accented)s, %(plain)s)) FROM " + name,
            {
                "punctuation": PUNCTUATION,
                "spaces": " " * len(PUNCTUATION),
                "accented": ACCENTED + ACCENTED.upper(),
                "plain": PLAIN * 2,
            },
        )
        connection.exec_driver_sql(f"CREATE INDEX ix_search_{name}_words ON search_{name} USING gin (words)")


def downgrade():
    for name, _, _ in reversed(SEARCHED):
        op.get_bind().exec_driver_sql(f"DROP TABLE search_{name}")
