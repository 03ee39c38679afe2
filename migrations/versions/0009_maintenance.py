"""Scheduled maintenance.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TIME = sa.DateTime(timezone=True)


def _status() -> sa.Column:
    values = ("planned", "running", "verifying", "done", "cancelled")
    kind = sa.Enum(*values, name="maintenancestatus", native_enum=False, create_constraint=True, length=32)
    return sa.Column("status", kind, nullable=False)


def upgrade():
    op.create_table(
        "maintenance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _status(),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("systems", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance"),
    )
    op.create_index("ix_maintenance_status_starts_at", "maintenance", ["status", "starts_at"])
    op.create_table(
        "maintenance_update",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("maintenance_id", sa.Integer(), nullable=False),
        _status(),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["maintenance_id"], ["maintenance.id"], name="fk_maintenance_update_maintenance_id_maintenance"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance_update"),
    )
    op.create_index("ix_maintenance_update_maintenance_id", "maintenance_update", ["maintenance_id"])


def downgrade():
    op.drop_table("maintenance_update")
    op.drop_table("maintenance")
