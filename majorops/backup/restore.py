"""Putting a backup into an empty database, of either kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import downgrade, upgrade
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from majorops.backup.problem import BackupProblem
from majorops.backup.rows import Loader, Shape, checksum, counts, loading
from majorops.backup.take import Backup, Head, look_through, mark_of

OF_THE_SERVER = frozenset({"backup_run", "health_episode", "heartbeat"})
"""Tables that a server which only looks at itself fills: rows in them do not make a database full."""


@dataclass(frozen=True)
class Target:
    """The database that a backup goes into: its schema, None for none yet, and the newest one there is."""

    schema: str | None
    newest: str


def target_of(engine: Engine) -> Target:
    """Look at the database that is to be filled. Raises BackupProblem where it holds rows already."""
    with engine.connect() as connection:
        schema = MigrationContext.configure(connection).get_current_revision()
        found = {name: n for name, n in counts(connection).items() if n and name not in OF_THE_SERVER}
    if found:
        some = ", ".join(f"{name} {n:,}" for name, n in list(found.items())[:3])
        raise BackupProblem(
            f"The database holds rows already ({some}). A backup goes into an empty one: "
            "name a new one by MAJOROPS_DATABASE_URL, or move the old one away."
        )
    return Target(schema, str(_scripts().get_current_head()))


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(current_app.extensions["migrate"].directory)


def check_schema(head: Head) -> None:
    """Raise BackupProblem where this version cannot read the schema of a backup."""
    if head.schema not in {script.revision for script in _scripts().walk_revisions()}:
        raise BackupProblem(
            f"The backup was made by version {head.product} with the schema {head.schema}, which this "
            "version does not know. Restore it with that version or a newer one."
        )


def keys_fit(head: Head, keys: list[str]) -> bool:
    """Whether what is sealed in the rows can be opened with one of these secret keys."""
    return not {mark_of(key) for key in keys}.isdisjoint(head.key_marks)


def restore(engine: Engine, path: Path, passphrase: str, say: Callable[[str], None]) -> Backup:
    """Verify the backup, put every row into the empty database, compare each, and migrate to the newest.

    `say`: told of each step. All rows are one transaction: what fails leaves the database empty. The full
    text of searches is not made here. Raises BackupProblem, OSError.
    """
    backup = look_through(path, passphrase, on_head=check_schema)
    say(f"verified: {backup.total:,} rows in {len(backup.rows)} tables")
    target = target_of(engine)
    if target.schema != backup.head.schema:
        if target.schema is not None:
            downgrade(revision="base")
        upgrade(revision=backup.head.schema)
    _load(engine, path, passphrase, backup)
    say("restored: every row compared with the backup")
    if backup.head.schema != target.newest:
        upgrade()
        say(f"migrated: from the schema {backup.head.schema} to {target.newest}")
    return backup


def _load(engine: Engine, path: Path, passphrase: str, backup: Backup) -> None:
    at, driver = "", cast(Any, engine.dialect.dbapi)
    try:
        with loading(engine) as loader:
            _demand_same_columns(loader, backup.head)

            def add(shape: Shape, data: bytes) -> None:
                nonlocal at
                at = shape.name
                loader.add(shape, map(json.loads, data.splitlines()))

            look_through(path, passphrase, on_rows=add)
            at = ""
            loader.finish(backup.head.last)
            for name, shape in loader.shapes.items():
                same_order = replace(shape, columns=backup.head.shape(name).columns)
                if checksum(loader.connection, same_order) != (backup.rows[name], backup.sums[name]):
                    raise BackupProblem(
                        f"The rows of {name} are not what the backup holds. Nothing was kept."
                    )
    except (ValueError, TypeError, driver.Error):  # a file that somebody made by hand
        raise BackupProblem(f"The rows of {at} cannot be read. Nothing was kept.") from None
    except DBAPIError as error:
        why = str(error.orig).splitlines()[0]
        where = f" at {at}" if at else ""
        raise BackupProblem(f"The database did not take the rows{where}: {why}. Nothing was kept.") from None


def _demand_same_columns(loader: Loader, head: Head) -> None:
    for name, shape in loader.shapes.items():
        if name not in head.columns or dict(shape.columns) != dict(head.shape(name).columns):
            raise BackupProblem(f"The table {name} is another one than in the backup. Nothing was kept.")
    if set(head.columns) != set(loader.shapes):
        raise BackupProblem("The backup has other tables than this schema. Nothing was kept.")
