"""What somebody types to search: its words, as the indexes have them."""

from __future__ import annotations

import re
import unicodedata

WORDS = 12  # of what was typed that count


def plain(text: str) -> str:
    """A text in lower case and without accents, as the indexes have it."""
    letters = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def words_in(typed: str) -> list[str]:
    """The words of what somebody typed, plain and in lower case; the first dozen, whatever else it holds."""
    found = re.findall(r"[^\W_]+", plain(typed[:2_000]))
    return [word[:60] for word in dict.fromkeys(found)][:WORDS]
