"""Causes that a text claims, against those that the record states (domain §8).

A milestone states what is known, not what is suspected (guide, "Cut your first milestone").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from majorops.domain.text import listed

_CAUSAL = (
    r"root cause|caused by|cause (?:is|was)|due to|because(?: of)?|as a result of|resulted from|"
    r"triggered by|owing to|stem(?:s|med|ming) from|led to by|introduced by|thanks to|"
    r"traced (?:back )?to|attributed to|brought about by"
)
_REST = r"(?:[^.!?;\n]|\.(?=\S))"  # a dot inside 4.18.2 ends no sentence
_CLAIM = re.compile(rf"\b(?:{_CAUSAL})\b{_REST}*", re.IGNORECASE)
_NAMED = re.compile(rf"\b(?:causes?:|{_CAUSAL})(?=\W){_REST}*", re.IGNORECASE)
_SENTENCE = re.compile(rf"{_REST}+")
_STATES = re.compile(rf"\b(?:{_CAUSAL}|causes?|culprit|fault|suspect\w*)\b", re.IGNORECASE)
_OPEN = re.compile(
    r"\b(?:not (?:yet )?(?:known|confirmed|clear|found|identified|determined|stated)|unknown|unclear|"
    r"under investigation|investigat\w+|looking (?:for|into)|to be (?:confirmed|determined)|"
    r"unconfirmed|isn't known|no known|search\w*)\b",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:suspect\w*|possibl[ey]|may|might|could|likely|probabl[ey]|appears?|believed?|assum\w+|hypothes\w+|"
    r"not (?:yet )?confirmed|unconfirmed)\b",
    re.IGNORECASE,
)
_ENDED = frozenset(listed("fixed found known gone removed over fully now closed"))
_SMALL = frozenset(
    listed(
        "a an the of to in on at by for from with and or is was were be been being are this that these "
        "those it its our their we has have had as due because cause caused root result triggered which "
        "who after when while during now still some yet affecting affected causing traced attributed back "
        "identified confirmed issue problem incident"
    )
)


def unstated_causes(text: str, record: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, why) of each claimed cause that no sentence of the record states, in order.

    Also of one that the record only suspects, where the text is sure of it. Reads English only.
    """
    stated = [s for s in _SENTENCE.findall(record) if _STATES.search(s)]
    for match in _CLAIM.finditer(text):
        claim = match[0].rstrip()
        sentence = _around(text, match.start())
        if _OPEN.search(sentence):
            continue
        words = _words(claim)
        if not words:
            continue
        backed = [s for s in stated if len(words & _words(s)) >= 0.6 * len(words)]
        span = (match.start(), match.start() + len(claim))
        if not backed:
            yield (*span, "the record states no such cause")
        elif all(_HEDGE.search(s) for s in backed) and not _HEDGE.search(sentence):
            yield (*span, "the record only suspects this cause")


def stated_cause(text: str) -> str:
    """The first sentence of a text that states what the cause was; empty where none does, or only suspects.

    `The cause is fixed` states none. Reads English only.
    """
    for match in _NAMED.finditer(text):
        sentence = _around(text, match.start()).strip()
        if len(_words(match[0]) - _ENDED) > 1 and not _OPEN.search(sentence) and not _HEDGE.search(sentence):
            return sentence
    return ""


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in _SMALL}


def _around(text: str, at: int) -> str:
    """The sentence that has this place."""
    return next((found[0] for found in _SENTENCE.finditer(text) if found.start() <= at < found.end()), "")
