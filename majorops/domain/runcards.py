"""Run cards (domain §9): what each tier's say, how their Markdown is read, which answer an incident."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Protocol, TypeVar

from majorops.domain.enums import AlarmLevel, CardTier

STALE_AFTER = timedelta(days=90)
LONGEST = 20_000
MOST_STEPS = 40
STEPS, BOX = "Steps", "Default Box"
HEADINGS: dict[CardTier, tuple[str, ...]] = {
    CardTier.AGENCY: (STEPS, "Contacts", "Systems", BOX),
    CardTier.GENERIC: (STEPS, "Typical impact", BOX, "CAN template", "Dependencies", "Escalation"),
    CardTier.SPECIFIC: (
        STEPS,
        "Owner",
        "Health checks",
        "Runbook",
        "Vendor contacts",
        "RTO and RPO",
        "Release criteria",
    ),
}
_HEADING = re.compile(r"^#{1,3}\s+(.+?)\s*#*$")
_ITEM = re.compile(r"^\s{0,3}(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]?\]\s*)?(.+)$")
_DIGIT = re.compile(r"[0-3]")


@dataclass(frozen=True)
class Section:
    """One heading of a card and the Markdown below it."""

    heading: str
    text: str


def sections(body: str) -> list[Section]:
    """The card by its headings, in its own order; what stands before the first one has an empty heading.

    Known headings come out in our spelling, unknown ones as typed.
    """
    known = {name.lower(): name for names in HEADINGS.values() for name in names}
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in body.splitlines():
        if heading := _HEADING.match(line):
            name = heading[1].rstrip(":").strip()
            found.append((known.get(name.lower(), name), []))
        else:
            found[-1][1].append(line)
    read = [Section(name, "\n".join(lines).strip("\n")) for name, lines in found]
    return [section for section in read if section.heading or section.text.strip()]


def steps(body: str) -> list[str]:
    """The checklist: the list items under `Steps`, at most 40; empty where the card has none."""
    text = next((section.text for section in sections(body) if section.heading == STEPS), "")
    return [item[1].strip() for item in map(_ITEM.match, text.splitlines()) if item][:MOST_STEPS]


def default_box(body: str) -> AlarmLevel | None:
    """The Box that the card starts from; None where it names none."""
    text = next((section.text for section in sections(body) if section.heading == BOX), "")
    digit = _DIGIT.search(text)
    return AlarmLevel(int(digit[0])) if digit else None


def problems(tier: CardTier, body: str) -> list[str]:
    """Why a card cannot be kept as it is, one sentence each; empty when it can."""
    if len(body) > LONGEST:
        return [f"At most {LONGEST:,} characters; this has {len(body):,}."]
    filled = {section.heading for section in sections(body) if section.text.strip()}
    found = [f"The heading {name} is missing or empty." for name in HEADINGS[tier] if name not in filled]
    if STEPS in filled and not steps(body):
        found.append("Steps are a list: one line each, beginning with - or a number.")
    if BOX in filled and BOX in HEADINGS[tier] and default_box(body) is None:
        found.append("The default Box is a digit from 0 to 3.")
    return found


def skeleton(tier: CardTier) -> str:
    """A card with every heading of its tier, to be filled."""
    return "\n".join(f"# {name}\n{'- ' if name == STEPS else ''}\n" for name in HEADINGS[tier])


def covers(patterns: str, system: str) -> bool:
    """Whether a card for these comma-separated systems answers this one; `*` stands for any letters."""
    names = (name.strip().lower() for name in patterns.split(","))
    return any(fnmatchcase(system.lower(), name) for name in names if name)


class Card(Protocol):
    """What `matching` looks at of a card."""

    @property
    def tier(self) -> CardTier:
        """The higher one comes first."""

    @property
    def systems(self) -> str:
        """Comma-separated names that it answers, as `covers` reads them."""

    @property
    def name(self) -> str:
        """Decides between cards that are otherwise alike, by the alphabet."""


AnyCard = TypeVar("AnyCard", bound=Card)


def matching(cards: Iterable[AnyCard], systems: list[str]) -> list[AnyCard]:
    """The cards that answer an affected system, most specific first (domain §9); empty for none.

    Of one tier the one whose system was named first; `systems`: in the order named.
    """
    found = []
    for card in cards:
        hits = [place for place, system in enumerate(systems) if covers(card.systems, system)]
        if hits:
            found.append((-card.tier, hits[0], card.name, card))
    return [row[-1] for row in sorted(found, key=lambda row: row[:-1])]


def is_stale(reviewed_at: datetime, now: datetime) -> bool:
    """Nobody reviewed the card for more than 90 days (domain §9)."""
    return now - reviewed_at > STALE_AFTER
