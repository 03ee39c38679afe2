"""A CAN ends with its team's track or with the incident; a promise ends with the resolution milestone.

Both columns stay empty where the previous version writes meanwhile: it knows of no end.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

TIME = sa.DateTime(timezone=True)
CLOSED = """UPDATE can_report SET ended_at = (SELECT incident.resolved_at FROM incident WHERE incident.id = can_report.incident_id)
WHERE can_report.incident_id IN (SELECT incident.id FROM incident WHERE incident.resolved_at IS NOT NULL)"""
# Of running incidents: the team's last track ended after the report, and none of its tracks runs.
WITH_TRACK = """UPDATE can_report SET ended_at = (
  SELECT max(track.closed_at) FROM recovery_track AS track
  WHERE track.incident_id = can_report.incident_id AND lower(track.team) = lower(can_report.team)
    AND track.closed_at >= can_report.at)
WHERE can_report.ended_at IS NULL
  AND can_report.incident_id IN (SELECT incident.id FROM incident WHERE incident.resolved_at IS NULL)
  AND NOT EXISTS (
    SELECT 1 FROM recovery_track AS track WHERE track.incident_id = can_report.incident_id
      AND lower(track.team) = lower(can_report.team) AND track.outcome = 'running')"""


def upgrade():
    op.add_column("can_report", sa.Column("ended_at", TIME))
    op.add_column("incident", sa.Column("promise_ended_at", TIME))
    op.execute(CLOSED)
    op.execute(WITH_TRACK)


def downgrade():
    op.drop_column("incident", "promise_ended_at")
    op.drop_column("can_report", "ended_at")
