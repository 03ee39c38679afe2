"""What the public reads of the review is a text of its own.

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

IS_REVIEW = sa.text("is_review")


def upgrade():
    op.add_column(
        "publication", sa.Column("is_review", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        "ix_publication_review",
        "publication",
        ["incident_id", "id"],
        sqlite_where=IS_REVIEW,
        postgresql_where=IS_REVIEW,
    )


def downgrade():
    op.drop_index("ix_publication_review", "publication")
    op.drop_column("publication", "is_review")
