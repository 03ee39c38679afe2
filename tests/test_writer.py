"""The one writer of SQLite: who waits to be it looks every few milliseconds, and longer only in the end."""

from __future__ import annotations

import importlib
import sqlite3
import threading

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

database = importlib.import_module("majorops.db")  # the package has another `db`


@pytest.fixture
def engine(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'one.db'}")
    yield engine
    engine.dispose()


def writing(engine):
    return engine.connect().execution_options(writing=True)


def test_who_waits_is_next_as_soon_as_the_writer_is_done(engine, monkeypatch):
    looked = threading.Event()
    monkeypatch.setattr(database.time, "sleep", lambda seconds: looked.set())
    monkeypatch.setattr(database, "WRITER_LOOKS", 10_000_000)
    with writing(engine) as first, writing(engine) as second:
        first.execute(text("CREATE TABLE one (id INTEGER)"))
        other = threading.Thread(target=lambda: second.execute(text("INSERT INTO one VALUES (1)")))
        other.start()
        assert looked.wait(30)
        first.commit()
        other.join(30)
        second.commit()
        assert second.scalar(text("SELECT count(*) FROM one")) == 1
        assert second.scalar(text("PRAGMA busy_timeout")) == 5_000


def test_in_the_end_it_is_an_error(engine, monkeypatch):
    monkeypatch.setattr(database, "WRITER_LOOKS", 1)
    monkeypatch.setattr(database, "BUSY_TIMEOUT", "busy_timeout=1")
    with writing(engine) as first, writing(engine) as second:
        first.execute(text("SELECT 1"))
        with pytest.raises(OperationalError, match="locked"):
            second.execute(text("SELECT 1"))


class Full:
    """A connection to a database whose disk has no room; what it was told."""

    def __init__(self):
        self.told = []

    def execute(self, statement: str) -> None:
        self.told.append(statement)
        if statement == "BEGIN IMMEDIATE":
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error


def test_what_is_no_matter_of_waiting_is_an_error_at_once(monkeypatch):
    """A disk that takes no writes says so to whoever saves, and not seconds later."""
    monkeypatch.setattr(database.time, "sleep", lambda seconds: pytest.fail("it waited"))
    connection = Full()
    assert not database._begins_soon(connection)
    assert connection.told[-1] == "PRAGMA busy_timeout=5000"
