"""Words that must not stand anywhere any more: how they are found in a text, and what stands there instead.

A text is searched as people read it: capitals and white space do not count. A column cuts long texts and a
summary shortens them with `…`: the beginning of the words there counts too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

LEAST = 3  # letters and digits; fewer would hit anything
LONGEST = 10_000  # characters
LINE = 15  # characters of a line that is looked for by itself too
CUT = 6  # characters of a beginning that was visibly cut off
SURE = 40  # characters of a beginning at the end of any line: a prompt cuts without a sign
ELLIPSIS = "…"
_ENDS = re.compile(f"({ELLIPSIS}|\n)")


def mark_of(now: datetime) -> str:
    """What stands in place of the words: `[redacted 2026-11-28]`."""
    return f"[redacted {now:%Y-%m-%d}]"


def words_refusal(words: str) -> str:
    """Why these words cannot be redacted; empty when they can."""
    if not words:
        return "Write or paste the words to redact."
    if len(words) > LONGEST:
        return f"At most {LONGEST:,} characters; this has {len(words):,}."
    if sum(letter.isalnum() for letter in words) < LEAST:
        return f"At least {LEAST} letters or digits: fewer would change words all over the record."
    if words.lower().strip("[] ").startswith("redacted"):
        return "That is what stands there already."
    return ""


@dataclass(frozen=True)
class Words:
    """What is looked for: the whole text, and each longer line of it."""

    parts: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Words:
        """The words of a text that `words_refusal` takes; longest first."""
        lines = [line.strip() for line in text.split("\n")]
        kept = [line for line in lines if len(line) >= LINE] if len(lines) > 1 else []
        parts = dict.fromkeys(" ".join(part.split()) for part in (text, *kept))
        return cls(tuple(sorted(parts, key=len, reverse=True)))

    @cached_property
    def _whole(self) -> re.Pattern[str]:
        return _any(self.parts)

    @cached_property
    def _beginnings(self) -> re.Pattern[str]:
        return _any(part[:CUT] for part in self.parts)

    def count(self, text: str, limit: int | None = None) -> int:
        """How often they stand in a text; `limit`: characters that its column keeps."""
        return self.replace(text, "", limit)[1]

    def replace(self, text: str, mark: str, limit: int | None = None) -> tuple[str, int]:
        """The text with `mark` in their place, at most `limit` characters of it, and how often they stood.

        `limit` None: the text was never cut.
        """
        new, found = self._whole.subn(lambda _: mark, text)
        is_full = limit is not None and len(text) >= limit
        pieces = _ENDS.split(new)  # a text, what ends it, the next text, …
        for place in range(0, len(pieces), 2):
            ends_with = pieces[place + 1] if place + 1 < len(pieces) else ""
            is_cut = ends_with == ELLIPSIS or (not ends_with and is_full)
            start = self._cut_from(pieces[place], CUT if is_cut else SURE)
            if start is not None:
                pieces[place] = pieces[place][:start] + mark
                found += 1
        new = "".join(pieces)
        return (new if limit is None else new[:limit]), found

    def _cut_from(self, text: str, least: int) -> int | None:
        """Where the beginning of the words, of `least` characters, stands at the end of a text.

        None where it does not.
        """
        # White space may be wider than in the words, so the tail may be a little longer.
        window = text[-2 * len(self.parts[0]) :]
        for found in self._beginnings.finditer(window):
            tail = " ".join(window[found.start() :].split()).lower()
            if len(tail) >= least and any(part.lower().startswith(tail) for part in self.parts):
                return len(text) - len(window) + found.start()
        return None


def _any(parts: Iterable[str]) -> re.Pattern[str]:
    """Any of these texts, whatever white space they have."""
    each = (r"\s+".join(map(re.escape, part.split())) for part in parts)
    return re.compile("|".join(each), re.IGNORECASE)


def texts_in(value: object) -> Iterable[str]:
    """Every text in a value as JSON knows them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one)


def replace_in(value: object, words: Words, mark: str) -> tuple[object, int]:
    """A value as JSON knows them with the words replaced in every text of it, and how often they stood."""
    if isinstance(value, str):
        return words.replace(value, mark)
    if isinstance(value, dict):
        pairs = {key: replace_in(one, words, mark) for key, one in value.items()}
        return {key: one for key, (one, _) in pairs.items()}, sum(found for _, found in pairs.values())
    if isinstance(value, list):
        ones = [replace_in(one, words, mark) for one in value]
        return [one for one, _ in ones], sum(found for _, found in ones)
    return value, 0
