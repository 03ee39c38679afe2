"""Which rule acts on a group of alerts, and what it does."""

from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.alert_rules import Match, Outcome, Rule, decide, outcome, read_matches, severity_of
from majorops.domain.enums import RuleAction, Severity

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
OPEN, ATTACH, WAIT = RuleAction.OPEN, RuleAction.ATTACH, RuleAction.WAIT


def rule(number: int = 1, matches: str = "", **given) -> Rule:
    given = {"action": OPEN, "severity": Severity.HIGH, "matches": read_matches(matches)} | given
    return Rule(number, f"rule {number}", **given)


def test_conditions_are_read():
    assert read_matches("severity = Critical\n\nservice!=dev-*") == (
        Match("severity", "critical"),
        Match("service", "dev-*", is_not=True),
    )


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("severity critical", "Line 1"),
        ("a = b\n= c", "Line 2: name the label"),
        ("a = " + "x" * 200, "Line 1"),
        ("a = b\n" * 21, "At most 20"),
    ],
)
def test_conditions_that_are_not_clear(typed, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_matches(typed)


@pytest.mark.parametrize(
    ("condition", "labels", "holds"),
    [
        ("severity = critical", {"severity": "CRITICAL"}, True),
        ("severity = critical", {}, False),
        ("severity != critical", {}, True),
        ("service = pay*", {"service": "payments-api"}, True),
        ("service != pay*", {"service": "payments-api"}, False),
        ("disk = /dev/sd[a]?", {"disk": "/dev/sd[a]?"}, True),
        ("disk = /dev/sd[a]?", {"disk": "/dev/sdax"}, False),
        ("env =", {}, True),
    ],
)
def test_a_condition_holds(condition, labels, holds):
    assert read_matches(condition)[0].holds(labels) is holds


def test_rules_are_asked_in_their_order():
    rules = [rule(1, "a = x"), rule(2, "a = y"), rule(3)]
    assert decide(rules, 7, [{"a": "y"}], [], NOW).id == 2
    assert decide(rules, 7, [{"a": "z"}, {"a": "x"}], [], NOW).id == 1
    assert decide(rules, 7, [{}], [], NOW).id == 3
    assert decide(rules[:2], 7, [{}], [], NOW) is None


def test_a_rule_of_one_source():
    assert decide([rule(source=8)], 7, [{}], [], NOW) is None
    assert decide([rule(source=7)], 7, [{}], [], NOW).id == 1


def test_only_from_the_nth_alert_within_the_minutes():
    third = rule(at_count=3, minutes=10)
    fired = [NOW, NOW - timedelta(minutes=2), NOW - timedelta(minutes=11)]
    assert decide([third], 7, [{}], fired, NOW) is None
    assert decide([third], 7, [{}], [*fired, NOW], NOW) is third


@pytest.mark.parametrize(
    ("action", "running", "resolved", "does"),
    [
        (OPEN, False, None, Outcome.OPEN),
        (OPEN, True, None, Outcome.ATTACH),
        (OPEN, False, NOW - timedelta(hours=1), Outcome.CONTINUE),
        (OPEN, False, NOW - timedelta(hours=25), Outcome.OPEN),
        (OPEN, True, NOW - timedelta(hours=1), Outcome.ATTACH),
        (ATTACH, True, None, Outcome.ATTACH),
        (ATTACH, False, None, Outcome.WAIT),
        (ATTACH, False, NOW, Outcome.WAIT),
        (WAIT, True, NOW, Outcome.WAIT),
    ],
)
def test_what_a_rule_does_as_things_stand(action, running, resolved, does):
    assert outcome(action, has_running=running, resolved_at=resolved, now=NOW) is does


@pytest.mark.parametrize(
    ("said", "severity"),
    [(" P1", "critical"), ("Error", "high"), ("warning", "medium"), ("info", "low"), ("lilac", "medium")],
)
def test_what_a_sources_own_word_suggests(said, severity):
    assert severity_of(said) is Severity(severity)
