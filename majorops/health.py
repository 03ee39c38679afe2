"""Whether the database answers and has every migration."""

from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from majorops.db import db


def is_ready() -> tuple[bool, str]:
    """(True, "") when the database answers and its schema is the newest; else False and what is missing."""
    try:
        with db.engine.connect() as connection:
            here = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError:
        return False, "database does not answer"
    newest = ScriptDirectory(current_app.extensions["migrate"].directory).get_current_head()
    return (True, "") if here == newest else (False, "migrations are missing: run flask --app app db upgrade")
