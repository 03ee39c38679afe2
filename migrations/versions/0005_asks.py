"""Asks with a clock; tracks without a timebox, and escalated ones; needs that were met; whom conditions are gathered from.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TIME = sa.DateTime(timezone=True)
STATES = sa.Enum(
    "open", "answered", "deferred", name="askstate", native_enum=False, create_constraint=True, length=32
)


def upgrade():
    op.create_table(
        "ask",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("whom", sa.String(120), nullable=False),
        sa.Column("what", sa.String(300), nullable=False),
        sa.Column("asked_by", sa.String(120), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("parked", sa.Integer(), nullable=False),
        sa.Column("state", STATES, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.String(120)),
        sa.Column("closed_at", TIME),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_ask_incident_id_incident"),
        sa.PrimaryKeyConstraint("id", name="pk_ask"),
    )
    op.create_index("ix_ask_incident_id_state", "ask", ["incident_id", "state"])
    op.add_column("can_report", sa.Column("needs_met_at", TIME))
    op.add_column("can_report", sa.Column("needs_met_by", sa.String(120)))
    op.add_column("timebox", sa.Column("team", sa.String(80)))
    op.add_column("recovery_track", sa.Column("escalated_at", TIME))
    op.add_column("recovery_track", sa.Column("escalated_to", sa.String(120)))
    _timebox_may_be_missing(True)


def downgrade():
    op.execute("UPDATE recovery_track SET minutes = 30 WHERE minutes IS NULL")
    op.execute("UPDATE recovery_track SET expires_at = started_at WHERE expires_at IS NULL")
    _timebox_may_be_missing(False)
    op.drop_column("recovery_track", "escalated_to")
    op.drop_column("recovery_track", "escalated_at")
    op.drop_column("timebox", "team")
    op.drop_column("can_report", "needs_met_by")
    op.drop_column("can_report", "needs_met_at")
    op.drop_table("ask")


def _timebox_may_be_missing(it_may: bool) -> None:
    with op.batch_alter_table("recovery_track") as table:
        table.alter_column("minutes", existing_type=sa.Integer(), nullable=it_may)
        table.alter_column("expires_at", existing_type=TIME, nullable=it_may)
