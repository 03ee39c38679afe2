"""Making a backup, and looking through one."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine

from majorops.backup.container import DAMAGED, Writer, opened
from majorops.backup.problem import BackupProblem
from majorops.backup.rows import Shape, lines, sequences, shapes
from majorops.version import VERSION

FORMAT = 1
PIECE = 1024 * 1024  # bytes of rows in one piece
HEAD, MANIFEST = "head.json", "manifest.json"


@dataclass(frozen=True)
class Head:
    """What stands at the beginning of a backup.

    `schema`: the revision of its migrations; `key_marks`: of the secret keys then (`mark_of`), to say later
    whether what is sealed in the rows can be opened; `columns`: of each table; `last`: the last number that
    was given in it.
    """

    format: int
    product: str
    schema: str
    at: str
    database: str
    key_marks: list[str]
    columns: dict[str, list[list[str]]]
    last: dict[str, int]

    def shape(self, table: str) -> Shape:
        """A table's columns, without its key. Raises BackupProblem for one that is not there."""
        if table not in self.columns:
            raise BackupProblem(DAMAGED)
        return Shape(table, tuple((name, kind) for name, kind in self.columns[table]), ())


@dataclass(frozen=True)
class Backup:
    """A backup whose every byte was looked at: `rows` and `sums` (SHA-256 of its lines) of each table."""

    head: Head
    rows: dict[str, int]
    sums: dict[str, str]
    files: tuple[str, ...]

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.rows.values())


def mark_of(key: str) -> str:
    """What tells one secret key from another, and not what it is."""
    return hmac.digest(key.encode(), b"which key a backup was made with", hashlib.sha256).hex()[:16]


def take(
    engine: Engine,
    path: Path,
    *,
    now: datetime,
    keys: Iterable[str],
    settings: Mapping[str, str],
    files: Iterable[Path] = (),
    passphrase: str = "",
) -> Backup:
    """Write the whole record, as it is at one moment, into a new file.

    `keys`: the secret keys, of which only marks are kept; `settings`: without secrets; `files`: the logos.
    Nobody waits for it: it reads one snapshot while others write. Raises BackupProblem, OSError.
    """
    options: dict[str, Any] = {"stream_results": True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection, Writer(path, passphrase) as writer:
        schema = MigrationContext.configure(connection).get_current_revision()
        if schema is None:
            raise BackupProblem("The database has no schema yet: there is nothing to back up.")
        tables = shapes(connection)
        columns = {name: [list(column) for column in shape.columns] for name, shape in tables.items()}
        last = sequences(connection)
        marks = [mark_of(key) for key in keys]
        at, database = now.isoformat(), engine.dialect.name
        head = Head(FORMAT, VERSION, schema, at, database, marks, columns, last)
        sums: dict[str, str] = {}
        named = {HEAD: encoded(asdict(head)), "files/settings.json": encoded(dict(settings))}
        named |= {f"files/{file.name}": file.read_bytes() for file in files}
        for name, data in named.items():
            writer.add(name, data)
        rows = {}
        for name, shape in tables.items():
            rows[name], sums[name] = _write_rows(connection, shape, writer)
        of_files = {name: hashlib.sha256(data).hexdigest() for name, data in named.items()}
        writer.add(MANIFEST, encoded({"rows": rows, "sums": sums, "files": of_files}))
    return Backup(head, rows, sums, tuple(of_files))


def encoded(value: object) -> bytes:
    """JSON that people can read too."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _write_rows(connection: Connection, shape: Shape, writer: Writer) -> tuple[int, str]:
    found, count, part, waiting = hashlib.sha256(), 0, 0, bytearray()
    for line in lines(connection, shape):
        waiting += line.encode() + b"\n"
        count += 1
        if len(waiting) >= PIECE:
            part += 1
            found.update(waiting)
            writer.add(_named(shape.name, part), bytes(waiting))
            waiting.clear()
    if waiting:
        found.update(waiting)
        writer.add(_named(shape.name, part + 1), bytes(waiting))
    return count, found.hexdigest()


def _named(table: str, part: int) -> str:
    return f"rows/{table}/{part:06d}.jsonl"


def table_of(name: str) -> str:
    """The table whose rows a piece holds; empty for another piece."""
    parts = name.split("/")
    return parts[1] if len(parts) == 3 and parts[0] == "rows" else ""


def look_through(
    path: Path,
    passphrase: str = "",
    *,
    on_head: Callable[[Head], None] = lambda head: None,
    on_rows: Callable[[Shape, bytes], None] = lambda shape, data: None,
    on_file: Callable[[str, bytes], None] = lambda name, data: None,
) -> Backup:
    """Read a backup from one end to the other and compare every checksum in it.

    The callables get what was read on the way. Raises BackupProblem with what is wrong, OSError.
    """
    head: Head | None = None
    counted: dict[str, int] = {}
    hashes: dict[str, Any] = {}
    files: dict[str, str] = {}
    with opened(path, passphrase) as pieces:
        manifest: dict[str, Any] | None = None
        for name, data in pieces:
            if manifest is not None:
                raise BackupProblem(DAMAGED)  # it is the last piece
            if name == MANIFEST:
                manifest = _parsed(data)
            elif head is None:
                head = _head_in(name, data)
                files[name] = hashlib.sha256(data).hexdigest()
                on_head(head)
            elif table := table_of(name):
                shape = head.shape(table)
                counted[table] = counted.get(table, 0) + data.count(b"\n")
                hashes.setdefault(table, hashlib.sha256()).update(data)
                on_rows(shape, data)
            else:
                files[name] = hashlib.sha256(data).hexdigest()
                on_file(name, data)
    if head is None or manifest is None:
        raise BackupProblem(DAMAGED)
    nothing = hashlib.sha256().hexdigest()
    rows = {table: counted.get(table, 0) for table in head.columns}
    sums = {table: hashes[table].hexdigest() if table in hashes else nothing for table in head.columns}
    if (rows, sums, files) != (manifest.get("rows"), manifest.get("sums"), manifest.get("files")):
        raise BackupProblem("The backup is damaged: what it holds is not what its manifest says.")
    return Backup(head, rows, sums, tuple(files))


def _head_in(name: str, data: bytes) -> Head:
    said = _parsed(data) if name == HEAD else {}
    if said.get("format") != FORMAT:
        newer = "The backup has a newer format: restore it with the version that made it, or a newer one."
        raise BackupProblem(newer if name == HEAD and said.get("format") else DAMAGED)
    try:
        return Head(**said)
    except TypeError:
        raise BackupProblem(DAMAGED) from None


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        said = json.loads(data)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise BackupProblem(DAMAGED)
    return said
