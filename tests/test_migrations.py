"""Every migration forwards and back, on SQLite and on PostgreSQL; and the models match the schema."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.dialects import postgresql, sqlite

from majorops import create_app
from majorops.db import db, is_mapped
from majorops.models.incident import PUBLIC
from majorops.projections.rules import IS_PUBLIC_INCIDENT
from tests.conftest import SECRET, autocommit, named_database


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server = request.getfixturevalue("postgres")
    with autocommit(server) as connection:
        connection.execute(text("CREATE DATABASE migrations"))
    return named_database(server, "migrations")


def test_the_indexes_of_what_is_public_hold_what_the_questions_ask_for():
    """Said in other words the planner does not see that they do, and no comparison of schemas looks at it."""
    migration = Path("migrations/versions/0020_public_past.py").read_text()
    for database, where in zip((sqlite, postgresql), PUBLIC, strict=True):
        asked = str(IS_PUBLIC_INCIDENT.compile(dialect=database.dialect()))
        assert where == asked.replace("incident.", "")
        assert f'sa.text("{where}")' in migration


def test_forwards_and_back(empty_database):
    app = create_app({"DATABASE_URL": empty_database, "SECRET_KEY": SECRET, "TESTING": True})
    with app.app_context():
        upgrade()
        with db.engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "include_object": is_mapped}
            )
            assert compare_metadata(context, db.metadata) == []
        downgrade(revision="base")
        assert inspect(db.engine).get_table_names() == ["alembic_version"]
        upgrade()
        db.engine.dispose()
