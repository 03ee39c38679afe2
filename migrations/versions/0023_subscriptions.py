"""Incidents that subscribers follow, digests, maintenance that comes again, feeds of one system.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

TIME = sa.DateTime(timezone=True)


def upgrade():
    op.add_column(
        "subscriber", sa.Column("frequency", sa.String(32), server_default="each", nullable=False)
    )
    op.add_column("subscriber", sa.Column("digest_since", TIME))
    op.create_table(
        "subscriber_incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name="fk_subscriber_incident_subscriber_id_subscriber"
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_subscriber_incident_incident_id_incident"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_subscriber_incident"),
        sa.UniqueConstraint(
            "subscriber_id", "incident_id", name="uq_subscriber_incident_subscriber_id_incident_id"
        ),
    )
    op.create_index("ix_subscriber_incident_incident_id", "subscriber_incident", ["incident_id"])
    op.create_index("ix_announcement_maintenance_id", "announcement", ["maintenance_id"])
    op.create_index("ix_announcement_at", "announcement", ["at"])
    op.add_column("maintenance", sa.Column("repeats", sa.String(32), server_default="never", nullable=False))
    for name, default in (("repeat_every", "1"), ("occurrence", "0")):
        op.add_column("maintenance", sa.Column(name, sa.Integer(), server_default=default, nullable=False))
    for name in ("repeat_from", "repeat_to", "follow_at"):
        op.add_column("maintenance", sa.Column(name, TIME))
    op.create_index("ix_maintenance_follow_at", "maintenance", ["follow_at"])
    # The feed of a system asks for its newest incidents: in the order of their numbers.
    op.drop_index("ix_affected_system_name", "affected_system")
    op.create_index("ix_affected_system_name", "affected_system", ["name", "incident_id"])


def downgrade():
    op.drop_index("ix_affected_system_name", "affected_system")
    op.create_index("ix_affected_system_name", "affected_system", ["name"])
    op.drop_index("ix_maintenance_follow_at", "maintenance")
    for name in ("follow_at", "repeat_to", "repeat_from", "occurrence", "repeat_every", "repeats"):
        op.drop_column("maintenance", name)
    op.drop_index("ix_announcement_at", "announcement")
    op.drop_index("ix_announcement_maintenance_id", "announcement")
    op.drop_table("subscriber_incident")
    op.drop_column("subscriber", "digest_since")
    op.drop_column("subscriber", "frequency")
