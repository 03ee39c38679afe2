"""States of the database that many tests begin with: made once a process, after that put back as rows,
which takes a few milliseconds where the operations take some hundred.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

from flask import current_app
from sqlalchemy import exists, or_, select, text

from majorops.db import db
from majorops.domain.access import Actor
from majorops.models import Incident, User
from tests.clocks import Clock

_kept: dict[tuple, tuple] = {}  # what made a state, by which settings, when → its rows, the clock, incident


def begin_with(make: Callable[..., Incident], cast, clock) -> Incident:
    """The incident that `make(cast, clock)` leaves, and the clock as it leaves it.

    In a database that has the cast alone it is put back where it was made before. `make` writes rows alone:
    what it would do to the application is not done the second time.
    """
    if not isinstance(clock, Clock) or not _has_alone(cast):
        return make(cast, clock)
    config = {name: value for name, value in current_app.config.items() if "DATABASE" not in name}
    key = make.__qualname__, repr(sorted(config.items())), clock()
    db.session.rollback()
    if key not in _kept:
        incident = make(cast, clock)
        db.session.commit()
        _kept[key] = _keep(f"kept_{len(_kept)}"), clock.now, incident.id
        return incident
    rows, clock.now, number = _kept[key]
    db.session.remove()
    _put_back(rows)
    return db.session.get_one(Incident, number)


def _has_alone(cast) -> bool:
    people = {who.user_id for who in vars(cast).values() if isinstance(who, Actor)}
    tables = [table for table in db.metadata.sorted_tables if table is not User.__table__]
    is_filled = or_(*(exists(select(1).select_from(table)) for table in tables))
    return not db.session.scalar(select(is_filled)) and set(db.session.scalars(select(User.id))) == people


def _keep(name: str) -> sqlite3.Connection | str:
    """The rows of all tables: of SQLite a copy in memory, of PostgreSQL a schema beside with this name."""
    if db.engine.dialect.name != "sqlite":
        db.session.execute(text(KEEP.replace("kept", name)))
        db.session.commit()
        return name
    copy = sqlite3.connect(":memory:")
    with closing(sqlite3.connect(db.engine.url.database, timeout=20)) as source:
        source.backup(copy)
    return copy


def _put_back(rows: sqlite3.Connection | str) -> None:
    if isinstance(rows, str):
        db.session.execute(text(PUT_BACK.replace("kept", rows)))
        db.session.commit()
        return
    with closing(sqlite3.connect(db.engine.url.database, timeout=20)) as target:
        target.execute("PRAGMA synchronous=OFF")
        rows.backup(target, sleep=0.01)


KEEP = """DO $$ DECLARE name text; is_full boolean; BEGIN
CREATE SCHEMA kept;
FOR name IN SELECT tablename FROM pg_tables
  WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
  EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO is_full;
  IF is_full THEN EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', name, name); END IF;
END LOOP;
CREATE TABLE kept.sequences AS
  SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$"""
# The cast is in it already.
PUT_BACK = """DO $$ DECLARE name text; reached bigint; BEGIN
SET LOCAL session_replication_role = replica;
FOR name IN SELECT tablename FROM pg_tables
  WHERE schemaname = 'kept' AND tablename <> 'sequences' LOOP
  EXECUTE format('DELETE FROM public.%I', name);
  EXECUTE format('INSERT INTO public.%I SELECT * FROM kept.%I', name, name);
END LOOP;
FOR name, reached IN SELECT * FROM kept.sequences LOOP
  PERFORM setval(quote_ident(name), reached);
END LOOP; END $$"""
