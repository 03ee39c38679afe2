"""Run cards as they are read: headings, steps, default Box, what answers an incident."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majorops.domain.enums import AlarmLevel, CardTier
from majorops.domain.runcards import (
    covers,
    default_box,
    is_stale,
    matching,
    problems,
    sections,
    skeleton,
    steps,
)

CARD = (
    "intro\n# steps\n- [ ] freeze\n2. roll back\nno item\n## CONTACTS:\nx\n### Own heading\ny\n"
    "# Default box\nBox 2\n"
)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_headings_are_read_leniently_and_unknown_ones_kept():
    assert [section.heading for section in sections(CARD)] == [
        "",
        "Steps",
        "Contacts",
        "Own heading",
        "Default Box",
    ]
    assert steps(CARD) == ["freeze", "roll back"]
    assert default_box(CARD) is AlarmLevel.BOX_2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (CARD, ["The heading Systems is missing or empty."]),
        (CARD + "# Systems\nall\n", []),
        (
            "# Steps\nfreeze\n# Contacts\nx\n# Systems\nx\n# Default Box\nhigh",
            [
                "Steps are a list: one line each, beginning with - or a number.",
                "The default Box is a digit from 0 to 3.",
            ],
        ),
        ("x" * 20_001, ["At most 20,000 characters; this has 20,001."]),
    ],
)
def test_problems(body, expected):
    assert problems(CardTier.AGENCY, body) == expected


@pytest.mark.parametrize("tier", list(CardTier))
def test_a_skeleton_lacks_only_its_words(tier):
    assert all(
        "missing or empty" in problem or "list" in problem for problem in problems(tier, skeleton(tier))
    )


@dataclass
class Card:
    tier: CardTier
    systems: str
    name: str = "x"


def test_the_most_specific_card_comes_first():
    agency = Card(CardTier.AGENCY, "*")
    web = Card(CardTier.GENERIC, "*-web, *-api")
    ledger, payments = Card(CardTier.SPECIFIC, "ledger-db"), Card(CardTier.SPECIFIC, "payments-api")
    other = Card(CardTier.SPECIFIC, "search")
    found = matching([agency, web, ledger, payments, other], ["payments-api", "ledger-db"])
    assert found == [payments, ledger, web, agency]
    assert matching([other], []) == []


@pytest.mark.parametrize(
    ("patterns", "system", "hit"),
    [
        ("*-api", "payments-api", True),
        ("A, b", "a", True),
        ("api", "payments-api", False),
        (" , ", "a", False),
        ("[", "a", False),
    ],
)
def test_covers(patterns, system, hit):
    assert covers(patterns, system) is hit


def test_stale_after_ninety_days():
    assert not is_stale(NOW - timedelta(days=90), NOW)
    assert is_stale(NOW - timedelta(days=90, seconds=1), NOW)


@given(st.text(max_size=300))
def test_no_text_is_a_crash(text):
    sections(text), steps(text), default_box(text), problems(CardTier.SPECIFIC, text), covers(text, "a")
