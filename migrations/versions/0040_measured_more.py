"""Actions by the date that was promised first; the down-time that incidents left; the weekly digest.

Down-time is filled in with the numbers of incidents, afterwards and newest first (0035).

Revision ID: 0040
Revises: 0039
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"

NAMED = {"ck": "ck_%(table_name)s_%(constraint_name)s"}
NOTICES = (("delivery", "ck_delivery_notice"), ("notice_policy", "ck_notice_policy_notice"))
ADDED = "digest"
WANTED = sa.text("digest_at IS NOT NULL")


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
    op.add_column("user_account", sa.Column("digest_at", sa.DateTime(timezone=True)))
    wanted = {"sqlite_where": WANTED, "postgresql_where": WANTED}
    op.create_index("ix_user_account_digest_at", "user_account", ["digest_at"], **wanted)
    for name, constraint in NOTICES:
        allow(name, constraint, add=ADDED)


def downgrade():
    for name, constraint in NOTICES:
        op.execute(f"DELETE FROM {name} WHERE notice = '{ADDED}'")  # noqa: S608 (our own names)
        allow(name, constraint, remove=ADDED)
    op.drop_index("ix_user_account_digest_at", "user_account")
    op.drop_column("user_account", "digest_at")
    op.drop_table("down_time")
    op.drop_index("ix_action_item_first_due_on", "action_item")


def allow(name: str, constraint: str, *, add: str = "", remove: str = "") -> None:
    """Let the notices of a table be one more, or one fewer, than they may now."""
    found = sa.inspect(op.get_bind()).get_check_constraints(name)
    text = next(check["sqltext"] for check in found if check["name"] == constraint)
    values = [*dict.fromkeys(re.findall(r"'([^']+)'", text)), add]
    listed = ", ".join(f"'{value}'" for value in values if value and value != remove)
    with op.batch_alter_table(name, naming_convention=NAMED) as table:
        table.drop_constraint(op.f(constraint), type_="check")
        table.create_check_constraint(op.f(constraint), f"notice IN ({listed})")
