"""What became of a file on its way is found, and nothing of it is believed."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text

from majorops.backup import sealed, take
from majorops.backup.container import Writer, opened
from majorops.backup.problem import BackupProblem
from majorops.backup.take import look_through

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECRET = "correct horse battery"


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Makes a backup of a small database; returns its path."""
    monkeypatch.setattr(take, "PIECE", 100)
    monkeypatch.setattr(sealed, "PART", 300)
    monkeypatch.setattr(sealed.SealingWriter.__init__, "__defaults__", (2**10,))
    engine = create_engine(f"sqlite:///{tmp_path / 'a.db'}")
    with engine.begin() as connection:
        for words in (
            "CREATE TABLE alembic_version (version_num VARCHAR(32))",
            "INSERT INTO alembic_version VALUES ('0001')",
            "CREATE TABLE thing (id INTEGER PRIMARY KEY, name VARCHAR(20), at DATETIME)",
            "CREATE TABLE empty (id INTEGER PRIMARY KEY)",
        ):
            connection.execute(text(words))
        rows = [{"id": n, "name": f"row {n}"} for n in range(100)]
        connection.execute(text("INSERT INTO thing VALUES (:id, :name, '2026-03-01 10\\:00\\:00')"), rows)

    def made(passphrase=""):
        path = tmp_path / "a.backup"
        take.take(engine, path, now=NOW, keys=["k"], settings={}, passphrase=passphrase)
        return path

    yield made
    engine.dispose()


@pytest.mark.parametrize("passphrase", ["", SECRET])
def test_it_is_read_as_it_was_written(make, passphrase):
    lines = []
    found = look_through(make(passphrase), passphrase, on_rows=lambda shape, data: lines.append(data))
    assert found.rows == {"empty": 0, "thing": 100}
    rows = [json.loads(line) for line in b"".join(lines).splitlines()]
    assert rows[99] == [99, "row 99", "2026-03-01 10:00:00.000000"]
    assert len(lines) > 5


@pytest.mark.parametrize("passphrase", ["", SECRET])
@pytest.mark.parametrize("place", [0.02, 0.3, 0.6, 0.9, 1])
def test_a_byte_that_changed_is_found(make, passphrase, place):
    path = make(passphrase)
    content = bytearray(path.read_bytes())
    content[int((len(content) - 9) * place)] ^= 1
    path.write_bytes(content)
    with pytest.raises(BackupProblem):
        look_through(path, passphrase)


@pytest.mark.parametrize("passphrase", ["", SECRET])
@pytest.mark.parametrize("left", [0, 10, 100, 0.5, 0.99])
def test_a_file_that_ends_too_early_is_found(make, passphrase, left):
    path = make(passphrase)
    content = path.read_bytes()
    path.write_bytes(content[: left if isinstance(left, int) else int(len(content) * left)])
    with pytest.raises(BackupProblem):
        look_through(path, passphrase)


def parts_of(content: bytes) -> tuple[bytes, list[bytes]]:
    """The head of an encrypted file, and its parts."""
    start = content.index(b"\n", len(sealed.MAGIC)) + 1
    parts, here = [], start
    for _ in range(1000):
        if here < len(content):
            size = 4 + int.from_bytes(content[here : here + 4])
            parts.append(content[here : here + size])
            here += size
    return content[:start], parts


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: parts[:-1],
        lambda parts: parts[:1] + parts[2:],
        lambda parts: [parts[1], parts[0], *parts[2:]],
        lambda parts: [parts[0], *parts],
        lambda parts: [b"\xff\xff\xff\xff" + parts[0][4:], *parts[1:]],
    ],
    ids=["cut", "left out", "swapped", "twice", "too long"],
)
def test_parts_keep_their_order_and_their_end(make, change):
    path = make(SECRET)
    head, parts = parts_of(path.read_bytes())
    assert len(parts) > 3
    path.write_bytes(head + b"".join(change(parts)))
    with pytest.raises(BackupProblem):
        look_through(path, SECRET)


@pytest.mark.parametrize(
    "head", [b"", b"{}\n", b'{"salt": "x", "n": 1}\n', b'{"salt": "AA==", "n": 1073741824}\n']
)
def test_the_cost_of_a_strange_file_is_bounded(tmp_path, head):
    path = tmp_path / "a"
    path.write_bytes(sealed.MAGIC + head)
    with pytest.raises(BackupProblem):
        look_through(path, SECRET)


def test_it_is_encrypted_under_its_passphrase_alone(make):
    path = make(SECRET)
    assert b"thing" not in path.read_bytes()
    for other in ("", "correct horse batterz"):
        with pytest.raises(BackupProblem, match="passphrase"):
            look_through(path, other)


def with_pieces(path, pieces):
    with Writer(path) as writer:
        for name, data in pieces:
            writer.add(name, data)
    return path


HEAD = {"format": 1, "product": "1", "schema": "1", "at": "", "database": "", "key_marks": [], "last": {}}


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [("other.json", b"{}")],
        [("head.json", b"[]")],
        [("head.json", b"{")],
        [("head.json", b'{"format": 2}')],
        [("head.json", b'{"format": 1}')],
        [("head.json", json.dumps(HEAD | {"columns": {}}).encode())],
        [("head.json", json.dumps(HEAD | {"columns": {}}).encode()), ("rows/evil/1.jsonl", b"[1]\n")],
        [("manifest.json", b"{}"), ("head.json", b"{}")],
    ],
)
def test_what_is_no_backup_of_ours_is_refused(tmp_path, pieces):
    with pytest.raises(BackupProblem):
        look_through(with_pieces(tmp_path / "a", pieces))


def test_pieces_that_are_no_files_are_refused(tmp_path):
    """A link, or a piece that would fill the memory."""
    path, plain = tmp_path / "a", io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        link = tarfile.TarInfo("head.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    path.write_bytes(gzip.compress(plain.getvalue()))
    with pytest.raises(BackupProblem), opened(path) as pieces:
        list(pieces)


def test_a_backup_that_fails_leaves_no_file_and_none_is_replaced(tmp_path):
    path = tmp_path / "a"
    with pytest.raises(TypeError), Writer(path) as writer:
        writer.add("x", None)
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(b"mine")
    with pytest.raises(BackupProblem, match="replaces nothing"):
        Writer(path)
    late = tmp_path / "late"
    with pytest.raises(FileExistsError), Writer(late) as writer:
        late.write_bytes(b"mine")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a", "late"]
    assert late.read_bytes() == b"mine"


def test_a_database_without_a_schema_has_nothing_to_back_up(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(BackupProblem, match="no schema"):
        take.take(engine, tmp_path / "a", now=NOW, keys=[], settings={})
    engine.dispose()


def test_it_is_written_where_there_are_no_hard_links(tmp_path, monkeypatch):
    def refuse(source, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with Writer(tmp_path / "a.backup") as writer:
        writer.add("head.json", b"{}")
    with opened(tmp_path / "a.backup") as pieces:
        assert list(pieces) == [("head.json", b"{}")]
    assert [file.name for file in tmp_path.iterdir()] == ["a.backup"]
