"""What the helpers wrote: prompts, inputs, outputs.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

TIME = sa.DateTime(timezone=True)


def choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade():
    op.create_table(
        "draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(120), nullable=False),
        sa.Column("helper", choice("helper", "update", "brief", "suggestion"), nullable=False),
        sa.Column("visibility", choice("visibility", "public", "internal"), nullable=False),
        sa.Column("phase", sa.SmallInteger(), nullable=False),
        sa.Column(
            "state",
            choice("draftstate", "running", "offered", "used", "discarded", "stopped"),
            nullable=False,
        ),
        sa.Column("prompt", sa.String(40), nullable=False),
        sa.Column("model", sa.String(120), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("typed", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("changed_percent", sa.Integer()),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_draft_incident_id_incident"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_draft_user_id_user_account"),
        sa.PrimaryKeyConstraint("id", name="pk_draft"),
    )
    op.create_index("ix_draft_incident_id_user_id", "draft", ["incident_id", "user_id"])
    op.create_index("ix_draft_user_id_state", "draft", ["user_id", "state"])
    op.create_index("ix_draft_made_at", "draft", ["made_at"])


def downgrade():
    op.drop_table("draft")
