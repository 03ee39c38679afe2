"""Indexes for what is asked on every page and every second, whatever lies in the past.

On columns that are mostly empty they leave the empty ones out: SQLite's ANALYZE counts all NULLs as one value, takes the
whole index for useless from then on, and reads the whole table instead, once for each entry of a page.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

# Name, table, columns, and the rows that it holds.
INDEXES = (
    ("ix_timeline_event_corrects_id", "timeline_event", ["corrects_id"], "corrects_id IS NOT NULL"),
    ("ix_timeline_event_publication_id", "timeline_event", ["publication_id"], "publication_id IS NOT NULL"),
    ("ix_incident_running", "incident", ["alarm_level", "opened_at"], "resolved_at IS NULL"),
    ("ix_announcement_running", "announcement", ["id"], "done_at IS NULL"),
    ("ix_delivery_act", "delivery", ["act"], None),
    ("ix_delivery_subscriber_id", "delivery", ["subscriber_id"], "subscriber_id IS NOT NULL"),
    ("ix_delivery_channel_id", "delivery", ["channel_id"], "channel_id IS NOT NULL"),
)


def upgrade():
    op.drop_index("ix_timeline_event_publication_id", "timeline_event")
    for name, table, columns, rows in INDEXES:
        only = {"sqlite_where": sa.text(rows), "postgresql_where": sa.text(rows)} if rows else {}
        op.create_index(name, table, columns, **only)


def downgrade():
    for name, table, _, _ in reversed(INDEXES):
        op.drop_index(name, table)
    op.create_index("ix_timeline_event_publication_id", "timeline_event", ["publication_id"])
