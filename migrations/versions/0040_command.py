"""Hand-over of command; the exposure line; when responders were stood down.

Revision ID: 0040
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0005"

CHOICES = {
    "exposure_confidence": ("recoveryconfidence", "high", "medium", "low", "unstated"),
    "exposure_path": ("recoverypath", "known", "partial", "unknown", "blocked", "unstated"),
}


def upgrade():
    states = ("open", "accepted", "declined", "withdrawn", "lapsed")
    op.create_table(
        "handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("from_name", sa.String(120), nullable=False),
        sa.Column("from_id", sa.Integer()),
        sa.Column("to_name", sa.String(120), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*states, name="handoverstate", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("brief", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_handover_incident_id_incident"),
        sa.ForeignKeyConstraint(["from_id"], ["user_account.id"], name="fk_handover_from_id_user_account"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_handover_user_id_user_account"),
        sa.PrimaryKeyConstraint("id", name="pk_handover"),
    )
    op.create_index("ix_handover_incident_id", "handover", ["incident_id"])
    op.create_index(
        "uq_handover_open",
        "handover",
        ["incident_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    # Written out: SQLite takes a CHECK only together with its new column, and a copy of the table would break its references.
    for column, (name, *values) in CHOICES.items():
        listed = ", ".join(f"'{value}'" for value in values)
        op.execute(
            f"ALTER TABLE incident ADD COLUMN {column} VARCHAR(32) DEFAULT 'unstated' NOT NULL"
            f" CONSTRAINT ck_incident_{name} CHECK ({column} IN ({listed}))"
        )
    line = sa.Column("exposure_line", sa.String(40), server_default="", nullable=False)
    op.add_column("incident", line)
    op.add_column("incident", sa.Column("exposure_published_at", sa.DateTime(timezone=True)))
    op.add_column("incident", sa.Column("stood_down_at", sa.DateTime(timezone=True)))


def downgrade():
    for column in ("stood_down_at", "exposure_published_at", "exposure_line", *CHOICES):
        op.drop_column("incident", column)
    op.drop_table("handover")
