"""When a system was added to the catalogue: before that its days on the public page are grey.

Known from the audit where the system still has the name that it was added with; else it counts as old. What
an incident named was there before.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

system = sa.table("system", sa.column("name", sa.String), sa.column("added_at", sa.DateTime(timezone=True)))
entry = sa.table(
    "audit_entry",
    *(sa.column(name, sa.String) for name in ("kind", "subject")),
    sa.column("at", sa.DateTime(timezone=True)),
)

affected = sa.table("affected_system", sa.column("name", sa.String), sa.column("incident_id", sa.Integer))
incident = sa.table(
    "incident",
    sa.column("id", sa.Integer),
    sa.column("detected_at", sa.DateTime(timezone=True)),
    *(sa.column(name, sa.Boolean) for name in ("is_public", "is_drill")),
)


def upgrade():
    op.add_column("system", sa.Column("added_at", sa.DateTime(timezone=True)))
    added = (
        sa.select(sa.func.min(entry.c.at))
        .where(entry.c.kind == "system.added", entry.c.subject == system.c.name)
        .scalar_subquery()
    )
    op.execute(system.update().values(added_at=added))
    named = (
        sa.select(sa.func.min(incident.c.detected_at))
        .where(affected.c.incident_id == incident.c.id, affected.c.name == system.c.name)
        .where(incident.c.is_public, sa.not_(incident.c.is_drill))
        .scalar_subquery()
    )
    op.execute(system.update().where(system.c.added_at > named).values(added_at=named))


def downgrade():
    op.drop_column("system", "added_at")
