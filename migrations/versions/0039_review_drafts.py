"""A review has drafts of a helper: what of its texts came from one, and who read that.

Revision ID: 0039
Revises: 0037
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0037"

NAMED = {"ck": "ck_%(table_name)s_%(constraint_name)s"}
CONSTRAINT = "ck_draft_helper"


def upgrade():
    allow(add=("review",))
    for name in ("drafted_by", "reviewed_by"):
        op.add_column("review_text", sa.Column(name, sa.String(120), nullable=False, server_default=""))
    op.add_column("review_text", sa.Column("reviewed_at", sa.DateTime(timezone=True)))


def downgrade():
    for name in ("reviewed_at", "reviewed_by", "drafted_by"):
        op.drop_column("review_text", name)
    op.execute("DELETE FROM draft WHERE helper = 'review'")
    allow(remove=("review",))


def allow(*, add: tuple = (), remove: tuple = ()) -> None:
    """Let the helpers of a draft be some more, or some fewer, than they may now."""
    found = sa.inspect(op.get_bind()).get_check_constraints("draft")
    text = next(check["sqltext"] for check in found if check["name"] == CONSTRAINT)
    values = [*dict.fromkeys(re.findall(r"'([^']+)'", text)), *add]
    listed = ", ".join(f"'{value}'" for value in values if value not in remove)
    with op.batch_alter_table("draft", naming_convention=NAMED) as table:
        table.drop_constraint(op.f(CONSTRAINT), type_="check")
        table.create_check_constraint(op.f(CONSTRAINT), f"helper IN ({listed})")
