"""A stream that is encrypted under a passphrase, in parts: memory does not grow with it.

Cryptography's own Fernet does the work, under a key that Scrypt derives from the passphrase and a salt of
each file. A part holds its number and whether it is the last one, so that none can be left out, moved or cut
off without being noticed; one of another file does not open, as its key is another.
"""

from __future__ import annotations

import base64
import io
import json
import os
from typing import BinaryIO

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from majorops.backup.problem import BackupProblem

MAGIC = b"MajorOps backup, encrypted 1\n"
PART = 1024 * 1024  # bytes of a part before it is encrypted
LONGEST = 2 * PART  # bytes of an encrypted part: what says that it is longer is no file of ours
COST = 2**16  # Scrypt's n: 64 MiB and about a quarter of a second
DEAREST = 2**20  # nobody's file makes us take more than 1 GiB
NUMBER = 8  # bytes
DAMAGED = "The passphrase is not the one of this backup, or the file is damaged."
CUT = "The backup ends too early: it was not written or copied to its end."


def _cipher(passphrase: str, salt: bytes, cost: int) -> Fernet:
    key = Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(key))


class SealingWriter(io.RawIOBase):
    """Encrypts what is written into `target`; `finish` writes the last part, without which nothing opens."""

    def __init__(self, target: BinaryIO, passphrase: str, cost: int = COST):
        salt = os.urandom(16)
        head = {"salt": base64.b64encode(salt).decode(), "n": cost}
        target.write(MAGIC + json.dumps(head).encode() + b"\n")
        self._target, self._cipher = target, _cipher(passphrase, salt, cost)
        self._waiting, self._count = bytearray(), 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data) -> int:
        """Take bytes; a part is encrypted as soon as it is full."""
        self._waiting += data
        while len(self._waiting) > PART:
            self._put(bytes(self._waiting[:PART]), is_last=False)
            del self._waiting[:PART]
        return len(data)

    def finish(self) -> None:
        """Encrypt what waits, as the last part."""
        self._put(bytes(self._waiting), is_last=True)

    def _put(self, data: bytes, *, is_last: bool) -> None:
        token = self._cipher.encrypt(self._count.to_bytes(NUMBER) + bytes([is_last]) + data)
        self._target.write(len(token).to_bytes(4) + token)
        self._count += 1


class OpeningReader(io.RawIOBase):
    """Reads what SealingWriter wrote, from behind MAGIC on. Raises BackupProblem for anything else."""

    def __init__(self, source: BinaryIO, passphrase: str):
        try:
            head = json.loads(source.readline(1000))
            salt, cost = base64.b64decode(head["salt"]), int(head["n"])
        except (ValueError, KeyError, TypeError):
            raise BackupProblem(DAMAGED) from None
        if not 2**10 <= cost <= DEAREST or cost & (cost - 1):
            raise BackupProblem(DAMAGED)
        self._source, self._cipher = source, _cipher(passphrase, salt, cost)
        self._opened, self._count, self._is_done = b"", 0, False

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer) -> int:
        """Fill the buffer as far as the part goes; 0 at the end."""
        while not self._opened and not self._is_done:
            self._opened = self._next()
        taken = self._opened[: len(buffer)]
        buffer[: len(taken)] = taken
        self._opened = self._opened[len(taken) :]
        return len(taken)

    def _next(self) -> bytes:
        size = int.from_bytes(self._source.read(4))
        token = self._source.read(size) if size <= LONGEST else b""
        if not size or (size <= LONGEST and len(token) < size):
            raise BackupProblem(CUT)
        try:
            part = self._cipher.decrypt(token)
        except InvalidToken:
            raise BackupProblem(DAMAGED) from None
        if int.from_bytes(part[:NUMBER]) != self._count:
            raise BackupProblem(DAMAGED)
        self._count, self._is_done = self._count + 1, bool(part[NUMBER])
        return part[NUMBER + 1 :]
