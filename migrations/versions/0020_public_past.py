"""Indexes for the past that the public reads.

Where most incidents are internal, each public page would look through all of those without them. They
hold the public ones alone: an index of all that begins with a flag is taken by SQLite for questions that do
not name it.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

# As the questions say it, or the planner does not see that they ask for these rows.
PUBLIC = {
    "sqlite_where": sa.text("is_public IS 1 AND is_drill IS 0"),
    "postgresql_where": sa.text("is_public IS true AND is_drill IS false"),
}
TIMES = ("opened_at", "resolved_at")


def upgrade():
    for time in TIMES:
        op.create_index(f"ix_incident_public_{time}", "incident", [time], **PUBLIC)


def downgrade():
    for time in TIMES:
        op.drop_index(f"ix_incident_public_{time}", "incident")
