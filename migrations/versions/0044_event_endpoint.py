"""Events for programs outside: who gets them, what is queued, and every attempt.

Revision ID: 0044
Revises: 0042
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0042"

TIME = sa.DateTime(timezone=True)
STATES = ("pending", "sending", "sent", "failed", "no_channel", "quiet")
WAITS = sa.text("settled_at IS NULL")


def upgrade():
    op.create_table(
        "event_endpoint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("address", sa.String(1000), nullable=False),
        sa.Column("kinds", sa.String(1000), nullable=False),
        sa.Column("systems", sa.String(1000), nullable=False),
        sa.Column("is_internal", sa.Boolean(), nullable=False),
        sa.Column("is_full", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.String(300), nullable=False),
        sa.Column("old_secret", sa.String(300)),
        sa.Column("old_until", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_why", sa.String(300), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rests_until", TIME),
        sa.Column("claimed_until", TIME),
        sa.Column("told_at", TIME),
        sa.Column("reached_at", TIME),
        sa.Column("unreached_at", TIME),
        sa.Column("unreached_why", sa.String(500), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event_endpoint"),
        sa.UniqueConstraint("name", name="uq_event_endpoint_name"),
    )
    op.create_table(
        "outgoing_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("incident_id", sa.Integer()),
        sa.Column("seq", sa.Integer()),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="deliverystate", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("settled_at", TIME),
        sa.Column("last_error", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing_event"),
        sa.UniqueConstraint("key", name="uq_outgoing_event_key"),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["event_endpoint.id"], name="fk_outgoing_event_endpoint_id_event_endpoint"
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_outgoing_event_incident_id_incident"
        ),
    )
    waits = {"sqlite_where": WAITS, "postgresql_where": WAITS}
    op.create_index("ix_outgoing_event_due", "outgoing_event", ["endpoint_id", "next_at", "id"], **waits)
    op.create_index(
        "ix_outgoing_event_order", "outgoing_event", ["endpoint_id", "incident_id", "id"], **waits
    )
    op.create_index("ix_outgoing_event_endpoint_id", "outgoing_event", ["endpoint_id", "id"])
    op.create_index("ix_outgoing_event_incident_id", "outgoing_event", ["incident_id"])
    op.create_index("ix_outgoing_event_settled_at", "outgoing_event", ["settled_at"])
    op.create_table(
        "event_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event_attempt"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["outgoing_event.id"], name="fk_event_attempt_event_id_outgoing_event"
        ),
    )
    op.create_index("ix_event_attempt_event_id", "event_attempt", ["event_id", "id"])


def downgrade():
    op.drop_table("event_attempt")
    op.drop_table("outgoing_event")
    op.drop_table("event_endpoint")
