"""The numbers that are measured of each resolved incident, and the uptime that a system is to have.

The table is filled afterwards, by the worker or by `flask --app app measure`, a few hundred incidents at a
time and newest first: no server stands still for it, and what was filled stays when it is interrupted.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade():
    op.create_table(
        "measured_incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("severity", sa.String(32), nullable=False),
        sa.Column("apart", sa.String(10), nullable=False),
        sa.Column("form", sa.Integer(), nullable=False),
        sa.Column("numbers", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_measured_incident_incident_id_incident"),
        sa.PrimaryKeyConstraint("id", name="pk_measured_incident"),
        sa.UniqueConstraint("incident_id", name="uq_measured_incident_incident_id"),
    )
    op.create_index("ix_measured_incident_apart_opened_at", "measured_incident", ["apart", "opened_at"])
    op.create_index("ix_recovery_track_team", "recovery_track", ["team", "incident_id"])
    op.add_column("system", sa.Column("uptime_goal", sa.Double()))


def downgrade():
    op.drop_column("system", "uptime_goal")
    op.drop_index("ix_recovery_track_team", "recovery_track")
    op.drop_table("measured_incident")
