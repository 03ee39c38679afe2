"""Which earlier incidents one resembles, and why: shared systems, words and cause, the rare ones more.

No model and no network: what is shared is counted, and said. The caller reads what may be alike and how many
have each word; here it is weighed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from math import log

from majorops.domain.search import plain
from majorops.domain.text import listed, reference

SHOWN = 3
ASKED = 8  # words of an incident that are looked for
LEAST = 0.34  # of what the incident says that an earlier one has to share
IN_TEXT = 0.6  # a word of the title that the other has in its text or cause only
SYSTEM = 0.8  # a shared system, beside a word as rare
UNKNOWN = 0.4  # a word or a system that no earlier one has
RAREST = 3.5  # one that a single other incident has does not outweigh all else
KNOWN = 1.05  # one whose end is known is worth more than one that only stopped
_SMALL = frozenset(
    listed(
        "a about after all also an and any are as at be been before being but by can could did do does down "
        "during each few for from get gets go had has have her his how if in into is it its just less more "
        "most no not now of off on one only or other our out over own per so some such than that the "
        "new since their them then there "
        "these they this those through to too under until up was we were what when "
        "where which while who why will with within without yet you your "
        "incident issue issues problem problems prod production"
    )
)
_WORD = re.compile(r"[^\W\d_]{2,}[^\W_]*|\d+[^\W\d_]+\w*")  # `5xx` and `p95` are words, `4711` is none
_TIMED_OUT = re.compile(r"\btim(?:e|es|ed|ing)[ -]?outs?\b")


def stem(word: str) -> str:
    """A plain word without its ending, so that `expired` and `expires` are one."""
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word[:-1] if word.endswith("e") and len(word) >= 5 else word


def forms(word: str) -> tuple[str, ...]:
    """How the word of this stem may stand in a text, for an index that knows whole words."""
    root = stem(word)
    found = (word, root, *(root + ending for ending in ("s", "e", "ed", "ing")))
    if root == "timeout":
        found += ("time", "times", "timed")  # `time-out` is two words there
    return tuple(dict.fromkeys(found))


def words_of(text: str, systems: Iterable[str] = ()) -> dict[str, str]:
    """Stem → the word as it stands there, in the order of the text; without small words and numbers.

    Also without the parts of the names of `systems`, which are shared or not as a whole.
    """
    names = {part for name in systems for part in re.findall(r"[^\W_]+", plain(name))}
    found: dict[str, str] = {}
    for word in _WORD.findall(_TIMED_OUT.sub("timeout", plain(text))):
        if word not in _SMALL and word not in names:
            found.setdefault(stem(word), word)
    return found


@dataclass(frozen=True)
class Case:
    """An incident as it is compared.

    `text`: what else says what broke, `cause`: the sentence that states it, `ended`: what ended it; each
    empty where nothing is known. `minutes`: from detection to the end.
    """

    number: int
    title: str
    systems: tuple[str, ...]
    text: str = ""
    cause: str = ""
    ended: str = ""
    minutes: int = 0

    @cached_property
    def title_words(self) -> dict[str, str]:
        """Those of the title."""
        return words_of(self.title, self.systems)

    @cached_property
    def words(self) -> dict[str, str]:
        """Those of the title, then those of all else that is known."""
        return self.title_words | words_of(f"{self.text} {self.cause} {self.ended}", self.systems)


@dataclass(frozen=True)
class Like:
    """An earlier incident that one resembles, and what they share; the rarest word first."""

    case: Case
    score: float
    systems: tuple[str, ...]
    words: tuple[str, ...]
    in_cause: tuple[str, ...]

    @property
    def why(self) -> str:
        """`same system payments-api, same words: time-out, pool`."""
        parts = []
        if self.systems:
            parts.append(
                f"same {'system' if len(self.systems) == 1 else 'systems'} {', '.join(self.systems)}"
            )
        if self.words:
            noun = "word" if len(self.words) == 1 else "words"
            parts.append(f"same {noun}: {', '.join(self.words)}")
        if self.in_cause:
            parts.append(f"in its cause: {', '.join(self.in_cause)}")
        return ", ".join(parts)

    @property
    def course(self) -> str:
        """`INC-031, 44 min, ended by: Roll back to the release before`."""
        time = f"{self.case.minutes} min" if self.case.minutes < 600 else f"{self.case.minutes // 60} h"
        return f"{reference(self.case.number)}, {time}" + (
            f", ended by: {self.case.ended}" if self.case.ended else ""
        )


def asked_words(case: Case) -> dict[str, str]:
    """The words of an incident that are looked for: those of its title first."""
    return dict(list(case.words.items())[:ASKED])


def rarity(having: int, of: int) -> float:
    """What a word or a system is worth that so many of all incidents have.

    What none has tells no two apart, and is worth little.
    """
    return min(log(1 + max(of, having) / having), RAREST) if having else UNKNOWN


def alike(
    case: Case, earlier: Iterable[Case], worth: Callable[[str], float], most: int = SHOWN
) -> list[Like]:
    """The earlier incidents that this one resembles most, best first, the newer of two that are as good.

    `worth`: of a stem, or of a system's name (`rarity`). What shares too little is not offered: a wrong hint
    costs a MIM more than none.
    """
    found = [like for one in earlier if (like := _compare(case, one, worth))]
    return sorted(found, key=lambda like: (-round(like.score, 6), -like.case.number))[:most]


def _compare(case: Case, earlier: Case, worth: Callable[[str], float]) -> Like | None:
    asked = asked_words(case)
    shared = sorted((stem for stem in asked if stem in earlier.words), key=worth, reverse=True)
    systems = tuple(name for name in case.systems if name in earlier.systems)
    if not shared or (len(shared) == 1 and not systems and len(asked) > 1):
        return None
    total = sum(map(worth, asked)) + SYSTEM * sum(map(worth, case.systems))
    got = sum(worth(stem) * (1 if stem in earlier.title_words else IN_TEXT) for stem in shared)
    got += SYSTEM * sum(map(worth, systems))
    # Of two that share as much, the one that says less else is nearer.
    others = len(earlier.title_words.keys() - asked.keys()) + len(set(earlier.systems) - set(case.systems))
    score = got / total - 0.01 * min(others, 9)
    if score < LEAST:
        return None
    in_cause = [stem for stem in shared if stem not in earlier.title_words and stem in _cause(earlier)]
    return Like(
        earlier,
        score * (KNOWN if earlier.ended or earlier.cause else 1),
        systems,
        tuple(_said(earlier, (stem for stem in shared if stem not in in_cause))),
        tuple(_said(earlier, in_cause)),
    )


def _cause(case: Case) -> dict[str, str]:
    return words_of(f"{case.cause} {case.ended}", case.systems)


def _said(case: Case, stems: Iterable[str]) -> Iterator[str]:
    """As people write them: `time-out` for the stem of all its spellings."""
    return ("time-out" if stem == "timeout" else case.words[stem] for stem in stems)
