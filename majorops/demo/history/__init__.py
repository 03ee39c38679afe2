"""Years of resolved incidents for trying the product out at one's own size.

A few courses are run through the operations in a database of their own, and copied in bulk.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from functools import partial

from flask import Flask, current_app
from sqlalchemy import select, text

from majorops.db import Base, db, engine_options
from majorops.demo.history.copies import FIRST, Copier, Original, read_originals
from majorops.demo.history.courses import DAY, run_courses
from majorops.domain.access import SYSTEM, Actor
from majorops.models import User
from majorops.operations.accounts import add_user
from majorops.operations.bulk import add_history

COURSES = 24
DAYS = 5 * 365
NEWEST = timedelta(days=30)  # nothing is younger: the last month belongs to what people do
BATCH = 1000  # incidents a transaction


def fill_history(
    count: int,
    now: datetime,
    people: tuple,
    systems: list[str],
    *,
    days: int = DAYS,
    actor: Actor = SYSTEM,
) -> range:
    """Add so many resolved incidents, spread evenly over the `days` before the last month, oldest first.

    Returns their numbers.

    `people`: (e-mail, name, role) of who acts in them; an account here with the same e-mail is theirs.
    The same call on the same database adds the same incidents. Raises Conflict, as an operation does.
    """
    originals, there = _courses(count, people, systems)
    known = select(User.email, User.id).where(User.email.in_(there.values()))
    here = dict(db.session.execute(known).all())
    copier = Copier(originals, {number: here[mail] for number, mail in there.items() if mail in here})
    chance = random.Random(count)  # noqa: S311 (varied, not secret)
    newest, first_number = (now - NEWEST).date(), 0
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        chosen = [
            (
                chance.randrange(len(originals)),
                newest - timedelta(days=(count - 1 - start - n) * days // count),
                chance.randrange(1, 1000),
            )
            for n in range(size)
        ]
        first = add_history(partial(_rows, copier, chosen), actor=actor, now=now)
        first_number = first_number or first
    return range(first_number, first + size)


def _rows(copier: Copier, chosen: list[tuple], known: dict[str, int]) -> dict[str, list[list]]:
    """The rows of a batch, by table; `known`: the next free id of each table."""
    found: dict[str, list[list]] = {table: [] for table in copier.columns}
    for index, day, varied in chosen:
        first = {table: known[table] + len(rows) for table, rows in found.items() if table in known}
        for table, row in copier.copy(index, first, day, varied):
            found[table].append(row)
    return {table: rows for table, rows in found.items() if rows}


def _courses(count: int, people: tuple, systems: list[str]) -> tuple[list[Original], dict[int, str]]:
    """The courses, and whose e-mail belongs to which account in them; from a database that is thrown away."""
    scratch = Flask("scratch")
    address = {
        "SQLALCHEMY_DATABASE_URI": "sqlite://",
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options("sqlite://"),
    }
    scratch.config.update(current_app.config, **address)
    scratch.extensions["before_commit"] = current_app.extensions["before_commit"]
    db.init_app(scratch)
    with scratch.app_context():
        Base.metadata.create_all(db.engine)
        with db.engine.begin() as connection:
            first = text("INSERT INTO sqlite_sequence VALUES ('incident', :first)")
            connection.execute(first, {"first": FIRST})
        for email, name, role in people:
            add_user(email=email, name=name, role=role, password="", actor=SYSTEM, now=DAY)
        run_courses(min(count, COURSES), systems)
        accounts = dict(db.session.execute(select(User.id, User.email)).all())
        found = read_originals()
        db.session.remove()
        db.engine.dispose()
    return found, accounts
