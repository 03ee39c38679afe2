"""The file of an embedded database: whose it is, what is wrong with it,
and the README's way to keep and restore it.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from majorops import storage
from majorops.storage import examine_file, lost_saves, make_private, quick_check
from tests.conftest import SECRET

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "majorops.db"


def write(path: Path, saves: int, *, page_size: int = 4096) -> None:
    """A database of so many saves that stand in its `-wal`, left as by kill -9."""
    open_here = sqlite3.connect(path, isolation_level=None)
    for pragma in (f"page_size={page_size}", "journal_mode=WAL", "wal_autocheckpoint=0"):
        open_here.execute(f"PRAGMA {pragma}")
    open_here.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, words TEXT)")
    for n in range(saves):
        open_here.execute("INSERT INTO entry (words) VALUES (?)", (f"entry {n} " * 50,))
    killed = path.with_name("killed")
    killed.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", killed / f"{path.name}{suffix}")
    open_here.close()
    for suffix in ("", "-wal"):
        shutil.copy(killed / f"{path.name}{suffix}", f"{path}{suffix}")
    shutil.rmtree(killed)


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0xFF]))


def entries(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT count(*) FROM entry").fetchone()[0]


def wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


class TestDamage:
    @pytest.mark.parametrize("page_size", [512, 4096, 65536])
    def test_a_whole_log_is_whole(self, path, page_size):
        write(path, 20, page_size=page_size)
        assert wal_of(path).stat().st_size > 20 * page_size
        assert examine_file(path) == storage.Finding()
        assert entries(path) == 20

    def test_a_flipped_byte_in_the_log_is_said_and_the_log_is_kept(self, path):
        write(path, 20)
        wal = wal_of(path)
        flip(wal, wal.stat().st_size // 2)
        lost, damaged = lost_saves(wal), wal.read_bytes()
        assert 1 <= lost <= 20
        found = examine_file(path)
        assert found.refusal == ""
        assert found.warning.startswith(f"{wal} is damaged: up to {lost} of the newest saves are lost.")
        assert "README, Restore." in found.warning
        assert "\n" not in found.warning
        kept = path.with_name("majorops.db-wal.damaged")
        assert kept.read_bytes() == damaged
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert entries(path) == 20 - lost  # SQLite alone would not have said a word

    def test_a_damaged_head_of_the_log_is_said(self, path):
        write(path, 3)
        flip(wal_of(path), 12)
        assert examine_file(path).warning

    def test_a_log_that_ends_in_the_middle_of_a_save_is_no_damage(self, path):
        write(path, 5)
        wal = wal_of(path)
        with wal.open("r+b") as file:
            file.truncate(wal.stat().st_size - 2_000)
        assert examine_file(path) == storage.Finding()

    def test_what_an_earlier_round_left_in_the_log_is_no_damage(self, path):
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE entry (words TEXT)")
            for _ in range(30):
                connection.execute("INSERT INTO entry VALUES (?)", ("a" * 3000,))
            connection.execute("PRAGMA wal_checkpoint(RESTART)")
            connection.execute("INSERT INTO entry VALUES ('new')")
            assert lost_saves(wal_of(path)) == 0

    def test_a_damaged_page_refuses_the_start_in_one_line(self, path):
        write(path, 0)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.executemany("INSERT INTO entry (words) VALUES (?)", [("word " * 200,)] * 300)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with path.open("r+b") as file:
            file.seek(5 * 4096)
            file.write(b"\xff" * 4096)
        found = examine_file(path)
        assert found.refusal.startswith(f"{path} is damaged (")
        assert found.refusal.endswith("Not started. Restore a backup: README, Restore.")
        assert "\n" not in found.refusal

    def test_what_is_no_database_refuses_the_start(self, path):
        path.write_bytes(b"something else altogether " * 400)
        assert "file is not a database" in examine_file(path).refusal

    def test_what_is_not_there_yet_is_well(self, path):
        assert examine_file(path) == storage.Finding()
        path.touch()
        assert examine_file(path) == storage.Finding()

    def test_a_large_database_is_looked_at_for_a_bounded_time(self, path):
        write(path, 50)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<60000) "
            connection.execute(f"INSERT INTO entry (words) {many} SELECT 'words of entry ' || i FROM n")
        assert quick_check(path, 0.0) == ""  # no time at all: nothing was found, and it ended
        assert quick_check(path, 60.0) == ""


class TestWhose:
    def test_the_database_and_what_stands_beside_it_are_readable_by_us_alone(self, path):
        from majorops import create_app
        from majorops.db import db

        mask = os.umask(0o022)
        try:
            app = create_app({"DATABASE_URL": f"sqlite:///{path}", "SECRET_KEY": SECRET})
            with app.app_context():
                with db.engine.begin() as connection:
                    connection.exec_driver_sql("CREATE TABLE t (x)")
                modes = {
                    file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.glob("majorops.db*")
                }
                db.session.remove()
                db.engine.dispose()
        finally:
            os.umask(mask)
        assert set(modes) == {"majorops.db", "majorops.db-wal", "majorops.db-shm"}
        assert set(modes.values()) == {0o600}

    def test_files_of_earlier_versions_become_private(self, path):
        for suffix in ("", "-wal", "-shm"):
            file = path.with_name(path.name + suffix)
            file.write_bytes(b"")
            file.chmod(0o644)
        make_private(path)
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}

    def test_a_folder_that_is_not_there_is_said_by_whoever_opens_the_database(self, tmp_path):
        make_private(tmp_path / "no" / "majorops.db")


def steps(heading: str) -> str:
    """The commands that the README shows under a heading."""
    readme = (ROOT / "README.md").read_text()
    return re.search(rf"^\*\*{heading}\b.*?^```\n(.*?)^```$", readme, re.M | re.S)[1]


@pytest.fixture
def place(tmp_path):
    """A place as the README means it: the application, its .venv and instance/.

    `place(commands)` runs them there.
    """
    for name in ("majorops", "migrations", "templates"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("app.py", "config.py"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("instance", "bin", ".venv"):
        (tmp_path / name).mkdir()
    (tmp_path / ".venv/bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / "instance/secret_key").write_text(SECRET)
    systemctl = tmp_path / "bin/systemctl"
    systemctl.write_text('#!/bin/sh\necho "$@" >> called\n')
    systemctl.chmod(0o755)

    def run(commands: str, *, fails: bool = False) -> str:
        environment = {
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "MAJOROPS_DATABASE_URL": f"sqlite:///{tmp_path}/instance/majorops.db",
            "MAJOROPS_SECRET_KEY": SECRET,
        }
        command = ["bash", "-e", "-c", "umask 022\n" + commands]
        ran = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False
        )
        assert (ran.returncode != 0) is fails, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr

    run.folder = tmp_path
    return run


def names(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM system ORDER BY name")]


def add(connection: sqlite3.Connection, name: str) -> None:
    """A system, with something in every column that wants it."""
    columns, values = ["name"], [name]
    for _, column, kind, is_needed, default, is_key in connection.execute(
        "PRAGMA table_info(system)"
    ).fetchall():
        if is_needed and default is None and not is_key and column != "name":
            columns.append(column)
            is_number = "INT" in kind or "BOOL" in kind
            values.append(
                0 if is_number else "2026-01-01 00:00:00" if column.endswith("_at") else "operational"
            )
    marks = ", ".join("?" * len(columns))
    connection.execute(f"INSERT INTO system ({', '.join(columns)}) VALUES ({marks})", values)


def test_the_steps_of_the_readme_keep_and_restore_the_record(place):
    database = place.folder / "instance/majorops.db"
    place(".venv/bin/flask --app app db upgrade")
    running = sqlite3.connect(database, isolation_level=None)  # a server that runs, and is killed later on
    for pragma in ("journal_mode=WAL", "wal_autocheckpoint=0"):
        running.execute(f"PRAGMA {pragma}")
    add(running, "before the backup")
    assert wal_of(database).stat().st_size > 0
    assert place(steps("Backup")).endswith("whole: every checksum is right\n")
    assert stat.S_IMODE((place.folder / "majorops.backup").stat().st_mode) == 0o600
    add(running, "after the backup")
    (place.folder / "instance/secret_key").write_text("lost")
    shutil.copy(wal_of(database), place.folder / "old-wal")
    running.close()
    shutil.copy(place.folder / "old-wal", wal_of(database))  # as kill -9 leaves it
    said = place(steps("Restore"))
    assert "It would be restored. Nothing was changed.\n" in said
    assert "restored: every row compared with the backup\n" in said
    assert "migrations: complete" in said
    assert (place.folder / "called").read_text().split("\n")[:2] == ["stop majorops", "start majorops"]
    assert names(database) == ["before the backup"]
    assert not wal_of(database).exists() or wal_of(database).stat().st_size == 0
    assert examine_file(database) == storage.Finding()
    assert (place.folder / "instance/secret_key").read_text() == SECRET
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert (place.folder / "replaced/majorops.db").exists()
    assert names(place.folder / "replaced/majorops.db") == ["after the backup", "before the backup"]


def test_a_damaged_database_is_neither_migrated_nor_served(place):
    database = place.folder / "instance/majorops.db"
    place(".venv/bin/flask --app app db upgrade")
    with database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 20)
    said = place(".venv/bin/flask --app app db upgrade", fails=True)
    assert "Not started. Restore a backup: README, Restore." in said
    assert "Traceback" not in said
    serve = ".venv/bin/uvicorn majorops.asgi.app:app --http majorops.asgi.app:Protocol --port 0"
    said = place(f"timeout 60 {serve}", fails=True)
    assert "Not started. Restore a backup: README, Restore." in said
    assert "Traceback" not in said
