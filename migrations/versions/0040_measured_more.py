"""Actions by the date that was promised first, for the measure of those done on time.

Revision ID: 0040
Revises: 0037
"""

from alembic import op

revision = "0040"
down_revision = "0037"


def upgrade():
    op.create_index("ix_action_item_first_due_on", "action_item", ["first_due_on"])


def downgrade():
    op.drop_index("ix_action_item_first_due_on", "action_item")
