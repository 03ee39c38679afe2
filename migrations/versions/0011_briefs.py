"""Signed links to briefs, and where a question was asked from.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TIME = sa.DateTime(timezone=True)


def upgrade():
    pages = sa.Enum(
        "brief", "exec", name="briefpage", native_enum=False, create_constraint=True, length=32
    )
    op.create_table(
        "brief_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("page", pages, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("made_by", sa.String(120), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("last_used_at", TIME),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_brief_link_incident_id_incident"),
        sa.PrimaryKeyConstraint("id", name="pk_brief_link"),
        sa.UniqueConstraint("token_hash", name="uq_brief_link_token_hash"),
    )
    op.create_index("ix_brief_link_incident_id", "brief_link", ["incident_id"])
    op.add_column("ask", sa.Column("asked_from", sa.String(40), server_default="", nullable=False))


def downgrade():
    op.drop_column("ask", "asked_from")
    op.drop_table("brief_link")
