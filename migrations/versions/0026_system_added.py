"""When a system was added to the catalogue: before that its days on the public page are grey.

Known from the audit where the system still has the name that it was added with; else it counts as old.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

system = sa.table("system", sa.column("name", sa.String), sa.column("added_at", sa.DateTime(timezone=True)))
entry = sa.table(
    "audit_entry",
    *(sa.column(name, sa.String) for name in ("kind", "subject")),
    sa.column("at", sa.DateTime(timezone=True)),
)


def upgrade():
    op.add_column("system", sa.Column("added_at", sa.DateTime(timezone=True)))
    added = (
        sa.select(sa.func.min(entry.c.at))
        .where(entry.c.kind == "system.added", entry.c.subject == system.c.name)
        .scalar_subquery()
    )
    op.execute(system.update().values(added_at=added))


def downgrade():
    op.drop_column("system", "added_at")
