"""The file of an embedded database: readable by us alone, and looked at before the server starts.

SQLite leaves out what is damaged in the file beside it (`-wal`) without a word, and finds a damaged
page only when it is read. Both are said at the start; a damaged database is not served, as every save
would make it worse.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import struct
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

SECONDS = 3.0  # that a start waits for the check, however large the database is
BESIDE = ("", "-wal", "-shm", "-journal")
RESTORE = "README, Restore."


@dataclass(frozen=True)
class Finding:
    """`refusal`: why the server does not start; `warning`: what its people must know.

    Both one line, mostly empty.
    """

    refusal: str = ""
    warning: str = ""


def sqlite_file(url: str) -> Path | None:
    """The file of an embedded database; None for any other."""
    path = url.removeprefix("sqlite:///").partition("?")[0]
    return Path(path) if url.startswith("sqlite:///") and path not in ("", ":memory:") else None


def make_private(path: Path) -> None:
    """Only the account of the server reads the database; SQLite gives the files beside it the same mode.

    Never raises: who runs a command as somebody else may use the database and not change its mode.
    """
    with suppress(OSError):
        # Only a file that is not there: closing any handle of a database ends the locks that this
        # process has on it.
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0o600))
    for suffix in BESIDE:
        beside = path.with_name(path.name + suffix)
        with suppress(OSError):
            if stat.S_IMODE(beside.stat().st_mode) & 0o077:
                beside.chmod(0o600)


def examine_file(path: Path, seconds: float = SECONDS) -> Finding:
    """Look at the database before anybody opens it: opening drops what is damaged in `-wal`.

    A damaged log is copied beside it as `-wal.damaged`. `seconds`: how long the database itself is checked. A
    file that is missing or empty is fine.
    """
    if not path.exists() or path.stat().st_size == 0:
        return Finding()
    warning = ""
    wal = path.with_name(path.name + "-wal")
    if lost := lost_saves(wal):
        kept = wal.with_name(f"{wal.name}.damaged")
        with suppress(OSError):
            shutil.copyfile(wal, kept)
            kept.chmod(0o600)
        warning = (
            f"{wal} is damaged: up to {lost} of the newest saves are lost. "
            f"It is kept as {kept.name}. Look whether the record is complete, or restore a backup: {RESTORE}"
        )
    if damage := quick_check(path, seconds):
        return Finding(f"{path} is damaged ({damage}). Not started. Restore a backup: {RESTORE}", warning)
    return Finding("", warning)


def quick_check(path: Path, seconds: float) -> str:
    """What SQLite finds wrong within so many seconds; empty when it finds nothing until then."""
    end = time.monotonic() + seconds
    try:
        with closing(sqlite3.connect(path, timeout=seconds)) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError:
        return ""  # time is up, or it is locked, or cannot be opened: said by whoever needs it
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else " ".join(found.split())[:200]


def lost_saves(wal: Path) -> int:
    """How many commits stand behind the first damaged place of a write-ahead log.

    0 for a whole one, for none, and for one that ends in the middle of a save that was never acknowledged.
    The format is SQLite's, "WAL-mode File Format".
    """
    try:
        with wal.open("rb") as file:
            return _lost_in(file)
    except FileNotFoundError:
        return 0


def _lost_in(file: BinaryIO) -> int:
    head = file.read(32)
    if len(head) < 32:
        return 0
    magic, _, page_size, _, *salts, first, second = struct.unpack(">8I", head)
    order = {0x377F0682: "<", 0x377F0683: ">"}.get(magic, "")
    is_whole = bool(order) and checksum(head[:24], order, (0, 0)) == (first, second)
    if not is_whole:
        return 1 if file.read(1) else 0
    size, sums, lost, is_damaged = (page_size or 65_536) + 24, (first, second), 0, False
    while len(frame := file.read(size)) == size:
        _, commit, *salt, one, two = struct.unpack(">6I", frame[:24])
        if salt != salts:
            break  # what an earlier round left behind
        if not is_damaged:
            sums = checksum(frame[:8] + frame[24:], order, sums)
            is_damaged = sums != (one, two)
        if is_damaged and commit:
            lost += 1
    return lost


def checksum(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    """SQLite's checksum of a log, continued from `sums`; `order`: of the bytes, as struct names it."""
    one, two = sums
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for x, y in zip(words[::2], words[1::2], strict=True):
        one = (one + x + two) & 0xFFFFFFFF
        two = (two + y + one) & 0xFFFFFFFF
    return one, two
