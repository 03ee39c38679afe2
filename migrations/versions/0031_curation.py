"""A duplicate is merged into the incident that is kept, and can be taken out again; updates may come late.

The reference is written with its column in one statement, as both databases take it: a copy of SQLite's
largest table for one constraint would stop everybody.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

TIME = sa.DateTime(timezone=True)
MERGED = """ALTER TABLE incident ADD COLUMN merged_into_id INTEGER
CONSTRAINT fk_incident_merged_into_id_incident REFERENCES incident (id)"""
IS_MERGED = sa.text("merged_into_id IS NOT NULL")


def upgrade():
    op.execute(MERGED)
    op.add_column("incident", sa.Column("merged_at", TIME))
    op.add_column("incident", sa.Column("status_before_merge", sa.String(20)))
    op.create_index(
        "ix_incident_merged_into_id",
        "incident",
        ["merged_into_id"],
        sqlite_where=IS_MERGED,
        postgresql_where=IS_MERGED,
    )
    op.add_column(
        "publication", sa.Column("is_late", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade():
    op.drop_column("publication", "is_late")
    op.drop_index("ix_incident_merged_into_id", "incident")
    for column in ("status_before_merge", "merged_at", "merged_into_id"):
        op.drop_column("incident", column)
