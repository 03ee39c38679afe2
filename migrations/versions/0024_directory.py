"""A directory keeps accounts and groups by SCIM; a session knows where the provider's ends too.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade():
    op.add_column("user_account", sa.Column("directory_name", sa.String(254), nullable=True))
    op.add_column("user_account", sa.Column("directory_id", sa.String(255), nullable=True))
    op.create_index("ix_user_account_directory_name", "user_account", ["directory_name"], unique=True)
    op.create_index("ix_user_account_directory_id", "user_account", ["directory_id"])
    op.add_column("user_session", sa.Column("sign_out_address", sa.Text(), nullable=True))
    op.create_table(
        "directory_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("external_id", sa.String(255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_directory_group"),
        sa.UniqueConstraint("name", name="uq_directory_group_name"),
    )
    op.create_index("ix_directory_group_external_id", "directory_group", ["external_id"])
    op.create_table(
        "directory_member",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["directory_group.id"],
            name="fk_directory_member_group_id_directory_group",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_directory_member_user_id_user_account"
        ),
        sa.PrimaryKeyConstraint("group_id", "user_id", name="pk_directory_member"),
    )
    op.create_index("ix_directory_member_user_id", "directory_member", ["user_id"])


def downgrade():
    op.drop_table("directory_member")
    op.drop_table("directory_group")
    op.drop_column("user_session", "sign_out_address")
    op.drop_index("ix_user_account_directory_id", "user_account")
    op.drop_index("ix_user_account_directory_name", "user_account")
    op.drop_column("user_account", "directory_id")
    op.drop_column("user_account", "directory_name")
