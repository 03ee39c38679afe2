"""Milestones, updates and the resolution for stakeholders and executives.

Each person's language, time zone, quiet hours and choice; what came of each channel; links by mail.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

TIME = sa.DateTime(timezone=True)
OLD = ("alarm", "role", "handover", "reminder", "stand_down", "public")
NEW = ("milestone", "update", "resolved", "link", "channel")
FOLLOWED = ("everything", "milestones", "resolution")
NAMED = {"ck": "ck_%(table_name)s_%(constraint_name)s"}
REFERENCES = ("publication", "brief_link")


def upgrade():
    for table in ("user_account", "channel"):
        op.add_column(table, sa.Column("reached_at", TIME))
        op.add_column(table, sa.Column("unreached_at", TIME))
        op.add_column(table, sa.Column("unreached_why", sa.String(500), server_default="", nullable=False))
    # In SQL: a batch would copy the table that all others refer to.
    op.execute(
        "ALTER TABLE user_account ADD COLUMN follows VARCHAR(32) DEFAULT 'everything' NOT NULL "
        f"CONSTRAINT ck_user_account_followed CHECK (follows IN {FOLLOWED})"
    )
    op.add_column("user_account", sa.Column("language", sa.String(8), server_default="en", nullable=False))
    op.add_column("user_account", sa.Column("time_zone", sa.String(64), server_default="UTC", nullable=False))
    op.add_column("user_account", sa.Column("quiet_from", sa.Integer()))
    op.add_column("user_account", sa.Column("quiet_until", sa.Integer()))
    op.add_column("brief_link", sa.Column("email", sa.String(254)))
    op.add_column("brief_link", sa.Column("seed", sa.String(64)))
    with op.batch_alter_table("delivery", naming_convention=NAMED) as table:
        table.add_column(sa.Column("held_until", TIME))
        for other in REFERENCES:
            table.add_column(sa.Column(f"{other}_id", sa.Integer()))
            table.create_foreign_key(f"fk_delivery_{other}_id_{other}", other, [f"{other}_id"], ["id"])
    for table in ("delivery", "notice_policy"):
        _notices(table, (*OLD, *NEW))


def downgrade():
    for table in ("delivery", "notice_policy"):
        op.execute(f"DELETE FROM {table} WHERE notice IN {NEW}")
        _notices(table, OLD)
    with op.batch_alter_table("delivery", naming_convention=NAMED) as table:
        for other in REFERENCES:
            table.drop_constraint(f"fk_delivery_{other}_id_{other}", type_="foreignkey")
            table.drop_column(f"{other}_id")
        table.drop_column("held_until")
    for name in ("seed", "email"):
        op.drop_column("brief_link", name)
    for name in ("quiet_until", "quiet_from", "time_zone", "language", "follows"):
        op.drop_column("user_account", name)
    for table in ("user_account", "channel"):
        for name in ("unreached_why", "unreached_at", "reached_at"):
            op.drop_column(table, name)


def _notices(name: str, values: tuple[str, ...]) -> None:
    """Let the column `notice` hold these values."""
    with op.batch_alter_table(name, naming_convention=NAMED) as table:
        table.drop_constraint(op.f(f"ck_{name}_notice"), type_="check")
        table.create_check_constraint(op.f(f"ck_{name}_notice"), f"notice IN {values}")
