"""Devices that get push messages, notices of what is asked, and as what a question was asked.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

NOTICES = (
    "alarm", "role", "handover", "reminder", "stand_down", "milestone", "update", "resolved", "link",
    "channel", "public",
)
KINDS = ("email", "webhook", "apprise")
NAMED = {"ck": "ck_%(table_name)s_%(constraint_name)s"}


def upgrade():
    op.add_column("channel", sa.Column("name", sa.String(80), server_default="", nullable=False))
    op.add_column("ask", sa.Column("asked_as", sa.String(40), server_default="", nullable=False))
    for table in ("channel", "subscriber"):
        _check(table, "kind", "channelkind", (*KINDS, "push"))
    _check("notice_policy", "notice", "notice", (*NOTICES, "ask"))
    _delivery((*KINDS, "push"), (*NOTICES, "ask"))


def downgrade():
    op.execute("DELETE FROM delivery WHERE kind = 'push' OR notice = 'ask'")
    op.execute("DELETE FROM channel WHERE kind = 'push'")
    op.execute("DELETE FROM notice_policy WHERE notice = 'ask'")
    _delivery(KINDS, NOTICES)
    _check("notice_policy", "notice", "notice", NOTICES)
    for table in ("subscriber", "channel"):
        _check(table, "kind", "channelkind", KINDS)
    op.drop_column("ask", "asked_as")
    op.drop_column("channel", "name")


def _delivery(kinds: tuple[str, ...], notices: tuple[str, ...]) -> None:
    """Both at once: SQLite copies the table each time."""
    with op.batch_alter_table("delivery", naming_convention=NAMED) as table:
        for column, name, values in (("kind", "channelkind", kinds), ("notice", "notice", notices)):
            table.drop_constraint(op.f(f"ck_delivery_{name}"), type_="check")
            table.create_check_constraint(op.f(f"ck_delivery_{name}"), f"{column} IN {values}")


def _check(of: str, column: str, name: str, values: tuple[str, ...]) -> None:
    """Let the column hold these values."""
    with op.batch_alter_table(of, naming_convention=NAMED) as table:
        table.drop_constraint(op.f(f"ck_{of}_{name}"), type_="check")
        table.create_check_constraint(op.f(f"ck_{of}_{name}"), f"{column} IN {values}")
