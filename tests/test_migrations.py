"""Every migration forwards and back, on SQLite and on PostgreSQL; and the models match the schema."""

from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.dialects import postgresql, sqlite

from majorops import clock, create_app
from majorops.db import db, is_mapped
from majorops.demo.data import fill
from majorops.domain.enums import ChannelKind
from majorops.models import Subscriber, SubscriberIncident
from majorops.models.incident import PUBLIC
from majorops.projections.rules import IS_PUBLIC_INCIDENT, MAY_BE_PUBLIC
from tests.conftest import SECRET, autocommit, named_database


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server, name = request.getfixturevalue("postgres"), f"empty_{uuid4().hex}"
    with autocommit(server) as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    return named_database(server, name)


def test_the_indexes_of_what_is_public_hold_what_the_questions_ask_for():
    """Said in other words the planner does not see that they do, and no comparison of schemas looks at it."""
    migration = Path("migrations/versions/0020_public_past.py").read_text()
    for database, where in zip((sqlite, postgresql), PUBLIC, strict=True):
        asked = str(MAY_BE_PUBLIC.compile(dialect=database.dialect()))
        assert where == asked.replace("incident.", "")
        assert str(IS_PUBLIC_INCIDENT.compile(dialect=database.dialect())).startswith(f"{asked} AND ")
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


def test_with_rows_back_to_the_first_schema_and_forwards_again(empty_database):
    """What an older schema has a table for loses no row on the way."""
    app = create_app({"DATABASE_URL": empty_database, "SECRET_KEY": SECRET, "TESTING": True})
    with app.app_context():
        upgrade()
        fill(clock.now(), past=3)
        db.session.remove()
        before = rows()
        downgrade(revision="0001")
        old = rows()
        assert {"incident", "timeline_event", "publication"} <= set(old)
        assert old == {table: before[table] for table in old}
        upgrade()
        assert {table: count for table, count in rows().items() if table in old} == old
        db.engine.dispose()


def test_who_follows_an_incident_does_so_after_the_table_was_altered(empty_database):
    """0048 lets `subscriber` hold another kind: SQLite copies the table, and rows refer to it."""
    app = create_app({"DATABASE_URL": empty_database, "SECRET_KEY": SECRET, "TESTING": True})
    with app.app_context():
        upgrade()
        fill(clock.now(), past=1)
        at = clock.now()
        given = {"kind": ChannelKind.EMAIL, "address": "vic@example.org", "nonce": "n"}
        person = Subscriber(**given, created_at=at, changed_at=at)
        person.incidents = [SubscriberIncident(incident_id=1)]
        db.session.add(person)
        db.session.commit()
        db.session.remove()
        before = rows()
        downgrade(revision="0047")
        upgrade()
        assert rows() == before
        db.engine.dispose()


def test_what_is_public_keeps_its_words(empty_database):
    """The title that the public reads becomes the public one; what is private gets none."""
    app = create_app({"DATABASE_URL": empty_database, "SECRET_KEY": SECRET, "TESTING": True})
    with app.app_context():
        upgrade()
        fill(clock.now(), past=3)
        db.session.remove()
        downgrade(revision="0025")
        upgrade()
        with db.engine.connect() as connection:
            found = connection.execute(
                text("SELECT is_public, title, public_title, published_at, opened_at FROM incident")
            ).all()
        db.engine.dispose()
    assert {bool(row.is_public) for row in found} == {True, False}
    for row in found:
        shown = (row.title, row.opened_at) if row.is_public else ("", None)
        assert (row.public_title, row.published_at) == shown


def rows() -> dict[str, int]:
    """How many each table has; indexes of searches are tables too, and made anew."""
    names = [
        name for name in inspect(db.engine).get_table_names() if not name.startswith(("search", "alembic"))
    ]
    with db.engine.connect() as connection:
        return {name: connection.scalar(text(f'SELECT count(*) FROM "{name}"')) for name in names}


def test_what_was_public_keeps_its_name_and_a_withdrawn_text_takes_its_correction_along(empty_database):
    """0025, over rows of the schema before it."""
    app = create_app({"DATABASE_URL": empty_database, "SECRET_KEY": SECRET, "TESTING": True})
    with app.app_context():
        upgrade()
        fill(clock.now(), past=0)
        db.session.remove()
        downgrade(revision="0024")
        with db.engine.begin() as connection:
            run = lambda words: connection.execute(text(words))  # noqa: E731
            run("UPDATE publication SET visibility = 'internal', withdrawn_at = NULL")
            milestone = run("SELECT min(id) FROM publication WHERE number > 0").scalar()
            copied = "incident_id, kind, body, by_name, at, source, status_at_cut, is_resolution, title"
            run(
                f"INSERT INTO publication ({copied}, visibility, corrects_id) SELECT incident_id, 'update',"
                f" 'right', by_name, at, source, status_at_cut, {false(empty_database)}, '', 'public', id"
                f" FROM publication WHERE id = {milestone}"
            )
            run(f"UPDATE publication SET number = 7, withdrawn_at = at WHERE id = {milestone}")
            run(
                "UPDATE timeline_event SET kind = 'system.status', title = 'payments: api: major outage'"
                " WHERE id = 1"
            )
        upgrade()
        with db.engine.connect() as connection:
            run = lambda words: connection.execute(text(words)).all()  # noqa: E731
            said = "SELECT public_number, public_key, visibility, withdrawn_at = at FROM publication WHERE "
            assert run(f"{said} id = {milestone}") == [(7, f"p{milestone}", "internal", True)]
            ((number, key, visibility, is_gone),) = run(f"{said} corrects_id = {milestone}")
            assert (number, visibility, is_gone) == (None, "internal", True)
            assert key.startswith("p")
            internal = "SELECT count(*) FROM publication WHERE public_key IS NOT NULL"
            assert run(internal) == [(2,)]
            assert run("SELECT system FROM timeline_event WHERE id = 1") == [("payments: api",)]
            running = (
                "SELECT count(*) FROM incident JOIN affected_system ON incident_id = incident.id"
                " WHERE severity <> 'low'"
            )
            ended = f"{running} AND resolved_at IS NOT NULL"
            states = run(
                "SELECT count(*), count(CASE status WHEN 'operational' THEN 1 END) FROM system_state"
            )
            ((of_all,), (of_ended,)) = run(running) + run(ended)
            assert states[0][0] >= of_all
            assert states[0][1] == of_ended
        db.engine.dispose()


@pytest.mark.parametrize(
    ("before", "table", "wanted"),
    [
        (
            "0036",
            "public",
            "SELECT id FROM incident WHERE is_public AND NOT is_drill AND merged_into_id IS NULL",
        ),
        ("0037", "review_text", "SELECT id FROM review_text"),
    ],
    ids=["public", "review_text"],
)
def test_an_index_of_the_search_goes_on_where_it_was_broken_off(empty_database, before, table, wanted):
    """Run anew over what a broken run left behind: a table with some of the rows."""
    is_sqlite = empty_database.startswith("sqlite")
    kept = "" if table == "public" else ", content=''"
    key, kind = (
        ("rowid", f"fts5(words{kept})") if is_sqlite else ("id", "(id integer PRIMARY KEY, words tsvector)")
    )
    app = create_app({"DATABASE_URL": empty_database, "SECRET_KEY": SECRET, "TESTING": True})
    with app.app_context():
        upgrade()
        fill(clock.now(), past=3)
        db.session.remove()
        downgrade(revision=before)
        with db.engine.begin() as connection:
            made = f"CREATE {'VIRTUAL ' * is_sqlite}TABLE search_{table} {'USING ' * is_sqlite}{kind}"
            connection.execute(text(made))
            words = "'half'" if is_sqlite else "to_tsvector('simple', 'half')"
            some = f"SELECT id, {words} FROM ({wanted}) AS every WHERE id <= 2"
            connection.execute(text(f"INSERT INTO search_{table} ({key}, words) {some}"))
        upgrade()
        with db.engine.connect() as connection:
            held = set(connection.scalars(text(f"SELECT {key} FROM search_{table}")))
            assert held == set(connection.scalars(text(wanted)))
            assert len(held) > 3
        db.engine.dispose()


def false(database: str) -> str:
    return "0" if database.startswith("sqlite") else "false"
