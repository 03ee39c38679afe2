"""A review has drafts of a helper, and its After Action guests without an account.

Revision ID: 0039
Revises: 0038
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"

NAMED = {"ck": "ck_%(table_name)s_%(constraint_name)s"}
CONSTRAINT = "ck_draft_helper"
GUEST = "fk_delivery_guest_id_review_guest"
TIME = sa.DateTime(timezone=True)


def upgrade():
    allow(add=("review",))
    for name in ("drafted_by", "reviewed_by"):
        op.add_column("review_text", sa.Column(name, sa.String(120), nullable=False, server_default=""))
    op.add_column("review_text", sa.Column("reviewed_at", TIME))
    op.create_table(
        "review_guest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("added_by", sa.String(120), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("off_at", TIME),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_review_guest_incident_id_incident"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_review_guest"),
        sa.UniqueConstraint("incident_id", "address", name="uq_review_guest_incident_id_address"),
    )
    reference = sa.ForeignKey("review_guest.id", name=GUEST)
    with op.batch_alter_table("delivery", naming_convention=NAMED) as table:
        table.add_column(sa.Column("guest_id", sa.Integer(), reference))


def downgrade():
    op.execute("DELETE FROM delivery WHERE guest_id IS NOT NULL")
    with op.batch_alter_table("delivery", naming_convention=NAMED) as table:
        table.drop_constraint(GUEST, type_="foreignkey")
        table.drop_column("guest_id")
    op.drop_table("review_guest")
    for name in ("reviewed_at", "reviewed_by", "drafted_by"):
        op.drop_column("review_text", name)
    op.execute("DELETE FROM draft WHERE helper = 'review'")
    allow(remove=("review",))


def allow(*, add: tuple = (), remove: tuple = ()) -> None:
    """Let the helpers of a draft be some more, or some fewer, than they may now."""
    found = sa.inspect(op.get_bind()).get_check_constraints("draft")
    text = next(check["sqltext"] for check in found if check["name"] == CONSTRAINT)
    values = [*dict.fromkeys(re.findall(r"'([^']+)'", text)), *add]
    listed = ", ".join(f"'{value}'" for value in values if value not in remove)
    with op.batch_alter_table("draft", naming_convention=NAMED) as table:
        table.drop_constraint(op.f(CONSTRAINT), type_="check")
        table.create_check_constraint(op.f(CONSTRAINT), f"helper IN ({listed})")
