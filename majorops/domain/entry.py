"""One line of entry, read leniently: `App, Lena: roll back payments-api 15`, `Lena: check the pool size 5`.

What a line does not say is empty or None; whether that is enough is for the operation to say.
"""

from __future__ import annotations

import re
from typing import TypedDict

ASK_MINUTES = 5
_MINUTES = re.compile(r"[\s,]+(\d{1,5})\s*(?:m|min|mins|minutes|')?\.?$", re.IGNORECASE)


class TrackLine(TypedDict):
    """What opens a track; `minutes` is None where no number ends the line."""

    team: str
    owner: str
    goal: str
    minutes: int | None


class AskLine(TypedDict):
    """What opens an ask, with its clock."""

    whom: str
    what: str
    minutes: int


class CauseLine(TypedDict):
    """A cause that is ruled out."""

    cause: str
    why: str


class DecisionLine(TypedDict):
    """A decision, as it is logged."""

    proposal: str
    decided_by: str
    objections: str


def parse_track(line: str) -> TrackLine:
    """`team`, `owner`, `goal` and `minutes` of `Team, Owner: goal minutes`.

    Minutes are None where no number ends the line.
    """
    head, rest = _head(line)
    team, _, owner = head.partition(",")
    goal, minutes = _minutes(rest)
    return {"team": team.strip(), "owner": owner.strip(), "goal": goal, "minutes": minutes}


def parse_gather(line: str) -> tuple[list[str], int | None]:
    """Teams, each once in the order typed, and minutes (None where none are said) of `App, Database 5`."""
    names, minutes = _minutes(line)
    return list(dict.fromkeys(filter(None, (name.strip() for name in names.split(","))))), minutes


def parse_ask(line: str) -> AskLine:
    """`whom`, `what` and `minutes` (5 unless said) of `Lena: check the pool size 10`."""
    whom, rest = _head(line)
    what, minutes = _minutes(rest)
    return {"whom": whom, "what": what, "minutes": ASK_MINUTES if minutes is None else minutes}


def parse_cause(line: str) -> CauseLine:
    """`cause` and `why` of `Network: traceroutes clean since 14:05`."""
    cause, why = _head(line)
    return {"cause": cause, "why": why}


def parse_decision(line: str) -> DecisionLine:
    """`proposal`, `decided_by` and `objections` of `Roll back now / Leader / Database: data loss`."""
    parts = [part.strip() for part in line.split("/", 2)] + ["", ""]
    return {"proposal": parts[0], "decided_by": parts[1], "objections": parts[2]}


def _head(line: str) -> tuple[str, str]:
    head, colon, rest = line.partition(":")
    return (head.strip(), rest.strip()) if colon else ("", line.strip())


def _minutes(text: str) -> tuple[str, int | None]:
    """The text, and the number of minutes that stands at its end; one that stands alone is the text."""
    found = _MINUTES.search(text)
    return (text[: found.start()].strip(), int(found[1])) if found else (text.strip(), None)
