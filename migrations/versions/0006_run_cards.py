"""Run cards, their versions, and those on firegrounds.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TIME = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "run_card",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("systems", sa.String(1000), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("reviewed_at", TIME, nullable=False),
        sa.Column("review_wanted_at", TIME),
        sa.Column("review_incident_id", sa.Integer()),
        sa.CheckConstraint("tier BETWEEN 1 AND 3", name="ck_run_card_tier_range"),
        sa.ForeignKeyConstraint(["review_incident_id"], ["incident.id"], name="fk_run_card_review_incident_id_incident"),
        sa.PrimaryKeyConstraint("id", name="pk_run_card"),
        sa.UniqueConstraint("name", name="uq_run_card_name"),
    )
    op.create_table(
        "run_card_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["run_card.id"], name="fk_run_card_version_card_id_run_card"),
        sa.PrimaryKeyConstraint("id", name="pk_run_card_version"),
        sa.UniqueConstraint("card_id", "number", name="uq_run_card_version_card_id_number"),
    )
    op.create_table(
        "run_card_use",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("put_by", sa.String(120), nullable=False),
        sa.Column("put_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_run_card_use_incident_id_incident"),
        sa.ForeignKeyConstraint(["version_id"], ["run_card_version.id"], name="fk_run_card_use_version_id_run_card_version"),
        sa.PrimaryKeyConstraint("id", name="pk_run_card_use"),
        sa.UniqueConstraint("incident_id", "version_id", name="uq_run_card_use_incident_id_version_id"),
    )
    op.create_table(
        "run_card_tick",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("use_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_run_card_tick_incident_id_incident"),
        sa.ForeignKeyConstraint(["use_id"], ["run_card_use.id"], name="fk_run_card_tick_use_id_run_card_use"),
        sa.PrimaryKeyConstraint("id", name="pk_run_card_tick"),
        sa.UniqueConstraint("use_id", "step", name="uq_run_card_tick_use_id_step"),
    )


def downgrade():
    for table in ("run_card_tick", "run_card_use", "run_card_version", "run_card"):
        op.drop_table(table)
