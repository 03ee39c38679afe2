"""What somebody types to search: its words, as the indexes have them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from majorops.domain.enums import Severity, by_value

WORDS = 12  # of what was typed that count


def plain(text: str) -> str:
    """A text in lower case and without accents, as the indexes have it."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def words_in(typed: str) -> list[str]:
    """The words of what somebody typed, plain and in lower case; the first dozen, whatever else it holds."""
    found = re.findall(r"[^\W_]+", plain(typed[:2_000]))
    return [word[:60] for word in dict.fromkeys(found)][:WORDS]


FIELDS = ("system", "severity", "before", "mim")
READ = 2_000  # characters of what was typed
AROUND = 90  # characters of a text that are shown on each side of its first marked word
_PART = re.compile(
    r'(?P<no>-)?(?:(?P<field>[a-z]+):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))', re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+")
_REFERENCE = re.compile(r"\s*(?:inc\s*-?\s*|#)([0-9]{1,9})\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Query:
    """What was asked for.

    `words`: or words that begin with them; `phrases`: words that stand beside each other; `without`: words
    or phrases that must not be there. `before`: midnight UTC. `number`: of the incident that was named and
    nothing beside, as INC-031 or #31; None for none. `problem`: what could not be read, as a sentence; empty
    for nothing.
    """

    words: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    without: tuple[tuple[str, ...], ...] = ()
    system: str = ""
    severity: Severity | None = None
    before: datetime | None = None
    mim: str = ""
    number: int | None = None
    problem: str = ""

    @property
    def has_words(self) -> bool:
        """There is something that a text can hold."""
        return bool(self.words or self.phrases)

    @property
    def has_filter(self) -> bool:
        """It asks for some incidents only."""
        return bool(self.system or self.severity or self.before or self.mim)

    @property
    def asks(self) -> bool:
        """It can be read, and there is something to look for."""
        return not self.problem and (self.has_words or self.has_filter)


def shown_as(typed: str) -> str:
    """What was typed, as its field shows it again: as far as it is read."""
    return typed.replace("\0", "")[:READ]


def parse(typed: str) -> Query:
    """Read what was typed: words, `"phrases"`, `-not`, `system:`, `severity:`, `before:`, `mim:`.

    Good for any text: what means nothing is left out, and what cannot be read is said in `problem`.
    """
    reference = _REFERENCE.fullmatch(typed[:READ])
    given: dict[str, Any] = {"number": int(reference[1]) if reference else None}
    words: list[str] = []
    phrases: list[tuple[str, ...]] = []
    without: list[tuple[str, ...]] = []
    problem = ""
    for part in _PART.finditer(typed[:READ]):
        value = part["phrase"] if part["phrase"] is not None else part["word"]
        name = (part["field"] or "").lower()
        if name in FIELDS and not part["no"]:
            sentence = _take(name, value.strip(), given)
            problem = problem or sentence
            continue
        text = f"{part['field']} {value}" if part["field"] else value
        found = tuple(words_in(text))
        if part["no"] and found:
            without.append(found)
        elif part["phrase"] is not None and len(found) > 1:
            phrases.append(found)
        else:
            words += found
    query = Query(
        tuple(dict.fromkeys(words))[:WORDS], tuple(phrases[:WORDS]), tuple(without[:WORDS]), **given
    )
    return replace(query, problem=problem or _missing(query))


def _take(name: str, value: str, given: dict[str, Any]) -> str:
    """Keep one filter; returns what is wrong with it."""
    if name == "severity":
        given["severity"] = by_value(Severity, value.lower())
        return "" if given["severity"] else "severity: takes critical, high, medium or low."
    if name == "before":
        try:
            given["before"] = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            return "before: takes a date such as 2026-11-23."
        return ""
    given[name] = value[:120].lower() if name == "system" else value[:120]
    return "" if value else f"{name}: takes a name, such as {name}:{_EXAMPLES[name]}."


_EXAMPLES = {"system": "payments-api", "mim": '"Maya Okafor"'}


def _missing(query: Query) -> str:
    return "Say a word to look for, too." if query.without and not query.has_words else ""


def _hits(text: str, query: Query) -> list[tuple[int, int, int]]:
    """(start, end, worth) of each word of the text that was asked for: whole, as begun, or of a phrase."""
    whole = {word for phrase in query.phrases for word in phrase}
    found = []
    for match in _WORD.finditer(text):
        word = plain(match[0])
        if word in whole or word in query.words:
            found.append((match.start(), match.end(), 2))
        elif any(len(one) > 1 and word.startswith(one) for one in query.words):
            found.append((match.start(), match.end(), 1))
    return found


def score(query: Query, title: str, text: str) -> int:
    """How well a row answers: hits in its title count three times, whole words twice."""
    hits = 3 * sum(hit[2] for hit in _hits(title, query)) + min(sum(hit[2] for hit in _hits(text, query)), 12)
    both = plain(f"{title}\n{text}")
    return hits + 6 * sum(" ".join(phrase) in both for phrase in query.phrases)


def marked(query: Query, text: str, *, is_whole: bool = False) -> tuple[tuple[str, bool], ...]:
    """The text in pieces, and whether each is a word that was asked for.

    But for `is_whole` only what stands around the first one, on one line.
    """
    hits = _hits(text, query)
    start, end = 0, len(text)
    if not is_whole:
        at = hits[0][0] if hits else 0
        start, end = max(at - AROUND, 0), min(at + 2 * AROUND, len(text))
    pieces, here = [], start
    for first, last, _ in hits:
        if start <= first and last <= end:
            pieces += [(text[here:first], False), (text[first:last], True)]
            here = last
    pieces.append((text[here:end], False))
    if start:
        pieces.insert(0, ("… ", False))
    if end < len(text):
        pieces.append((" …", False))
    return tuple(piece for piece in pieces if piece[0])
