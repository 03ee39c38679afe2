"""An edit that lost against another one is kept as *discarded*, as the code says it too.

The previous version may go on recording `edit.yielded` beside this one: no page asks for
either by name.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade():
    rename("edit.yielded", "edit.discarded")


def downgrade():
    rename("edit.discarded", "edit.yielded")


def rename(old: str, new: str) -> None:
    event = sa.table("timeline_event", sa.column("kind", sa.String))
    op.execute(event.update().where(event.c.kind == old).values(kind=new))
