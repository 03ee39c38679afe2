"""Numbers, times and dates in a text, each in one spelling.

So `1,240`, `1240` and `1.24 thousand` are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from majorops.domain.text import listed

_MONTHS = listed("jan feb mar apr may jun jul aug sep oct nov dec")
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|"
    r"aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b"
)
_DATE = re.compile(
    r"\b(\d{4})-(\d\d)-(\d\d)\b"
    rf"|\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?=\W|$)"
    rf"|\b{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?(?:\s*([ap])\.?m\b)?"
    r"|\b(1[0-2]|[1-9])\s*([ap])\.?m\b",
    re.IGNORECASE,
)
_VERSION = re.compile(r"\bv?\d+(?:\.\d+){2,}\b", re.IGNORECASE)
_WORDS = dict(
    zip(
        listed(
            "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety"
        ),
        [*range(2, 21), 30, 40, 50, 60, 70, 80, 90],
        strict=True,
    )
)
_VAGUE = (
    r"dozens?|hundreds|thousands|millions|half|third|quarter|majority|most|several hundred|"
    r"several thousand|double|twice"
)
_SCALE = {"k": 1_000, "thousand": 1_000, "million": 1_000_000, "bn": 10**9, "billion": 10**9, "hundred": 100}
_NUMBER = re.compile(
    r"(?<![\w.])(?:(?P<digits>\d{1,3}(?:[,\u00a0\u202f']\d{3})+(?!\d)(?:\.\d+)?|\d+(?:[.,]\d+)?)"
    rf"|(?P<word>{'|'.join(_WORDS)})(?:-(?P<ones>one|two|three|four|five|six|seven|eight|nine))?(?![\w-]))"
    r"(?:(?P<percent>\s?%|\s+per\s?cent\b)|\s?(?P<scale>k|bn)\b"
    r"|\s+(?P<said>hundred|thousand|million|billion)\b)?",
    re.IGNORECASE,
)
_LOOSE = re.compile(rf"\b(?:{_VAGUE})\b", re.IGNORECASE)
_ABOUT = re.compile(
    r"(?:approximately|approx\.?|about|around|roughly|circa|some|an estimated|estimated|~|≈)\s*$",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"(over|more than|up to|at least|fewer than|less than|under|nearly|almost|exactly|only)\s+$",
    re.IGNORECASE,
)
_PART_OF_NAME = re.compile(r"[A-Za-z][-_/#]$")
_PEOPLE = re.compile(
    r"\s+(?:(?!min|hour|sec|day|per|of\b|and\b|in\b)[a-z]+\s+)?"
    r"(?:customers?|users?|clients?|accounts?|people|persons?|subscribers?|merchants?|"
    r"cardholders?|patients?|tenants?)\b",
    re.IGNORECASE,
)
_PEOPLE_BEFORE = re.compile(
    r"\b(?:customers?|users?|clients?|accounts?|people)(?:\s+(?:affected|impacted|count))*"
    r"\s*(?:[:=]|\bis\b|\bare\b)\s*"
    r"(?:approximately|approx\.?|about|around|roughly|~)?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Found:
    """One quantity: `kind` is time, date, version, number, percentage or people; `key` its one spelling."""

    start: int
    end: int
    kind: str
    key: str
    is_about: bool = False


def quantities(text: str, counts: bool = False) -> Iterator[Found]:
    """Every quantity of the text.

    A number of people is found as `people`, and without `counts` as a number too, as far as a record
    goes: there it stands for both. A bound (`over 500`) is part of what is claimed.
    """
    taken = [False] * (len(text) + 1)

    def free(match: re.Match[str]) -> bool:
        if any(taken[match.start() : match.end()]):
            return False
        taken[match.start() : match.end()] = [True] * (match.end() - match.start())
        return True

    for match in _DATE.finditer(text):
        if free(match):
            yield Found(*match.span(), "date", _date(match))
            if match[1] and not counts:
                yield Found(*match.span(), "number", match[1])
    for match in _VERSION.finditer(text):
        if free(match):
            yield Found(*match.span(), "version", match[0].lower().removeprefix("v"))
    for match in _TIME.finditer(text):
        if free(match):
            yield from (Found(*match.span(), "time", key) for key in _times(match, counts))
    for match in _NUMBER.finditer(text):
        if counts and _PART_OF_NAME.search(text[max(0, match.start() - 2) : match.start()]):
            continue  # PL-88213 is claimed as a whole
        if free(match):
            yield from _number(text, match, counts)
    for match in _LOOSE.finditer(text):
        if free(match):
            yield Found(*match.span(), "number", match[0].lower())


def _date(match: re.Match[str]) -> str:
    if match[1]:
        return f"{int(match[2])}-{int(match[3])}"
    month = (match[5] or match[6]).lower()
    return f"{_MONTHS.index(month[:3]) + 1}-{int(match[4] or match[7])}"


def _times(match: re.Match[str], counts: bool) -> list[str]:
    """A time of day, with seconds or without.

    A record that has the second knows the minute too; a draft claims what it says.
    """
    if match[5]:
        return [f"{int(match[5]) % 12 + 12 * (match[6].lower() == 'p'):02d}:00"]
    hour = int(match[1])
    if match[4]:
        hour = hour % 12 + 12 * (match[4].lower() == "p")
    minute = f"{hour:02d}:{match[2]}"
    if not match[3]:
        return [minute]
    return [f"{minute}:{match[3]}"] if counts else [minute, f"{minute}:{match[3]}"]


def _number(text: str, match: re.Match[str], counts: bool) -> Iterator[Found]:
    value = _value(match)
    key = f"{value.normalize():f}"
    before = text[max(0, match.start() - 48) : match.start()]
    is_about, bound = bool(_ABOUT.search(before)), _BOUND.search(before)
    people = _PEOPLE.match(text, match.end()) or _PEOPLE_BEFORE.search(before)
    if match["percent"]:
        yield Found(*match.span(), "percentage", key, is_about)
        return
    if bound and counts:
        yield Found(match.start() - len(bound[0]), match.end(), "number", f"{bound[1].lower()} {key}")
    elif bound:
        yield Found(*match.span(), "number", f"{bound[1].lower()} {key}")
    if people:
        yield Found(*match.span(), "people", key, is_about)
    if not counts or not (people or bound):
        yield Found(*match.span(), "number", key, is_about)


def _value(match: re.Match[str]) -> Decimal:
    if match["word"]:
        ones = {"one": 1, **_WORDS}.get((match["ones"] or "").lower(), 0)
        value = Decimal(_WORDS[match["word"].lower()] + ones)
    else:
        digits = re.sub(r"[\u00a0\u202f']", "", match["digits"])
        thousands = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits)
        value = Decimal(digits.replace(",", "" if thousands else "."))
    scale = (match["scale"] or match["said"] or "").lower()
    return value * _SCALE[scale] if scale else value
