"""What the public calls what it reads, which system an entry is about, and how systems were when.

What was public before keeps the names that feeds, mails and links know: milestones their number, updates
their id. A correction of what was withdrawn is withdrawn with it. Of the past no more is known than how the
systems are now, and how bad a resolved incident was.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

STATUSES = (
    "operational",
    "under_maintenance",
    "unknown",
    "degraded_performance",
    "partial_outage",
    "major_outage",
)
BY_SEVERITY = {"critical": "major_outage", "high": "partial_outage", "medium": "degraded_performance"}
GIVEN = sa.text("public_key IS NOT NULL")
SYSTEM_STATUS = "system.status"
LONGEST_CHAIN = 50  # corrections of corrections

event = sa.table(
    "timeline_event",
    *(sa.column(name, sa.String) for name in ("kind", "title", "system", "visibility")),
    sa.column("publication_id", sa.Integer),
)
said = sa.table(
    "publication",
    *(sa.column(name, sa.Integer) for name in ("id", "number", "public_number", "corrects_id")),
    *(sa.column(name, sa.String) for name in ("visibility", "public_key")),
    sa.column("withdrawn_at", sa.DateTime(timezone=True)),
)
affected = sa.table(
    "affected_system",
    sa.column("id", sa.Integer),
    sa.column("incident_id", sa.Integer),
    *(sa.column(name, sa.String) for name in ("name", "status")),
)
incident = sa.table(
    "incident",
    sa.column("id", sa.Integer),
    sa.column("severity", sa.String),
    *(sa.column(name, sa.DateTime(timezone=True)) for name in ("opened_at", "resolved_at")),
)
state = sa.table(
    "system_state",
    sa.column("incident_id", sa.Integer),
    *(sa.column(name, sa.String) for name in ("name", "status")),
    sa.column("at", sa.DateTime(timezone=True)),
)


def upgrade():
    op.add_column("timeline_event", sa.Column("system", sa.String(80)))
    op.add_column("timeline_event", sa.Column("public_key", sa.String(16)))
    op.add_column("publication", sa.Column("public_number", sa.Integer()))
    op.add_column("publication", sa.Column("public_key", sa.String(16)))
    op.create_table(
        "system_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column(
            "status",
            sa.Enum(*STATUSES, name="systemstatus", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_system_state"),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_system_state_incident_id_incident"),
    )
    name_what_was_said()
    withdraw_corrections()
    name_systems()
    keep_states()
    op.create_index("ix_system_state_incident_id", "system_state", ["incident_id", "id"])
    op.create_index(
        "uq_timeline_event_public_key",
        "timeline_event",
        ["incident_id", "public_key"],
        unique=True,
        sqlite_where=GIVEN,
        postgresql_where=GIVEN,
    )
    op.create_index(
        "uq_publication_public_number", "publication", ["incident_id", "public_number"], unique=True
    )


def name_what_was_said() -> None:
    was_public = sa.or_(said.c.visibility == "public", said.c.withdrawn_at.is_not(None))
    key = sa.literal("p") + sa.cast(said.c.id, sa.String)
    op.execute(said.update().where(was_public).values(public_key=key, public_number=said.c.number))


def withdraw_corrections() -> None:
    old = said.alias()
    gone_at = sa.select(old.c.withdrawn_at).where(old.c.id == said.c.corrects_id).scalar_subquery()
    old_is_gone = sa.exists().where(old.c.id == said.c.corrects_id, old.c.withdrawn_at.is_not(None))
    of_it = said.update().where(said.c.visibility == "public", old_is_gone)
    for _ in range(LONGEST_CHAIN):
        done = op.get_bind().execute(of_it.values(visibility="internal", withdrawn_at=gone_at))
        if not done.rowcount:
            break
    hidden = sa.select(said.c.id).where(said.c.withdrawn_at.is_not(None), said.c.corrects_id.is_not(None))
    its = event.update().where(event.c.publication_id.in_(hidden), event.c.visibility == "public")
    op.execute(its.values(visibility="internal"))


def name_systems() -> None:
    """Of `payments-api: major outage` the system is what stands before the status."""
    for status in STATUSES:
        words = f": {status.replace('_', ' ')}"
        its = event.update().where(event.c.kind == SYSTEM_STATUS, event.c.title.endswith(words))
        name = sa.func.substr(event.c.title, 1, sa.func.length(event.c.title) - len(words))
        op.execute(its.values(system=name))


def keep_states() -> None:
    severity = sa.case(BY_SEVERITY, value=incident.c.severity, else_="operational")
    now = sa.case((incident.c.resolved_at.is_(None), sa.func.coalesce(affected.c.status, severity)))
    opened = sa.func.coalesce(now, severity)
    joined = affected.join(incident, incident.c.id == affected.c.incident_id)
    given = (affected.c.incident_id, affected.c.name)
    first = sa.select(*given, opened, incident.c.opened_at).where(opened != "operational")
    over = sa.select(*given, sa.literal("operational"), incident.c.resolved_at).where(
        severity != "operational", incident.c.resolved_at.is_not(None)
    )
    for rows in (first, over):
        names = ["incident_id", "name", "status", "at"]
        op.execute(state.insert().from_select(names, rows.select_from(joined).order_by(affected.c.id)))


def downgrade():
    op.drop_index("uq_publication_public_number", "publication")
    op.drop_index("uq_timeline_event_public_key", "timeline_event")
    op.drop_table("system_state")
    for name in ("public_key", "public_number"):
        op.drop_column("publication", name)
    for name in ("public_key", "system"):
        op.drop_column("timeline_event", name)
