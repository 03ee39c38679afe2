"""Actions by the date that was promised first, for those done on time; the down-time that incidents left.

Down-time is filled in with the numbers of incidents, afterwards and newest first (0035).

Revision ID: 0040
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0037"


def upgrade():
    op.create_index("ix_action_item_first_due_on", "action_item", ["first_due_on"])
    op.create_table(
        "down_time",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_down_time_incident_id_incident"),
        sa.PrimaryKeyConstraint("id", name="pk_down_time"),
    )
    op.create_index("ix_down_time_ended_at", "down_time", ["ended_at"])
    op.create_index("ix_down_time_incident_id", "down_time", ["incident_id"])


def downgrade():
    op.drop_table("down_time")
    op.drop_index("ix_action_item_first_due_on", "action_item")
