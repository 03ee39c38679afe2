"""Actions: what an incident leaves to be changed, with owner, date and end.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

TIME = sa.DateTime(timezone=True)
KINDS = ("prevent", "detect", "respond", "communicate")
STATES = ("open", "done", "dropped")
OPEN = "state = 'open'"
# Index → its columns, and the rows that it holds.
INDEXES = {
    "ix_action_item_open": (["is_practice", "due_on", "id"], OPEN),
    "ix_action_item_open_incident": (["is_practice", "incident_id", "due_on"], OPEN),
    "ix_action_item_owner": (["owner_id", "due_on"], OPEN),
    "ix_action_item_ended_at": (["ended_at"], "ended_at IS NOT NULL"),
    "ix_action_item_remind_at": (["remind_at"], "remind_at IS NOT NULL"),
}


def upgrade():
    op.create_table(
        "action_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(300), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("owner_name", sa.String(120), nullable=False),
        sa.Column("owner_id", sa.Integer()),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("first_due_on", sa.Date(), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("tracker_url", sa.String(2000), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("added_by", sa.String(120), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("ended_by", sa.String(120), nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("remind_at", TIME),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("is_practice", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"kind IN {KINDS}", name=op.f("ck_action_item_actionkind")),
        sa.CheckConstraint(f"state IN {STATES}", name=op.f("ck_action_item_actionstate")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_action_item_incident_id_incident"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user_account.id"], name="fk_action_item_owner_id_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_action_item"),
        sa.UniqueConstraint("incident_id", "number", name="uq_action_item_incident_id_number"),
    )
    for name, (columns, rows) in INDEXES.items():
        where = sa.text(rows)
        op.create_index(name, "action_item", columns, sqlite_where=where, postgresql_where=where)


def downgrade():
    op.drop_table("action_item")
