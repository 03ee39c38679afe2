"""Messages to people are found beside thousands to subscribers.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

FOR_PEOPLE = sa.text("subscriber_id IS NULL")


def upgrade():
    op.create_index(
        "ix_delivery_people",
        "delivery",
        ["state", "next_at"],
        sqlite_where=FOR_PEOPLE,
        postgresql_where=FOR_PEOPLE,
    )


def downgrade():
    op.drop_index("ix_delivery_people", "delivery")
