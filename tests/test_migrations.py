"""Every migration forwards and back, on SQLite and on PostgreSQL; and the models match the schema."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from majorops import create_app
from majorops.db import db, is_mapped
from tests.conftest import SECRET, autocommit, named_database


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server = request.getfixturevalue("postgres")
    with autocommit(server) as connection:
        connection.execute(text("CREATE DATABASE migrations"))
    return named_database(server, "migrations")


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
