"""One message an incident in a chat, kept up to date.

Revision ID: 0045
Revises: 0044
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"

TIME = sa.DateTime(timezone=True)
OPEN = sa.text("done_at IS NULL")


def upgrade():
    op.create_table(
        "chat_board",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("service", sa.String(20), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("shown", sa.String(64), nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("claimed_until", TIME),
        sa.Column("done_at", TIME),
        sa.Column("error", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chat_board"),
        sa.UniqueConstraint("incident_id", "service", name="uq_chat_board_incident_id_service"),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_chat_board_incident_id_incident"),
    )
    where = {"sqlite_where": OPEN, "postgresql_where": OPEN}
    op.create_index("ix_chat_board_open", "chat_board", ["service", "incident_id"], **where)


def downgrade():
    op.drop_table("chat_board")
