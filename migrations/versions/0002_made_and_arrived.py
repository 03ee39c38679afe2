"""When an act was made that had to wait in a browser, and the key that keeps it from being done twice.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.add_column("timeline_event", sa.Column("made_at", sa.DateTime(timezone=True)))
    op.add_column("timeline_event", sa.Column("request_key", sa.String(64)))
    op.create_index("uq_timeline_event_request_key", "timeline_event", ["request_key"], unique=True)


def downgrade():
    op.drop_index("uq_timeline_event_request_key", "timeline_event")
    op.drop_column("timeline_event", "request_key")
    op.drop_column("timeline_event", "made_at")
