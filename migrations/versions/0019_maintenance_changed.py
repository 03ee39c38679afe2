"""When public maintenance last changed is asked for with every status JSON.

Revision ID: 0019
Revises: 0018
"""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade():
    op.create_index("ix_maintenance_changed_at", "maintenance", ["changed_at"])


def downgrade():
    op.drop_index("ix_maintenance_changed_at", "maintenance")
