"""Runs the migrations inside the application, on the database that its configuration names."""

import sys

from alembic import context
from flask import current_app

from majorops import models  # noqa: F401  (fills the metadata)
from majorops.storage import Finding, examine_file, sqlite_file

extension = current_app.extensions["migrate"]


def skip_empty(migration_context, revision, directives) -> None:
    """No file for a migration that would change nothing."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def demand_whole_database() -> None:
    """A damaged embedded database is not migrated. Raises SystemExit with one line."""
    path = sqlite_file(current_app.config["DATABASE_URL"])
    found = examine_file(path) if path else Finding()
    for line in filter(None, (found.warning, found.refusal)):
        print(line, file=sys.stderr)  # noqa: T201
    if found.refusal:
        raise SystemExit(1)


def run() -> None:
    options = {"process_revision_directives": skip_empty, **extension.configure_args}
    with extension.db.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            # A table that is altered is copied and dropped, and what refers to its rows would stop that, or
            # go with them. It has to be said outside any transaction.
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
        context.configure(connection=connection, target_metadata=extension.db.metadata, **options)
        with context.begin_transaction():
            context.run_migrations()
            if is_sqlite and (lost := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                raise SystemExit(f"A row of {lost[0]} refers to one of {lost[2]} that is not there: undone.")
        connection.invalidate()  # nobody else gets one that checks no keys


if context.is_offline_mode():
    raise SystemExit("Migrations run on a database: leave --sql out.")
demand_whole_database()
run()
