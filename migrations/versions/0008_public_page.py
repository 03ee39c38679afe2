"""What the public page says: which systems it lists and how they are, who is affected, what to do now.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

STATUSES = (
    "operational",
    "degraded_performance",
    "partial_outage",
    "major_outage",
    "under_maintenance",
    "unknown",
)


def upgrade():
    listed = ", ".join(f"'{value}'" for value in STATUSES)
    # Written out: SQLite takes a CHECK only together with its new column.
    op.execute(
        "ALTER TABLE affected_system ADD COLUMN status VARCHAR(32)"
        f" CONSTRAINT ck_affected_system_systemstatus CHECK (status IN ({listed}))"
    )
    op.add_column("system", sa.Column("is_public", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("system", sa.Column("group_name", sa.String(80), server_default="", nullable=False))
    for column in ("who_affected", "what_to_do"):
        op.add_column("incident", sa.Column(column, sa.Text(), server_default="", nullable=False))
    op.create_index("ix_incident_status_resolved_at", "incident", ["status", "resolved_at"])
    op.create_index("ix_incident_opened_at", "incident", ["opened_at"])


def downgrade():
    op.drop_index("ix_incident_opened_at", "incident")
    op.drop_index("ix_incident_status_resolved_at", "incident")
    for column in ("what_to_do", "who_affected"):
        op.drop_column("incident", column)
    op.drop_column("system", "group_name")
    op.drop_column("system", "is_public")
    op.drop_column("affected_system", "status")
