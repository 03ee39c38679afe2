"""Nudges that rest; since when the incident has its alarm level.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade():
    op.create_table(
        "nudge_rest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_nudge_rest_incident_id_incident"),
        sa.PrimaryKeyConstraint("id", name="pk_nudge_rest"),
        sa.UniqueConstraint("incident_id", "key", name="uq_nudge_rest_incident_id_key"),
    )
    op.add_column("incident", sa.Column("alarm_level_at", sa.DateTime(timezone=True)))


def downgrade():
    op.drop_column("incident", "alarm_level_at")
    op.drop_table("nudge_rest")
