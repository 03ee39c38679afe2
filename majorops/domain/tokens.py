"""What a token for programs looks like: a prefix, entropy and a checksum.

Scanners of leaked secrets find it by its prefix, and one that was mistyped never reaches the database.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib
from hashlib import sha256

PREFIX = "mops_"
ENTROPY = 30  # letters and digits that are drawn
CHECKSUM = 6  # letters and digits of the CRC32
SHOWN = len(PREFIX) + 4  # characters by which a person knows a token again

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_FORM = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{ENTROPY}}})([0-9A-Za-z]{{{CHECKSUM}}})")


def new_token() -> str:
    """A new token; it is shown once, and only its `digest` is kept."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(ENTROPY))
    return PREFIX + drawn + _checksum(drawn)


def is_token(text: str) -> bool:
    """Whether this can be one of ours: the form is right, and the checksum."""
    found = _FORM.fullmatch(text)
    return found is not None and _checksum(found[1]) == found[2]


def digest(token: str) -> str:
    """What is kept of a token: its SHA-256, 64 hexadecimal digits."""
    return sha256(token.encode()).hexdigest()


def _checksum(drawn: str) -> str:
    """The CRC32 of the drawn part in base 62, most significant first, zeros in front."""
    rest, digits = zlib.crc32(drawn.encode()), []
    for _ in range(CHECKSUM):
        rest, digit = divmod(rest, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
