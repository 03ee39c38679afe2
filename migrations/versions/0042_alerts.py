"""Alerts from outside: sources, what came, alerts and their groups, rules, silences.

Revision ID: 0042
Revises: 0041
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"

TIME = sa.DateTime(timezone=True)
KINDS = (
    "alertmanager",
    "grafana",
    "pagerduty-events",
    "pagerduty",
    "datadog",
    "opsgenie",
    "cloudevents",
    "generic",
)
STATES = ("firing", "acknowledged", "cleared")
VERDICTS = ("accepted", "wrong_secret", "too_old", "not_json", "not_read")
PROGRESS = ("pending", "done", "failed", "refused")


def choice(name, values):
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def text(name, length=None):
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=False)


def number(name):
    return sa.Column(name, sa.Integer(), nullable=False)


def reference(name, *, nullable=False):
    return sa.Column(name, sa.Integer(), nullable=nullable)


def made_of(table, *parts):
    """The table with a number of its own, and the names that its constraints have everywhere."""
    keys = [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")
        for column, other in OTHERS[table].items()
    ]
    primary = sa.PrimaryKeyConstraint("id", name=f"pk_{table}")
    op.create_table(table, sa.Column("id", sa.Integer(), nullable=False), *parts, primary, *keys)


OTHERS = {
    "alert_source": {},
    "alert_delivery": {"source_id": "alert_source"},
    "alert_group": {"source_id": "alert_source", "incident_id": "incident"},
    "alert": {"source_id": "alert_source", "group_id": "alert_group", "incident_id": "incident"},
    "alert_rule": {"source_id": "alert_source"},
    "alert_silence": {"group_id": "alert_group"},
}
INDEXES = (
    ("ix_alert_delivery_pending", "alert_delivery", ["source_id", "id"], "state = 'pending'"),
    ("ix_alert_delivery_source_id", "alert_delivery", ["source_id", "state", "id"], ""),
    ("ix_alert_delivery_received_at", "alert_delivery", ["received_at"], ""),
    ("ix_alert_group_state", "alert_group", ["state", "since", "id"], ""),
    ("ix_alert_group_silenced_until", "alert_group", ["silenced_until"], "silenced_until IS NOT NULL"),
    ("ix_alert_group_incident_id", "alert_group", ["incident_id"], "incident_id IS NOT NULL"),
    ("ix_alert_group_source_id_since", "alert_group", ["source_id", "since"], ""),
    ("ix_alert_group_last_at", "alert_group", ["last_at"], ""),
    ("ix_alert_source_id_key", "alert", ["source_id", "key", "id"], ""),
    ("ix_alert_group_id_heard_at", "alert", ["group_id", "heard_at"], ""),
    ("ix_alert_group_open", "alert", ["group_id", "state"], "state <> 'cleared'"),
    ("ix_alert_incident_id", "alert", ["incident_id", "state"], "incident_id IS NOT NULL"),
    ("ix_alert_cleared_at", "alert", ["cleared_at"], "incident_id IS NULL AND cleared_at IS NOT NULL"),
    ("ix_alert_silence_group_id", "alert_silence", ["group_id", "id"], ""),
    ("ix_alert_silence_open", "alert_silence", ["until"], "ended_at IS NULL"),
)


def upgrade():
    made_of(
        "alert_source",
        text("name", 60),
        sa.Column("kind", choice("sourcekind", KINDS), nullable=False),
        text("secret", 400),
        text("old_secret", 400),
        sa.Column("old_until", TIME),
        text("system", 80),
        text("header", 80),
        text("mapping"),
        text("sample"),
        sa.Column("every", sa.Integer()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("heard_at", TIME),
        sa.Column("silent_at", TIME),
        sa.UniqueConstraint("name", name="uq_alert_source_name"),
    )
    made_of(
        "alert_delivery",
        reference("source_id"),
        sa.Column("received_at", TIME, nullable=False),
        text("address", 45),
        text("headers"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", choice("hookverdict", VERDICTS), nullable=False),
        sa.Column("state", choice("hookstate", PROGRESS), nullable=False),
        number("taken"),
        number("attempts"),
        text("problem", 300),
        sa.Column("done_at", TIME),
    )
    made_of(
        "alert_group",
        reference("source_id"),
        text("key", 64),
        text("title", 200),
        text("severity", 40),
        text("systems"),
        sa.Column("state", choice("alertstate", STATES), nullable=False),
        number("firing"),
        number("acknowledged"),
        number("heard"),
        sa.Column("since", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("cleared_at", TIME),
        reference("incident_id", nullable=True),
        text("decided", 300),
        number("flaps"),
        sa.Column("silenced_until", TIME),
    )
    made_of(
        "alert",
        reference("source_id"),
        reference("group_id"),
        reference("incident_id", nullable=True),
        text("key", 64),
        text("dedup_key", 255),
        sa.Column("state", choice("alertstate", STATES), nullable=False),
        text("title", 200),
        text("detail"),
        text("severity", 40),
        text("labels"),
        text("link", 2000),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("heard_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.Column("told_start", TIME),
        sa.Column("said_at", TIME),
        sa.Column("cleared_at", TIME),
    )
    made_of(
        "alert_rule",
        text("name", 80),
        number("place"),
        reference("source_id", nullable=True),
        text("matches"),
        sa.Column("action", choice("ruleaction", ("open", "attach", "wait")), nullable=False),
        sa.Column("severity", choice("severity", ("critical", "high", "medium", "low")), nullable=False),
        number("at_count"),
        number("minutes"),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("name", name="uq_alert_rule_name"),
    )
    made_of(
        "alert_silence",
        reference("group_id"),
        text("reason", 300),
        text("by_name", 120),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        number("hushed"),
    )
    for name, table, columns, rows in INDEXES:
        where = {"sqlite_where": sa.text(rows), "postgresql_where": sa.text(rows)} if rows else {}
        op.create_index(name, table, columns, **where)
    one = {"unique": True}
    op.create_index("uq_alert_group_source_id_key", "alert_group", ["source_id", "key"], **one)
    still = sa.text("state <> 'cleared'")
    one |= {"sqlite_where": still, "postgresql_where": still}
    op.create_index("uq_alert_open", "alert", ["source_id", "key"], **one)


def downgrade():
    for table in reversed(OTHERS):
        op.drop_table(table)
