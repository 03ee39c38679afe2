"""The timeline's types as the guide has them: *command* is changes of the command team, severity, status and overrides;
edits of other fields and what else the MIM does are *action*.

Both types are allowed before and after: entries that the previous version writes meanwhile stay valid.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

# Kinds that were *command* and are *action* from now on.
MOVED = (
    "alarm.changed",
    "alarm.raised",
    "draft.used",
    "edit.yielded",
    "exposure.published",
    "field.changed",
    "link.made",
    "link.opened",
    "link.revoked",
    "note.written",
    "reason.given",
    "system.status",
    "visibility.changed",
)


def upgrade():
    turn("command", "action")


def downgrade():
    turn("action", "command")


def turn(old: str, new: str) -> None:
    """One statement, one pass over the table."""
    event = sa.table("timeline_event", sa.column("type", sa.String), sa.column("kind", sa.String))
    op.execute(event.update().where(event.c.type == old, event.c.kind.in_(MOVED)).values(type=new))
