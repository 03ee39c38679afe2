"""Rules of briefs: what leadership is asked for, limits, measures, the exposure line in words."""

from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.briefs import (
    Need,
    counts_as_use,
    link_problems,
    needed_from_leadership,
    questions_refusal,
)
from majorops.domain.enums import AlarmLevel, RecoveryConfidence, RecoveryPath
from majorops.domain.exposure import exposure, spelled
from majorops.domain.measures import Moment, measures

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def test_leadership_is_asked_by_role_by_name_and_by_escalation():
    asks = [Need("freeze", "leader"), Need("pool", "Lena"), Need("vendor", " omar  HADDAD ", NOW)]
    escalated = [("roll back", "Tomas", ""), ("fail over", "Tomas", "a second DBA")]
    found = needed_from_leadership(asks, "Omar Haddad", escalated)
    assert [one.what for one in found] == ["freeze", "vendor", "Escalated: roll back", "a second DBA"]
    assert needed_from_leadership([Need("x", "")], "", []) == ()


@pytest.mark.parametrize(("seconds", "counts"), [(None, True), (0, False), (59, False), (60, True)])
def test_a_use_counts_once_a_minute(seconds, counts):
    last = None if seconds is None else NOW - timedelta(seconds=seconds)
    assert counts_as_use(last, NOW) is counts


@pytest.mark.parametrize("hours", [1, 24, 720])
def test_hours_of_a_link(hours):
    assert link_problems("Board", hours) == {}


def test_five_questions():
    assert questions_refusal(4) == ""
    assert questions_refusal(5).startswith("5 questions")


def test_measures_have_both_ends():
    of = Moment(
        detected_at=NOW,
        opened_at=NOW + timedelta(minutes=2),
        gathered_at=NOW + timedelta(minutes=5),
        milestone_at=NOW + timedelta(minutes=12),
        resolved_at=NOW + timedelta(minutes=60),
    )
    assert {name: value.seconds // 60 for name, value in measures(of).items()} == {
        "Time to first milestone": 10,
        "Time to resolve": 60,
    }


@pytest.mark.parametrize("level", list(AlarmLevel))
@pytest.mark.parametrize("teams", [[], ["App", "Vendor PayLink", "DB"]])
def test_a_line_is_spelled_as_it_was(level, teams):
    for confidence, path in zip(RecoveryConfidence, list(RecoveryPath)[:4], strict=False):
        line = exposure(level, teams, confidence, path)
        assert spelled(line.line) == line.words
    assert spelled("") == spelled("nonsense") == spelled("E3T5C(X)R(P)") == ""
