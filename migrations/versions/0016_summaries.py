"""What an exec summary, and the draft of one, was written from. Summaries that exist get what the timeline says of them.

Revision ID: 0016
Revises: 0015
"""

from datetime import UTC

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade():
    op.add_column("incident", sa.Column("exec_summary_from", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("draft", sa.Column("made_from", sa.JSON(none_as_null=True), nullable=True))
    db = op.get_bind()
    incident, event = (
        sa.table("incident", sa.column("id"), sa.column("exec_summary"), sa.column("exec_summary_from", sa.JSON())),
        sa.table(
            "timeline_event",
            *(sa.column(name) for name in ("incident_id", "seq", "kind", "field", "phase")),
            sa.column("at", sa.DateTime(timezone=True)),
        ),
    )
    written = sa.select(incident.c.id).where(incident.c.exec_summary != "")
    for (number,) in db.execute(written).all():
        here = event.c.incident_id == number
        last = sa.select(event.c.seq, event.c.at).where(here, event.c.field == "exec_summary")
        row = db.execute(last.order_by(event.c.seq.desc()).limit(1)).first()
        if row is None:
            continue
        phases = sa.select(sa.func.max(event.c.phase)).where(
            here, event.c.kind == "phase.advanced", event.c.seq < row.seq
        )
        at = row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC)
        basis = {"version": row.seq, "at": at.isoformat(), "phase": db.scalar(phases) or 1}
        db.execute(incident.update().where(incident.c.id == number).values(exec_summary_from=basis))


def downgrade():
    op.drop_column("draft", "made_from")
    op.drop_column("incident", "exec_summary_from")
