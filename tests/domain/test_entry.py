"""One line of entry, as people type it at three in the morning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majorops.domain.can import parse_can
from majorops.domain.entry import parse_ask, parse_cause, parse_decision, parse_gather, parse_track
from majorops.domain.timebox import tone

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "App: 5xx 61% / rollback 2/6 / deploy freeze",
            ("App", "5xx 61%", "rollback 2/6", "deploy freeze"),
        ),
        (
            "App: 5xx 61% | rollback 2/6 | deploy freeze",
            ("App", "5xx 61%", "rollback 2/6", "deploy freeze"),
        ),
        ("App: slow / rollback / none", ("App", "slow", "rollback", "")),
        ("App: slow", ("App", "slow", "", "")),
        ("App:slow/rollback/freeze", ("App", "slow", "rollback", "freeze")),
        ("App: slow; rolling back; nothing", ("App", "slow", "rolling back", "")),
        ("App: slow - rolling back - freeze", ("App", "slow", "rolling back", "freeze")),
        ("App: auto-scaling stuck", ("App", "auto-scaling stuck", "", "")),
        ("App: C: slow A: rolling back N: freeze", ("App", "slow", "rolling back", "freeze")),
        ("App: needs: freeze, conditions: slow", ("App", "slow", "", "freeze")),
        (
            "App: conditions slow / actions none / needs: x",
            ("App", "conditions slow", "actions none", "needs: x"),
        ),
        ("slow and nobody said who", ("", "slow and nobody said who", "", "")),
        ("", ("", "", "", "")),
        (" : slow", ("", "slow", "", "")),
    ],
)
def test_can(line, expected):
    assert tuple(parse_can(line).values()) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("App: roll back payments-api 15", ("App", "", "roll back payments-api", 15)),
        ("App, Lena: roll back to 4.18.1 15 min", ("App", "Lena", "roll back to 4.18.1", 15)),
        ("App: roll back to 4.18.1", ("App", "", "roll back to 4.18.1", None)),
        ("App: roll back, 20m", ("App", "", "roll back", 20)),
        ("App: 15", ("App", "", "15", None)),
        ("roll back 10000", ("", "", "roll back", 10000)),
        ("", ("", "", "", None)),
    ],
)
def test_track(line, expected):
    assert tuple(parse_track(line).values()) == expected


def test_other_lines():
    assert parse_gather("App, Database,App 5") == (["App", "Database"], 5)
    assert parse_gather("App") == (["App"], None)
    assert parse_ask("Lena: check the pool size") == {
        "whom": "Lena",
        "what": "check the pool size",
        "minutes": 5,
    }
    assert parse_ask("Lena: check the pool size 20")["minutes"] == 20
    assert parse_cause("Network: clean since 14:05") == {"cause": "Network", "why": "clean since 14:05"}
    assert parse_decision("Roll back now / Leader / Database: data loss / maybe") == {
        "proposal": "Roll back now",
        "decided_by": "Leader",
        "objections": "Database: data loss / maybe",
    }


@given(st.text(max_size=200))
def test_no_line_is_a_crash_and_no_word_of_a_can_is_lost(line):
    parse_track(line), parse_gather(line), parse_ask(line), parse_cause(line), parse_decision(line)
    said = parse_can(line)
    assert set(said) == {"team", "conditions", "actions", "needs"}
    if not any(mark in line for mark in ":/|;-–—="):
        assert said["conditions"] == line.strip()


@pytest.mark.parametrize(
    ("left", "minutes", "expected"),
    [
        (20, 30, "green"),
        (9.9, 30, "amber"),
        (5.1, 10, "green"),
        (5, 10, "amber"),
        (0, 10, "red"),
        (-1, 10, "red"),
    ],
)
def test_tone(left, minutes, expected):
    assert tone(NOW + timedelta(minutes=left), minutes, NOW) == expected
    assert tone(None, minutes, NOW) == ""
