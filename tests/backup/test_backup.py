"""Every row of every table goes from one kind of database to the other by the same file, and nothing less."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import delete, insert, inspect, select, text, update

from majorops import clock, create_app
from majorops.backup.container import Writer, opened
from majorops.backup.problem import BackupProblem
from majorops.backup.restore import keys_fit, restore, target_of
from majorops.backup.take import MANIFEST, look_through, take
from majorops.db import Base, db
from majorops.domain.access import SYSTEM
from majorops.models import Delivery, Heartbeat, Incident, System
from majorops.operations import search_index
from tests.conftest import SECRET, autocommit, migrated, named_database
from tests.public.test_canary_of_columns import fill

NOW = datetime(2026, 3, 1, 2, 3, 4, 56789, tzinfo=UTC)
OTHER = {"sqlite": "postgres", "postgres": "sqlite"}
HARD = 'Zeile\r\n\t"\\ \u2028 Ω 🚒 \x7f'
PASSPHRASE = "correct horse battery"


@pytest.fixture
def database(request, tmp_path):
    """Makes the address of an empty database of a kind, without a schema."""

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / uuid4().hex}.db"
        server, name = request.getfixturevalue("postgres"), f"backup_{uuid4().hex}"
        with autocommit(server) as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        return named_database(server, name)

    return make


class House:
    """An application on a database of its own."""

    def __init__(self, url: str):
        self.app = create_app({"DATABASE_URL": url, "SECRET_KEY": SECRET, "TESTING": True})

    def __enter__(self):
        self._context = self.app.app_context()
        self._context.push()
        return self

    def __exit__(self, *_):
        db.session.remove()
        db.engine.dispose()
        self._context.pop()

    def take(self, path, passphrase=""):
        db.session.remove()
        return take(db.engine, path, now=NOW, keys=[SECRET], settings={}, passphrase=passphrase)

    def restore(self, path, passphrase=""):
        db.session.remove()
        return restore(db.engine, path, passphrase, lambda words: None)

    def rows(self) -> dict[str, list]:
        """Every row of every table as the application reads it."""
        tables = Base.metadata.sorted_tables
        return {
            table.name: sorted(map(tuple, db.session.execute(select(table))), key=repr) for table in tables
        }


def fill_hard() -> None:
    """A row in every table, and values that are read differently by the two databases."""
    fill(NOW)
    for n, name in enumerate(("a", "B", "_", "é", HARD)):  # PostgreSQL orders texts as people do
        db.session.execute(
            insert(Heartbeat).values(
                name=name, version=HARD[:40], started_at=NOW, seen_at=NOW.replace(microsecond=n)
            )
        )
    db.session.commit()


@pytest.mark.parametrize(("kind", "passphrase"), [("sqlite", ""), ("postgres", PASSPHRASE)])
def test_every_row_goes_to_the_other_database(database, tmp_path, kind, passphrase):
    path = tmp_path / "a.backup"
    with House(migrated(database(kind))) as house:
        fill_hard()
        before = house.rows()
        assert all(before.values())
        made = house.take(path, passphrase)
    assert path.stat().st_mode & 0o777 == 0o600
    assert look_through(path, passphrase) == made
    assert made.total == sum(map(len, before.values()))
    with House(database(OTHER[kind])) as house:
        assert house.restore(path, passphrase) == made
        assert house.rows() == before
        keys = [
            key
            for name in inspect(db.engine).get_table_names()
            for key in inspect(db.engine).get_foreign_keys(name)
        ]
        mapped = [key for table in Base.metadata.sorted_tables for key in table.foreign_key_constraints]
        assert len(keys) == len(mapped)


@pytest.mark.parametrize("kind", OTHER)
def test_numbers_go_on_behind_those_that_were_given(database, tmp_path, kind):
    """Also behind one whose row is gone: an address that was shared once never leads to another incident."""
    path = tmp_path / "a.backup"
    with House(migrated(database(OTHER[kind]))) as house:
        fill(NOW)
        first = db.session.execute(select(Incident.__table__)).mappings().one()
        row = dict(first) | {"id": 41, "request_key": None, "old_reference": None}
        db.session.execute(insert(Incident.__table__).values(**row))
        db.session.commit()
        if kind == "sqlite":
            db.session.execute(text("SELECT setval('incident_id_seq', 41)"))
        db.session.execute(delete(Incident).where(Incident.id == 41))
        db.session.commit()
        house.take(path)
    with House(database(kind)) as house:
        house.restore(path)
        new = {name: value for name, value in row.items() if name != "id"}
        assert db.session.execute(insert(Incident.__table__).values(**new)).inserted_primary_key[0] == 42
        db.session.add(added := System(name="y", added_at=NOW))
        db.session.flush()
        assert added.id == 2
        db.session.rollback()


@pytest.mark.parametrize("kind", OTHER)
def test_a_backup_of_an_older_schema_is_restored_there_and_migrated(database, tmp_path, kind):
    path = tmp_path / "a.backup"
    with House(migrated(database(kind))) as house:
        fill(NOW)
        db.session.execute(update(Delivery).values(request_id=None))  # no column of that schema
        db.session.commit()
        before = house.rows()
        db.session.remove()
        downgrade(revision="0046")
        made = house.take(path)
        assert "heartbeat" not in made.rows
    with House(migrated(database(OTHER[kind]))) as house:
        assert house.restore(path).head.schema == "0046"
        after = house.rows()
        assert {name: after[name] for name in made.rows} == {name: before[name] for name in made.rows}
        assert target_schema() > "0046"


def target_schema() -> str:
    with db.engine.connect() as connection:
        return connection.scalar(text("SELECT version_num FROM alembic_version"))


def test_what_was_restored_is_found_by_searches(database, tmp_path, flask_of):
    path = tmp_path / "a.backup"
    with House(migrated(database("sqlite"))) as house:
        fill(NOW)
        db.session.commit()
        search_index.rebuild(actor=SYSTEM, now=clock.now())
        wanted = db.session.scalar(text("SELECT count(*) FROM search_timeline_event"))
        house.take(path)
    with House(database("sqlite")) as house:
        said = flask_of(house.app, "restore", str(path), "--files", str(tmp_path / "files"))
        assert said.exit_code == 0, said.output
        assert "restored: every row compared with the backup" in said.output
        assert db.session.scalar(text("SELECT count(*) FROM search_timeline_event")) == wanted > 0
        newest = "SELECT kind, subject FROM audit_entry ORDER BY id DESC LIMIT 1"
        assert db.session.execute(text(newest)).all() == [("backup.restored", "a.backup")]
        assert [one.name for one in (tmp_path / "files").iterdir()] == ["settings.json"]


@pytest.fixture
def flask_of():
    """Runs a command of an application."""
    return lambda app, *words, stdin=None: app.test_cli_runner().invoke(args=list(words), input=stdin)


def test_a_database_that_holds_rows_is_left_alone(database, tmp_path, flask_of):
    path = tmp_path / "a.backup"
    with House(migrated(database("sqlite"))) as house:
        db.session.execute(insert(Heartbeat).values(name="w", version="1", started_at=NOW, seen_at=NOW))
        db.session.commit()
        target_of(db.engine)  # a worker looked: still empty
        db.session.add(System(name="x", added_at=NOW))
        db.session.commit()
        house.take(path)
        before = house.rows()
        db.session.remove()
        for words in (["restore", str(path)], ["restore", "--dry-run", str(path)]):
            said = flask_of(house.app, *words)
            assert (said.exit_code, said.output.count("\n")) == (1, 2 - ("--dry-run" in words))
            assert "The database holds rows already (system 1)." in said.output
        assert house.rows() == before


@pytest.mark.parametrize("kind", OTHER)
def test_a_restore_that_fails_leaves_nothing(database, tmp_path, kind, monkeypatch):
    """A row that refers to one that is not there: whoever made the file made it by hand."""
    path = tmp_path / "a.backup"
    with House(migrated(database("sqlite"))) as house:
        db.session.execute(text("PRAGMA foreign_keys=OFF"))
        db.session.rollback()
        with db.engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            raw.execute("PRAGMA foreign_keys=OFF")
            raw.execute("INSERT INTO subscriber_system (subscriber_id, name) VALUES (77, 'x')")
        house.take(path)
    with House(migrated(database(kind))) as house:
        with pytest.raises(BackupProblem, match=r"did not take the rows|that is not there"):
            house.restore(path)
        assert not any(house.rows().values())


def test_a_newer_schema_is_refused_and_said(database, tmp_path, flask_of):
    path = tmp_path / "a.backup"
    with House(migrated(database("sqlite"))) as house:
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        house.take(path)
        said = flask_of(house.app, "verify-backup", str(path))
        assert said.exit_code == 1
        assert "with the schema 9999, which this version does not know" in said.output


def test_the_command_line_encrypts_verifies_and_replaces_nothing(database, tmp_path, flask_of):
    path, secret = tmp_path / "a.backup", tmp_path / "passphrase"
    secret.write_text(f"{PASSPHRASE}\n")
    with House(migrated(database("sqlite"))) as house:
        house.app.config["SMTP_URL"] = "smtp://user:hunter2@mail.example.org"
        house.app.extensions["setting_states"]["SMTP_URL"] = "set"
        house.app.extensions["setting_states"]["ORG_NAME"] = "set"

        def run(*words, stdin=None):
            db.session.remove()
            answer = flask_of(house.app, *words, stdin=stdin)
            return answer.exit_code, answer.output

        assert run("backup", str(path), "--passphrase-file", str(secret))[0] == 0
        assert "is there already" in run("backup", str(path))[1]
        assert b"audit_entry" not in path.read_bytes()
        assert run("verify-backup", str(path))[0] == 1
        assert "wrong" not in run("verify-backup", str(path), "--passphrase-file", str(secret))[1]
        code, said = run("verify-backup", str(path), "--ask-passphrase", stdin="another passphrase\n")
        assert (code, "not the one of this backup" in said) == (1, True)
        short = run("backup", str(tmp_path), "--ask-passphrase", stdin="short\nshort\n")
        assert (short[0], "at least 12 characters" in short[1]) == (1, True)
        found: dict[str, bytes] = {}
        made = look_through(path, PASSPHRASE, on_file=found.__setitem__)
        assert found["files/settings.json"].count(b"(secret)") >= 1
        assert b"hunter2" not in found["files/settings.json"]
        assert b'"MAJOROPS_ORG_NAME": "MajorOps"' in found["files/settings.json"]
        assert keys_fit(made.head, [SECRET])
        assert not keys_fit(made.head, ["another" * 8])
        assert run("backup", str(tmp_path / "nowhere" / "a"))[1].startswith("Error: ")
        assert run("backup", str(tmp_path))[0] == 0
        assert len(list(tmp_path.glob("majorops-*Z.backup"))) == 1
        assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("kind", OTHER)
@pytest.mark.parametrize("row", [b"{", b"[]", b"[[1]]", b'["a", {}, 1, 2]', b"7"])
def test_rows_that_somebody_made_by_hand_leave_nothing(database, tmp_path, kind, row):
    """Their checksums are right, as anybody can compute them."""
    path, whole = tmp_path / "a.backup", tmp_path / "whole.backup"
    with House(database(kind)) as house:
        upgrade()
        db.session.add(System(name="x", added_at=NOW))
        db.session.commit()
        house.take(whole)
        db.session.execute(delete(System))
        db.session.commit()
        data, sums = row + b"\n", hashlib.sha256(row + b"\n").hexdigest()
        with opened(whole) as pieces, Writer(path) as writer:
            for name, content in pieces:
                changed = content
                if name == MANIFEST:
                    said = json.loads(content)
                    said["sums"]["system"] = sums
                    changed = json.dumps(said).encode()
                writer.add(name, data if name.startswith("rows/system/") else changed)
        with pytest.raises(BackupProblem, match="Nothing was kept"):
            house.restore(path)
        assert not any(house.rows().values())
