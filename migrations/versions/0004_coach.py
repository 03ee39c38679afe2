"""What became of nudges; since when the incident has its alarm level.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade():
    op.create_table(
        "nudge_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True)),
        sa.Column("dismissed_at", sa.DateTime(timezone=True)),
        sa.Column("snoozed_until", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_nudge_mark_incident_id_incident"),
        sa.PrimaryKeyConstraint("id", name="pk_nudge_mark"),
        sa.UniqueConstraint("incident_id", "key", name="uq_nudge_mark_incident_id_key"),
    )
    op.add_column("incident", sa.Column("alarm_level_at", sa.DateTime(timezone=True)))


def downgrade():
    op.drop_column("incident", "alarm_level_at")
    op.drop_table("nudge_mark")
