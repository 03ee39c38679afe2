"""Drafts that programs propose.

Revision ID: 0046
Revises: 0045
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade():
    column = sa.Column("is_proposal", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("draft", column)


def downgrade():
    op.drop_column("draft", "is_proposal")
