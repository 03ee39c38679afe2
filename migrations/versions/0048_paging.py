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
CHECKS = {"kind": "channelkind", "notice": "notice"}
WAYS = ("channel", "subscriber")
PAGER = sa.Enum(
    *("pagerduty", "opsgenie", "goalert"),
    name="pagerkind",
    native_enum=False,
    create_constraint=True,
    length=32,
)
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
        sa.Column("pager_kind", PAGER),
        sa.Column("pager_url", sa.String(1000), nullable=False),
        sa.Column("pager_key", sa.String(500), nullable=False),
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
        sa.Column("outcome", sa.String(300), nullable=False),
        sa.Column("answered_by", sa.String(120), nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("pager_name", sa.String(40), nullable=False),
        sa.Column("pager_key", sa.String(64)),
        sa.Column("pager_is_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_page"),
        sa.UniqueConstraint("pager_key", name="uq_page_pager_key"),
        sa.CheckConstraint("call BETWEEN 1 AND 4", name=op.f("ck_page_call_range")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_page_incident_id_incident"),
        sa.ForeignKeyConstraint(["rota_id"], ["rota.id"], name="fk_page_rota_id_rota"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_page_user_id_user_account"),
    )
    op.create_index("ix_page_incident_id", "page", ["incident_id"])
    open_ones = {"sqlite_where": OPEN, "postgresql_where": OPEN}
    op.create_index("ix_page_next_at", "page", ["next_at"], **open_ones)
    op.create_index("uq_page_open", "page", ["incident_id", "role"], unique=True, **open_ones)
    pager = sa.text("pager_is_open")
    op.create_index(
        "ix_page_pager_is_open", "page", ["incident_id"], sqlite_where=pager, postgresql_where=pager
    )
    for table in WAYS:
        allow(table, kind=["pager"])
    allow("delivery", kind=["pager"], notice=["page"])
    allow("notice_policy", notice=["page"])


def downgrade():
    op.execute("DELETE FROM delivery WHERE notice = 'page' OR kind = 'pager'")
    op.execute("DELETE FROM notice_policy WHERE notice = 'page'")
    for table in WAYS:
        forbid(table, kind=["pager"])
    forbid("delivery", kind=["pager"], notice=["page"])
    forbid("notice_policy", notice=["page"])
    op.drop_table("page")
    op.drop_table("rota")


def allow(table, **added):
    """Let columns hold further values, beside those that they may hold now."""
    change(table, {column: lambda known, new=new: [*known, *new] for column, new in added.items()})


def forbid(table, **gone):
    """Let columns hold these values no more."""
    rest = {column: lambda known, old=old: [v for v in known if v not in old] for column, old in gone.items()}
    change(table, rest)


def change(table, columns):
    """Change what each column may hold; all at once, as SQLite copies the table each time."""
    checks = sa.inspect(op.get_bind()).get_check_constraints(table)
    found = {check["name"]: check["sqltext"] for check in checks}
    with op.batch_alter_table(table, naming_convention=NAMED) as batch:
        for column, values in columns.items():
            name = f"ck_{table}_{CHECKS[column]}"
            known = dict.fromkeys(re.findall(r"'([^']+)'", found[name]))
            listed = ", ".join(f"'{value}'" for value in values([*known]))
            batch.drop_constraint(op.f(name), type_="check")
            batch.create_check_constraint(op.f(name), f"{column} IN ({listed})")
