"""Updates apart from milestones: one of the two kinds may be rare among all that was ever said.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade():
    rows = sa.text("number IS NULL")
    op.create_index(
        "ix_publication_updates", "publication", ["id"], sqlite_where=rows, postgresql_where=rows
    )


def downgrade():
    op.drop_index("ix_publication_updates", "publication")
