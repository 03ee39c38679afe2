"""Answers that are kept of acts at no incident too.

Revision ID: 0047
Revises: 0046
"""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"

NAMED = {"fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s"}


def upgrade():
    _set_nullable(True)


def downgrade():
    op.execute("DELETE FROM kept_answer WHERE incident_id IS NULL")
    _set_nullable(False)


def _set_nullable(is_nullable):
    with op.batch_alter_table("kept_answer", naming_convention=NAMED) as table:
        table.alter_column("incident_id", existing_type=sa.Integer(), nullable=is_nullable)
