"""A public title, and what the public waits for; who reads a private incident's briefs; templates of updates.

What is public keeps its words: its title becomes the public one. The public index stays as it is: an incident
that waits is not public yet.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

TIME = sa.DateTime(timezone=True)


def upgrade():
    for table, column in (
        ("incident", sa.Column("public_title", sa.String(200), server_default="", nullable=False)),
        ("incident", sa.Column("public_from", TIME)),
        ("incident", sa.Column("awaits_review", sa.Boolean(), server_default=sa.false(), nullable=False)),
        ("incident", sa.Column("published_at", TIME)),
        ("system", sa.Column("public_title", sa.String(200), server_default="", nullable=False)),
        ("publication", sa.Column("is_quiet", sa.Boolean(), server_default=sa.false(), nullable=False)),
        ("brief_link", sa.Column("is_for_private", sa.Boolean(), server_default=sa.false(), nullable=False)),
    ):
        op.add_column(table, column)
    op.execute(sa.text("UPDATE incident SET public_title = title, published_at = opened_at WHERE is_public"))
    waits = sa.text("public_from IS NOT NULL")
    op.create_index(
        "ix_incident_public_from", "incident", ["public_from"], sqlite_where=waits, postgresql_where=waits
    )
    op.create_table(
        "brief_reader",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_brief_reader_incident_id_incident"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_brief_reader_user_id_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_brief_reader"),
        sa.UniqueConstraint("incident_id", "user_id", name="uq_brief_reader_incident_id_user_id"),
    )
    op.create_table(
        "update_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("system", sa.String(80), nullable=False),
        sa.Column("phase", sa.SmallInteger()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("cleared_by", sa.String(120), nullable=False),
        sa.Column("cleared_on", sa.Date(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("phase BETWEEN 1 AND 8", name="ck_update_template_phase_range"),
        sa.PrimaryKeyConstraint("id", name="pk_update_template"),
        sa.UniqueConstraint("name", name="uq_update_template_name"),
    )


def downgrade():
    op.drop_table("update_template")
    op.drop_table("brief_reader")
    op.drop_index("ix_incident_public_from", "incident")
    # An incident that waits was never public: to the version before this one it is private.
    for table, column in (
        ("brief_link", "is_for_private"),
        ("publication", "is_quiet"),
        ("system", "public_title"),
        ("incident", "published_at"),
        ("incident", "awaits_review"),
        ("incident", "public_from"),
        ("incident", "public_title"),
    ):
        op.drop_column(table, column)
