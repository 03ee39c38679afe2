"""Passkeys, authenticator apps, places of sessions, and whose history an audit entry is.

Every column is one that the previous version need not know. Of the last 90 days the entries on sign-ins
and accounts are given the account that they are about, by its e-mail.

Revision ID: 0029
Revises: 0028
"""

import re
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

NAMED = {
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
NOTICES = (("delivery", "ck_delivery_notice"), ("notice_policy", "ck_notice_policy_notice"))


def upgrade():
    # Not as a copy of the table: SQLite refuses to drop one that others point to.
    op.add_column("user_account", sa.Column("totp_secret", sa.String(255)))
    op.add_column("user_account", sa.Column("totp_step", sa.BigInteger()))
    on = sa.Column("has_single_keys", sa.Boolean(), nullable=False, server_default=sa.true())
    op.add_column("user_account", on)
    allow("user_session", "ck_user_session_signinmethod", "method", add="passkey")
    with op.batch_alter_table("user_session", naming_convention=NAMED) as table:
        table.add_column(sa.Column("address", sa.String(45)))
        table.add_column(sa.Column("user_agent", sa.String(300)))
        table.add_column(sa.Column("seen_at", sa.DateTime(timezone=True)))
        table.add_column(sa.Column("proven_at", sa.DateTime(timezone=True)))
        table.create_index("ix_user_session_user_id_created_at", ["user_id", "created_at"])
        table.drop_index("ix_user_session_user_id")
    for name, constraint in NOTICES:
        allow(name, constraint, "notice", add="account")
    op.create_table(
        "passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.String(1400), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_passkey_user_id_user_account"),
        sa.PrimaryKeyConstraint("id", name="pk_passkey"),
        sa.UniqueConstraint("credential_id", name="uq_passkey_credential_id"),
    )
    op.create_index("ix_passkey_user_id", "passkey", ["user_id"])
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="fk_recovery_code_user_id_user_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_code"),
        sa.UniqueConstraint("code_hash", name="uq_recovery_code_code_hash"),
    )
    op.create_index("ix_recovery_code_user_id", "recovery_code", ["user_id"])
    op.create_table(
        "spent_challenge",
        sa.Column("challenge_hash", sa.String(64), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name="pk_spent_challenge"),
    )
    op.create_index("ix_spent_challenge_spent_at", "spent_challenge", ["spent_at"])
    with op.batch_alter_table("audit_entry", naming_convention=NAMED) as table:
        table.add_column(sa.Column("about_id", sa.Integer()))
        table.create_foreign_key(
            "fk_audit_entry_about_id_user_account", "user_account", ["about_id"], ["id"]
        )
    is_known = sa.text("about_id IS NOT NULL")
    op.create_index(
        "ix_audit_entry_about_id_id",
        "audit_entry",
        ["about_id", "id"],
        sqlite_where=is_known,
        postgresql_where=is_known,
    )
    name_accounts()


def name_accounts() -> None:
    """Give the newest entries on accounts the account that they are about."""
    entry = sa.table(
        "audit_entry",
        sa.column("about_id", sa.Integer),
        sa.column("subject", sa.String),
        sa.column("kind", sa.String),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    user = sa.table("user_account", sa.column("id", sa.Integer), sa.column("email", sa.String))
    told = sa.or_(
        entry.c.kind.startswith("user."),
        entry.c.kind.startswith("session."),
        entry.c.kind == "sign_in.failed",
    )
    whose = sa.select(user.c.id).where(user.c.email == entry.c.subject).scalar_subquery()
    since = datetime.now(UTC) - timedelta(days=90)
    op.execute(entry.update().where(entry.c.at > since, told).values(about_id=whose))


def downgrade():
    op.drop_index("ix_audit_entry_about_id_id", "audit_entry")
    with op.batch_alter_table("audit_entry", naming_convention=NAMED) as table:
        table.drop_constraint("fk_audit_entry_about_id_user_account", type_="foreignkey")
        table.drop_column("about_id")
    for name in ("spent_challenge", "recovery_code", "passkey"):
        op.drop_table(name)
    for name, constraint in NOTICES:
        op.execute(f"DELETE FROM {name} WHERE notice = 'account'")  # noqa: S608 (our own names)
        allow(name, constraint, "notice", remove="account")
    op.execute("UPDATE user_session SET method = 'local' WHERE method = 'passkey'")
    allow("user_session", "ck_user_session_signinmethod", "method", remove="passkey")
    with op.batch_alter_table("user_session", naming_convention=NAMED) as table:
        table.create_index("ix_user_session_user_id", ["user_id"])
        table.drop_index("ix_user_session_user_id_created_at")
        for column in ("address", "user_agent", "seen_at", "proven_at"):
            table.drop_column(column)
    for column in ("totp_secret", "totp_step", "has_single_keys"):
        op.drop_column("user_account", column)


def allow(name: str, constraint: str, column: str, *, add: str = "", remove: str = "") -> None:
    """Let a column hold one value more, or one less, than it may now."""
    found = sa.inspect(op.get_bind()).get_check_constraints(name)
    text = next(check["sqltext"] for check in found if check["name"] == constraint)
    values = dict.fromkeys(re.findall(r"'([^']+)'", text))
    if add:
        values[add] = None
    values.pop(remove, None)
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(name, naming_convention=NAMED) as table:
        table.drop_constraint(op.f(constraint), type_="check")
        table.create_check_constraint(op.f(constraint), f"{column} IN ({listed})")
