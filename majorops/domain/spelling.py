"""Slips of the pen in what somebody searches for: a word of the record that is one or two letters away.

Kept of each word are the spellings that lack one letter. Two words that differ by one letter, or by two that
changed places, have one of those in common, so that a look at an index finds the right one: the same on every
database, with no extension of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from majorops.domain.search import plain

LEAST, LONGEST = 4, 24  # letters of a word whose spelling is known
SLIPS = 7  # from so many letters on two slips are one word still
WORDS_MOST = 200  # of one text
_LETTERS = re.compile(r"[^\W\d_]+")


def spelled(text: str) -> set[str]:
    """The words of a text whose spelling is kept: of letters alone, plain, not too short and not too long."""
    found: dict[str, None] = {}
    for match in _LETTERS.finditer(plain(text[:20_000])):
        if LEAST <= len(match[0]) <= LONGEST:
            found[match[0]] = None
            if len(found) == WORDS_MOST:
                break
    return set(found)


def keys_of(word: str) -> set[str]:
    """The word, and what is left of it without one of its letters."""
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word))}


def slips(one: str, other: str) -> int:
    """How many letters were missed, added, mistaken or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, its in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


def nearest(typed: str, known: Iterable[str]) -> str:
    """The known word that was most likely meant; empty where none is near enough."""
    most = 2 if len(typed) >= SLIPS else 1
    near = [(slips(typed, word), word[0] != typed[0], word) for word in known]
    return min((one for one in near if 0 < one[0] <= most), default=(0, False, ""))[2]


def corrected(typed: str, meant: Mapping[str, str]) -> str:
    """What was typed with each of these words as it was meant; all else stays as it stands."""
    if not meant:
        return typed
    return _LETTERS.sub(lambda found: meant.get(plain(found[0]), found[0]), typed)
