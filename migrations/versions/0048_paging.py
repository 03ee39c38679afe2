"""Who is on call, and the pages that call them.

Revision ID: 0048
Revises: 0047
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"

TIME = sa.DateTime(timezone=True)
ROLE = sa.Enum(
    *("sre", "mim", "leader", "service_manager", "customer_ops"),
    name="commandrole",
    native_enum=False,
    create_constraint=True,
    length=32,
)
NAMED = {"ck": "ck_%(table_name)s_%(constraint_name)s"}
NOTICES = (("delivery", "ck_delivery_notice"), ("notice_policy", "ck_notice_policy_notice"))
ADDED = "page"
OPEN = sa.text("ended_at IS NULL")


def upgrade():
    op.create_table(
        "rota",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("role", ROLE, nullable=False),
        sa.Column("system", sa.String(80), nullable=False),
        sa.Column("shifts", sa.Text(), nullable=False),
        sa.Column("calendar_url", sa.String(2000), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("calendar_at", TIME),
        sa.Column("calendar_why", sa.String(300), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rota"),
        sa.UniqueConstraint("name", name="uq_rota_name"),
    )
    op.create_table(
        "page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("role", ROLE, nullable=False),
        sa.Column("rota_id", sa.Integer()),
        sa.Column("begun_by", sa.String(120), nullable=False),
        sa.Column("begun_at", TIME, nullable=False),
        sa.Column("call", sa.SmallInteger(), nullable=False),
        sa.Column("whom", sa.String(120), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("called_at", TIME, nullable=False),
        sa.Column("next_at", TIME),
        sa.Column("reached_call", sa.Integer(), nullable=False),
        sa.Column("answered_by", sa.String(120), nullable=False),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_page"),
        sa.CheckConstraint("call BETWEEN 1 AND 4", name=op.f("ck_page_call_range")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_page_incident_id_incident"),
        sa.ForeignKeyConstraint(["rota_id"], ["rota.id"], name="fk_page_rota_id_rota"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_page_user_id_user_account"),
    )
    op.create_index("ix_page_incident_id", "page", ["incident_id"])
    open_ones = {"sqlite_where": OPEN, "postgresql_where": OPEN}
    op.create_index("ix_page_next_at", "page", ["next_at"], **open_ones)
    op.create_index("uq_page_open", "page", ["incident_id", "role"], unique=True, **open_ones)
    for name, constraint in NOTICES:
        allow(name, constraint, add=ADDED)


def downgrade():
    for name, constraint in NOTICES:
        op.execute(f"DELETE FROM {name} WHERE notice = '{ADDED}'")  # noqa: S608 (our own names)
        allow(name, constraint, remove=ADDED)
    op.drop_table("page")
    op.drop_table("rota")


def allow(name, constraint, *, add="", remove=""):
    """Let the notices of a table be one more, or one fewer, than they may now."""
    found = sa.inspect(op.get_bind()).get_check_constraints(name)
    text = next(check["sqltext"] for check in found if check["name"] == constraint)
    values = [*dict.fromkeys(re.findall(r"'([^']+)'", text)), add]
    listed = ", ".join(f"'{value}'" for value in values if value and value != remove)
    with op.batch_alter_table(name, naming_convention=NAMED) as table:
        table.drop_constraint(op.f(constraint), type_="check")
        table.create_check_constraint(op.f(constraint), f"notice IN ({listed})")
