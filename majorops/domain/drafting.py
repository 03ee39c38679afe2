"""The shape of what the four helpers write, whoever writes it (domain §8)."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from difflib import SequenceMatcher

from majorops.domain.enums import Helper
from majorops.domain.text import clean_text, listed

# What each helper's text is made of, in order; a writer names each part at the beginning of its line.
PARTS: dict[Helper, tuple[str, ...]] = {
    Helper.UPDATE: ("Conditions", "Actions", "Next update"),
    Helper.BRIEF: ("Headline", "Impact", "Posture", "Next"),
    Helper.SUGGESTION: ("Next", "Watch", "Failure"),
    Helper.REVIEW: ("Summary", "Root cause", "Contributing", "Went well", "Lost time"),
}
LONGEST = 4_000  # characters of an answer; an update that long is none
UNUSED = 0.6  # so much changed, a text is the person's own: promises alone read alike
UNKNOWN = "not known"
TELLING = 4  # so many words in a row are no coincidence; fewer count only as a whole sentence
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|\n+")
_WORD = re.compile(r"\w+(?:[-'’./:]\w+)*")
_MARKUP = re.compile(r"```\w*|</?[a-zA-Z][^<>]{0,200}>|\*\*|__|^#{1,6}\s+|^[-*•]\s+|`", re.MULTILINE)
_COMMON = frozenset(
    listed("the of to and is are were for with that this it by from not be been our have has will")
)
_BARE = re.compile(r"(?:not known|unknown|none|n/a|not applicable|-+)\W*", re.IGNORECASE)


class Unusable(ValueError):
    """An answer that cannot be shown; its text is a sentence that says why."""


def tidy(answer: str) -> str:
    """Plain text of an answer: no markup, no controls."""
    plain = _MARKUP.sub("", html.unescape(_MARKUP.sub("", answer)))
    return re.sub(r"\n{3,}", "\n\n", clean_text(plain))


def parts_of(helper: Helper, answer: str) -> dict[str, str]:
    """Part → its text in one line, of those the answer has so far; a review's parts keep their lines."""
    names = "|".join(PARTS[helper])
    found = re.split(rf"^\W*({names})\W*[:–—-]\s*", tidy(answer), flags=re.IGNORECASE | re.MULTILINE)
    joined = _lines if helper is Helper.REVIEW else _one_line
    told = {name.capitalize(): joined(text) for name, text in zip(found[1::2], found[2::2], strict=True)}
    return {name: told[name] for name in PARTS[helper] if name in told}


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _lines(text: str) -> str:
    return "\n".join(filter(None, map(_one_line, text.splitlines())))


def composed(helper: Helper, parts: dict[str, str]) -> str:
    """The text that a person reads, of parts by name; parts that say nothing are left out.

    A brief is one paragraph, an update one line a part; a suggestion and a review have their labels.
    """
    told = {name: text for name, text in parts.items() if text and not _BARE.fullmatch(text)}
    if (ahead := told.get("Next update")) and not re.match(r"(?:the )?next\b", ahead, re.IGNORECASE):
        told["Next update"] = f"Next update {ahead[0].lower()}{ahead[1:]}"
    if helper in (Helper.SUGGESTION, Helper.REVIEW):
        return "\n".join(f"{name}: {text}" for name, text in told.items())
    return (" " if helper is Helper.BRIEF else "\n").join(sentence(text) for text in told.values())


def so_far(helper: Helper, answer: str) -> str:
    """What can be shown of an answer that is still being written: no half name of a part."""
    lines = answer.split("\n")
    begun = lines[-1].strip(" *#-").lower()
    if any(name.lower().startswith(begun) for name in PARTS[helper]):
        lines.pop()
    whole = "\n".join(lines)
    return composed(helper, parts_of(helper, whole)) or tidy(whole)


def finished(helper: Helper, answer: str, seen: str) -> str:
    """The composed text of a whole answer; `seen`: what its writer saw.

    Raises Unusable for an answer that is empty, beyond 4,000 characters, without all its parts, or foreign.
    """
    if not answer.strip():
        raise Unusable("The answer was empty.")
    if len(answer) > LONGEST:
        raise Unusable("The answer ran on.")
    parts = parts_of(helper, answer)
    if set(PARTS[helper]) - set(parts):
        raise Unusable("The answer had not the parts that were asked for.")
    text = composed(helper, parts)
    if not text:
        raise Unusable("The answer said nothing.")
    if is_foreign(text, seen):
        raise Unusable("The answer was in another language.")
    return text


def is_foreign(text: str, seen: str) -> bool:
    """The text is in another language than what its writer saw.

    Another script, or, in more than twelve words, next to none of the common words of English though the
    record has them.
    """
    letters, strange = (
        sum(map(test, text)) for test in (str.isalpha, lambda c: c.isalpha() and c > "\u024f")
    )
    seen_strange = sum(c.isalpha() and c > "\u024f" for c in seen)
    if letters and strange / letters > 0.3 and not seen_strange:
        return True
    return _share_of_english(text) < 0.06 <= _share_of_english(seen) and len(text.split()) > 12


def _share_of_english(text: str) -> float:
    words = re.findall(r"[^\W\d_]+", text.lower())
    return sum(word in _COMMON for word in words) / len(words) if words else 0.0


def sentence(text: str) -> str:
    """The text with a capital at its beginning and a full stop where it has no end; empty for none."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text.rstrip("\"'”")[-1:] in (*".!?…:", "") else ".")


def sentences(text: str) -> list[str]:
    """The sentences of a text as they stand there; the last one may be unfinished."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def sentence_of(draft: str, posted: str, own: Iterable[str] = ()) -> str:
    """The first sentence of a posted text that a draft wrote, whole or begun; empty when there is none.

    It stands in the posted text's words or the draft's. `own`: texts whose sentences are the person's or were
    published before. A promise of the next update is nobody's: they all read alike.
    """
    known = [f" {_words(text)} " for text in own]

    def is_own(words: str) -> bool:
        return words.startswith("next update") or any(f" {words} " in text for text in known)

    whole, here = f" {_words(posted)} ", {_words(part) for part in sentences(posted)}
    for part in sentences(draft):
        words = _words(part)
        length = len(words.split())
        if (
            length > 1
            and (words in here or (length >= TELLING and f" {words} " in whole))
            and not is_own(words)
        ):
            return part
    drafted = f" {_words(draft)} "
    for part in sentences(posted):
        words = _words(part)
        if len(words.split()) >= TELLING and f" {words} " in drafted and not is_own(words):
            return part
    return ""


def _words(text: str) -> str:
    """The words of a text in lower case, one space between them.

    Neither markup nor a full stop makes a difference.
    """
    return " ".join(_WORD.findall(text.casefold()))


def changed(draft: str, posted: str) -> float:
    """How much of a draft a person changed before they posted it: 0.0 nothing, 1.0 all of it."""
    first, second = draft.split(), posted.split()
    if first == second:
        return 0.0
    return 1.0 - SequenceMatcher(None, first, second, autojunk=False).ratio()
