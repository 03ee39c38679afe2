"""The Learning Review of an incident.

Its states, its texts in all versions, who reads and attends, questions,
entries that were marked for it, and its After Action.

Nothing of the record is copied: incidents of before get their review with the first act on it. The notices of
0034 are let in here too, so that the outbox is copied once on SQLite.

Revision ID: 0033
Revises: 0032
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"

TIME = sa.DateTime(timezone=True)
NAMED = {"ck": "ck_%(table_name)s_%(constraint_name)s"}
NOTICES = (("delivery", "ck_delivery_notice"), ("notice_policy", "ck_notice_policy_notice"))
ADDED = ("review", "action")
STATES = ("collecting", "draft_sent", "held", "published", "reviewed")
NAME = sa.String(120)


def upgrade():
    for name, constraint in NOTICES:
        allow(name, constraint, add=ADDED)
    op.create_table(
        "review",
        *belonging("review"),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published_version", sa.Integer()),
        sa.Column("begun_at", TIME, nullable=False),
        *(
            column
            for act in ("sent", "held", "published", "closed")
            for column in (sa.Column(f"{act}_at", TIME), sa.Column(f"{act}_by", NAME, nullable=False))
        ),
        sa.Column("after_action_at", TIME),
        sa.Column("after_action_sequence", sa.Integer(), nullable=False),
        sa.Column("after_action_changed_at", TIME),
        sa.Column("after_action_off_at", TIME),
        sa.Column("nudge_at", TIME),
        sa.Column("nudges", sa.Integer(), nullable=False),
        sa.UniqueConstraint("incident_id", name="uq_review_incident_id"),
        sa.CheckConstraint(f"state IN {STATES}", name=op.f("ck_review_reviewstate")),
    )
    waits = sa.text("nudge_at IS NOT NULL")
    op.create_index("ix_review_nudge_at", "review", ["nudge_at"], sqlite_where=waits, postgresql_where=waits)
    op.create_table(
        "review_text",
        *belonging("review_text"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_name", NAME, nullable=False),
        sa.Column("by_id", sa.Integer()),
        sa.Column("at", TIME, nullable=False),
        sa.UniqueConstraint("incident_id", "version", name="uq_review_text_incident_id_version"),
        pointing("review_text", "by_id", "user_account"),
    )
    newest = ["incident_id", "name", "version"]
    op.create_index("ix_review_text_incident_id_name", "review_text", newest)
    op.create_table(
        "review_person",
        *belonging("review_person"),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("is_added", sa.Boolean(), nullable=False),
        sa.Column("sent_at", TIME),
        sa.Column("read_at", TIME),
        sa.UniqueConstraint("incident_id", "user_id", name="uq_review_person_incident_id_user_id"),
        pointing("review_person", "user_id", "user_account"),
    )
    op.create_table(
        "review_attendee",
        *belonging("review_attendee"),
        sa.Column("name", NAME, nullable=False),
        sa.Column("line", sa.String(300), nullable=False),
    )
    op.create_table(
        "review_question",
        *belonging("review_question"),
        sa.Column("entry_id", sa.Integer()),
        sa.Column("text", sa.String(1000), nullable=False),
        sa.Column("asked_by", NAME, nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", NAME, nullable=False),
        sa.Column("answered_at", TIME),
        pointing("review_question", "entry_id", "timeline_event"),
    )
    op.create_table(
        "review_mark",
        *belonging("review_mark"),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("by_name", NAME, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.UniqueConstraint("entry_id", "incident_id", name="uq_review_mark_entry_id_incident_id"),
        pointing("review_mark", "entry_id", "timeline_event"),
    )
    for name in ("review_attendee", "review_question", "review_mark"):
        op.create_index(f"ix_{name}_incident_id", name, ["incident_id"])


def downgrade():
    for name in ("attendee", "question", "mark", "person", "text"):
        op.drop_table(f"review_{name}")
    op.drop_table("review")
    for name, constraint in NOTICES:
        op.execute(f"DELETE FROM {name} WHERE notice IN {ADDED}")  # noqa: S608 (our own names)
        allow(name, constraint, remove=ADDED)


def belonging(name: str) -> tuple:
    """A number of its own, and the incident that it belongs to."""
    return (
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        pointing(name, "incident_id", "incident"),
    )


def pointing(name: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    """A column that holds the number of a row of another table."""
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{name}_{column}_{to}")


def allow(name: str, constraint: str, *, add: tuple = (), remove: tuple = ()) -> None:
    """Let the notices of a table be some more, or some fewer, than they may now."""
    found = sa.inspect(op.get_bind()).get_check_constraints(name)
    text = next(check["sqltext"] for check in found if check["name"] == constraint)
    values = [*dict.fromkeys(re.findall(r"'([^']+)'", text)), *add]
    listed = ", ".join(f"'{value}'" for value in values if value not in remove)
    with op.batch_alter_table(name, naming_convention=NAMED) as table:
        table.drop_constraint(op.f(constraint), type_="check")
        table.create_check_constraint(op.f(constraint), f"notice IN ({listed})")
