"""What a draft claims, held against the record it was made from (domain §8).

Nothing may stand in it that is not in the record. `check` finds every number, time, date, name, customer
count and cause in a text. What does not stand in the record becomes a Mark for the reader to look at. It
claims no understanding: a mark says "look here", and a text without marks is still a draft.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from majorops.domain.causes import unstated_causes
from majorops.domain.quantities import Found, quantities
from majorops.domain.text import listed

_LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"')]+|[\w.+-]+@[\w-]+\.[\w.-]*\w")
# A word that a machine or a ticket is called by: it has a digit, an underscore or a dot inside,
# or a technical part.
_NAME = re.compile(r"[A-Za-z0-9]+(?:[-_./:#][A-Za-z0-9]+)+|[A-Za-z]+\d[A-Za-z0-9]*")
_TECHNICAL = frozenset(
    listed(
        "api app auth backend bus cache cdn cluster core cron database db dns edge elastic eu frontend "
        "gateway grpc host http ingress job kafka lb ledger nginx node pod pool postgres primary prod "
        "proxy queue rds redis region replica search server service sql staging store svc us "
        "vm vpn web worker"
    )
)
_CAPITAL = re.compile(r"[A-Z][\w'’]*[\w]|[A-Z]\b")
_BEGINS = re.compile(r"(?:^|[.!?:;\n]\s*[\"'“(]?\s*|[-*•]\s+)$")
_OURS = frozenset(
    listed(
        "i we our us utc box can eta inc mim sre ok yes no active monitoring resolved critical high medium "
        "low milestone phase alert gather assess initial isolation mitigation validation resolution "
        "january february march april may june july august september october november december monday "
        "tuesday wednesday thursday friday saturday sunday english"
    )
)


@dataclass(frozen=True)
class Mark:
    """A place in a text that the reader must look at: characters `start` up to `end`, and why."""

    start: int
    end: int
    text: str
    why: str


@lru_cache(maxsize=128)  # a draft is drawn again and again, and stays the same
def check(text: str, record: str, customers: tuple[int, bool] | None = None) -> tuple[Mark, ...]:
    """The places of `text` that `record` does not cover, in order, none inside another.

    `record`: all that the writer could see. `customers`: the count and whether it is
    approximate, if there is one.
    """
    found = sorted(_marks(text, record, customers), key=lambda mark: (mark.start, -mark.end))
    kept: list[Mark] = []
    for mark in found:
        if not kept or mark.start >= kept[-1].end:
            kept.append(mark)
    return tuple(kept)


def still_said(marks: tuple[Mark, ...], text: str) -> tuple[Mark, ...]:
    """The marks whose words an edited text still has, as often as it has them."""
    kept: list[Mark] = []
    for mark in marks:
        there = len(re.findall(rf"(?<!\w){re.escape(mark.text)}(?!\w)", text))
        if sum(one.text == mark.text for one in kept) < there:
            kept.append(mark)
    return tuple(kept)


def pieces(text: str, marks: tuple[Mark, ...]) -> list[tuple[str, str]]:
    """The text in pieces, each with why it is marked; empty for what is not."""
    found, at = [], 0
    for mark in marks:
        found += [(text[at : mark.start], ""), (text[mark.start : mark.end], mark.why)]
        at = mark.end
    return [piece for piece in [*found, (text[at:], "")] if piece[0]]


def _marks(text: str, record: str, customers: tuple[int, bool] | None) -> Iterator[Mark]:
    lower = record.lower()
    taken: list[tuple[int, int]] = []

    def is_free(start: int, end: int) -> bool:
        return not any(start < b and a < end for a, b in taken)

    for match in _LINK.finditer(text):
        taken.append(match.span())
        if match[0].rstrip(".,;").lower() not in lower:
            yield _mark(text, match.span(), "this address is not in the record")
    known = {(one.kind, one.key) for one in quantities(record)}
    for one in quantities(text, counts=True):
        taken.append((one.start, one.end))
        if why := _why_quantity(one, known, record, customers):
            yield _mark(text, (one.start, one.end), why)
    for match in _NAME.finditer(text):
        if is_free(*match.span()) and _is_technical(match[0]) and match[0].lower() not in lower:
            taken.append(match.span())
            yield _mark(text, match.span(), "this name is not in the record")
    words = set(re.findall(r"[^\W_]+", lower))
    for match in _CAPITAL.finditer(text):
        word = match[0].removesuffix("'s").removesuffix("’s").lower()
        before = text[: match.start()]
        if not is_free(*match.span()) or word in words or word in _OURS or _BEGINS.search(before):
            continue
        if not re.search(r"[\w-]$", before):
            yield _mark(text, match.span(), "this name is not in the record")
    for start, end, why in unstated_causes(text, record):
        yield _mark(text, (start, end), why)


def _why_quantity(
    one: Found, known: set[tuple[str, str]], record: str, customers: tuple[int, bool] | None
) -> str:
    if one.kind == "people":
        counted = {key for kind, key in known if kind == "people"} | (
            {str(customers[0])} if customers else set()
        )
        if one.key not in counted:
            return "the record has no such count of people"
        about = customers is not None and customers[1] and one.key == str(customers[0])
        return "the record says approximately" if about and not one.is_about else ""
    if (one.kind, one.key) in known:
        return ""
    return f"this {one.kind} is not in the record"


def _is_technical(name: str) -> bool:
    parts = re.split(r"[-_./:#]", name.lower())
    has_digit = any(c.isdigit() for c in name) and any(c.isalpha() for c in name)
    return has_digit or "_" in name or ("." in name and len(parts[-1]) > 1) or bool(_TECHNICAL & set(parts))


def _mark(text: str, span: tuple[int, int], why: str) -> Mark:
    return Mark(*span, text[slice(*span)], why)
