"""Lists of incidents by who opened and who commanded them; what an incident was called in an older system.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade():
    op.create_index("ix_incident_opened_by_name", "incident", ["opened_by_name", "id"])
    op.create_index(
        "ix_command_assignment_role_name", "command_assignment", ["role", "name", "incident_id"]
    )
    op.add_column("incident", sa.Column("old_reference", sa.String(120), nullable=True))
    op.create_index("uq_incident_old_reference", "incident", ["old_reference"], unique=True)


def downgrade():
    op.drop_index("uq_incident_old_reference", "incident")
    op.drop_column("incident", "old_reference")
    op.drop_index("ix_command_assignment_role_name", "command_assignment")
    op.drop_index("ix_incident_opened_by_name", "incident")
