"""The file of a backup: named pieces of bytes one after another, written whole or not at all."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from majorops.backup.problem import BackupProblem
from majorops.backup.sealed import CUT, MAGIC, OpeningReader, SealingWriter

COMPRESSION = 4  # of 9: half the time of 6, a tenth larger
LONGEST = 64 * 1024 * 1024  # bytes of a piece: larger ones are nothing that we wrote
DAMAGED = "The file is damaged, or is no backup of MajorOps."
LOCKED = "The backup is encrypted: its passphrase is needed."


class Writer:
    """Writes a new file at `path`, for the server's account alone; it is there once all of it is on the disk.

    `passphrase`: empty for a file that is not encrypted. Raises BackupProblem where something is at `path`
    already, OSError where it cannot be written.
    """

    def __init__(self, path: Path, passphrase: str = ""):
        if path.exists():
            raise BackupProblem(f"{path} is there already. A backup replaces nothing: name another file.")
        self._path, self._part = path, path.with_name(f".{path.name}.part")
        self._part.unlink(missing_ok=True)
        handle = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = cast(BinaryIO, os.fdopen(handle, "wb"))
        self._sealing = SealingWriter(self._file, passphrase) if passphrase else None
        below = cast(BinaryIO, self._sealing or self._file)
        self._gzip = gzip.GzipFile("", "wb", COMPRESSION, below, mtime=0)
        self._tar = tarfile.open(fileobj=self._gzip, mode="w|", format=tarfile.GNU_FORMAT)  # noqa: SIM115

    def add(self, name: str, data: bytes) -> None:
        """Append one piece."""
        piece = tarfile.TarInfo(name)
        piece.size, piece.mode = len(data), 0o600
        self._tar.addfile(piece, io.BytesIO(data))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            try:
                self._finish()
            except BaseException:
                self._drop()
                raise
        else:
            self._drop()

    def _finish(self) -> None:
        self._tar.close()
        self._gzip.close()
        if self._sealing:
            self._sealing.finish()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        try:
            os.link(self._part, self._path)  # unlike a rename it never replaces what somebody put there
            self._part.unlink()
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links: shares of a network, sticks
            self._part.rename(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _drop(self) -> None:
        with suppress(Exception):
            self._tar.close()  # or it would try again, and complain, whenever it is collected
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._part.unlink()


def is_encrypted(path: Path) -> bool:
    """Whether the file wants a passphrase. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


@contextmanager
def opened(path: Path, passphrase: str = "") -> Iterator[Iterator[tuple[str, bytes]]]:
    """The pieces of a file, name and bytes, in their order.

    They are read into memory one by one and never put on the disk. Raises BackupProblem for a file that is
    damaged, cut off, not ours, or encrypted under another passphrase; OSError.
    """
    with ExitStack() as stack:
        file: BinaryIO = stack.enter_context(path.open("rb"))
        if is_encrypted(path):
            if not passphrase:
                raise BackupProblem(LOCKED)
            file.seek(len(MAGIC))
            file = cast(BinaryIO, io.BufferedReader(OpeningReader(file, passphrase)))
        try:
            yield _pieces(file)
        except EOFError:
            raise BackupProblem(CUT) from None
        except (tarfile.TarError, zlib.error, gzip.BadGzipFile):
            raise BackupProblem(DAMAGED) from None


def _pieces(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    with gzip.GzipFile(fileobj=file, mode="rb") as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
        for piece in tar:
            content = tar.extractfile(piece) if piece.isreg() and piece.size <= LONGEST else None
            if content is None:
                raise BackupProblem(DAMAGED)
            yield piece.name, content.read()
        # To the end of the stream: its checksum, or a last part that is missing, is found there alone.
        plain.read()
