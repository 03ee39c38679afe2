"""Tokens of programs.

Revision ID: 0041
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0037"

TIME = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("shown", sa.String(16), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("scopes", sa.String(500), nullable=False),
        sa.Column("system", sa.String(80), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.Column("used_at", TIME),
        sa.Column("used_from", sa.String(45)),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
        sa.UniqueConstraint("token_hash", name="uq_api_token_token_hash"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_api_token_user_id_user_account"),
    )
    op.create_index("ix_api_token_user_id", "api_token", ["user_id"])


def downgrade():
    op.drop_table("api_token")
