"""What the server keeps about itself: workers, timed backups, times in which something was wrong.

Revision ID: 0050
Revises: 0048
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0048"

TIME = sa.DateTime(timezone=True)
OPEN = sa.text("ended_at IS NULL")


def upgrade():
    op.add_column("delivery", sa.Column("request_id", sa.String(36)))
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_heartbeat"),
    )
    op.create_table(
        "backup_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("path", sa.String(1000), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_backup_run"),
        sa.UniqueConstraint("number", name="uq_backup_run_number"),
    )
    op.create_index("ix_backup_run_started_at", "backup_run", ["started_at"])
    op.create_table(
        "health_episode",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(120), nullable=False),
        sa.Column("said", sa.String(500), nullable=False),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("told_at", TIME),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_health_episode"),
    )
    where = {"sqlite_where": OPEN, "postgresql_where": OPEN}
    op.create_index("ix_health_episode_open", "health_episode", ["about"], unique=True, **where)
    op.create_index("ix_health_episode_began_at", "health_episode", ["began_at"])


def downgrade():
    op.drop_table("health_episode")
    op.drop_table("backup_run")
    op.drop_table("heartbeat")
    op.drop_column("delivery", "request_id")
