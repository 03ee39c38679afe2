"""Subscribers to the public page, what is announced to them, and their messages in the outbox.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TIME = sa.DateTime(timezone=True)
NOTICES = ("alarm", "role", "handover", "reminder", "stand_down")
NAMED = {"ck": "ck_%(table_name)s_%(constraint_name)s"}


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade():
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", _enum("channelkind", "email", "webhook", "apprise"), nullable=False),
        sa.Column("address", sa.String(1000), nullable=False),
        sa.Column("language", sa.String(5), nullable=False),
        sa.Column("wants_all", sa.Boolean(), nullable=False),
        sa.Column("state", _enum("subscriberstate", "waiting", "active", "left", "bounced"), nullable=False),
        sa.Column("nonce", sa.String(32), nullable=False),
        sa.Column("secret", sa.String(128)),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscriber"),
        sa.UniqueConstraint("kind", "address", name="uq_subscriber_kind_address"),
    )
    op.create_index("ix_subscriber_state_id", "subscriber", ["state", "id"])
    op.create_table(
        "subscriber_system",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name="fk_subscriber_system_subscriber_id_subscriber"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_subscriber_system"),
        sa.UniqueConstraint("subscriber_id", "name", name="uq_subscriber_system_subscriber_id_name"),
    )
    op.create_table(
        "announcement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(80), nullable=False),
        sa.Column("incident_id", sa.Integer()),
        sa.Column("maintenance_id", sa.Integer()),
        sa.Column("publication_id", sa.Integer()),
        sa.Column("at", TIME, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("done_at", TIME),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_announcement_incident_id_incident"),
        sa.ForeignKeyConstraint(
            ["maintenance_id"], ["maintenance.id"], name="fk_announcement_maintenance_id_maintenance"
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publication.id"], name="fk_announcement_publication_id_publication"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_announcement"),
        sa.UniqueConstraint("act", name="uq_announcement_act"),
    )
    op.create_index("ix_announcement_done_at", "announcement", ["done_at"])
    op.create_index("ix_announcement_incident_id", "announcement", ["incident_id"])
    with op.batch_alter_table("delivery", naming_convention=NAMED) as table:
        table.add_column(sa.Column("subscriber_id", sa.Integer()))
        table.add_column(sa.Column("announcement_id", sa.Integer()))
        table.create_foreign_key(
            "fk_delivery_subscriber_id_subscriber", "subscriber", ["subscriber_id"], ["id"]
        )
        table.create_foreign_key(
            "fk_delivery_announcement_id_announcement", "announcement", ["announcement_id"], ["id"]
        )
    for table in ("delivery", "notice_policy"):
        _notices(table, (*NOTICES, "public"))


def downgrade():
    op.execute("DELETE FROM delivery WHERE notice = 'public'")
    op.execute("DELETE FROM notice_policy WHERE notice = 'public'")
    for table in ("delivery", "notice_policy"):
        _notices(table, NOTICES)
    with op.batch_alter_table("delivery", naming_convention=NAMED) as table:
        table.drop_constraint("fk_delivery_announcement_id_announcement", type_="foreignkey")
        table.drop_constraint("fk_delivery_subscriber_id_subscriber", type_="foreignkey")
        table.drop_column("announcement_id")
        table.drop_column("subscriber_id")
    op.drop_table("announcement")
    op.drop_table("subscriber_system")
    op.drop_table("subscriber")


def _notices(name: str, values: tuple[str, ...]) -> None:
    """Let the column `notice` hold these values."""
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(name, naming_convention=NAMED) as table:
        table.drop_constraint(op.f(f"ck_{name}_notice"), type_="check")
        table.create_check_constraint(op.f(f"ck_{name}_notice"), f"notice IN ({listed})")
