"""The gates of domain §4 as a table, and the ten-minute rule to the second."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.enums import CheckState, IncidentStatus, Phase, Severity
from majorops.domain.gates import Situation, advance_blockers, opens_at, status_blockers

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
OLD = NOW - timedelta(minutes=10)
CLEAN = Situation(
    severity=Severity.CRITICAL,
    status=IncidentStatus.ACTIVE,
    phase=Phase.VALIDATION,
    window_started_at=OLD,
    checks={"a": CheckState.CONFIRMED, "b": CheckState.CONFIRMED},
    has_resolution_milestone=True,
    after_action_at=NOW + timedelta(days=1),
)


def texts(blockers) -> str:
    return " ".join(blocker.text for blocker in blockers)


@pytest.mark.parametrize(
    ("change", "to", "why"),
    [
        ({}, Phase.RESOLUTION, ""),
        ({"window_started_at": OLD + timedelta(seconds=1)}, Phase.RESOLUTION, "Critical needs 10:00 clean."),
        (
            {"window_started_at": None},
            Phase.RESOLUTION,
            "Critical needs 10:00 of clean validation in phase 7.",
        ),
        ({"checks": {"a": CheckState.FAILED}}, Phase.RESOLUTION, "0/1 systems confirmed."),
        (
            {"checks": {"a": CheckState.CONFIRMED, "b": CheckState.PENDING}},
            Phase.RESOLUTION,
            "1/2 systems confirmed.",
        ),
        ({"severity": Severity.HIGH, "window_started_at": NOW}, Phase.RESOLUTION, "High needs 10:00 clean."),
        (
            {"severity": Severity.MEDIUM, "window_started_at": NOW, "checks": {"a": CheckState.FAILED}},
            Phase.RESOLUTION,
            "",
        ),
        ({"severity": Severity.LOW, "window_started_at": None}, Phase.RESOLUTION, ""),
        ({"phase": Phase.ALERT, "window_started_at": None}, Phase.VALIDATION, ""),
    ],
)
def test_entering_a_phase(change, to, why):
    assert texts(advance_blockers(replace(CLEAN, **change), to, NOW)) == why


@pytest.mark.parametrize(
    ("change", "to", "why"),
    [
        ({}, IncidentStatus.MONITORING, ""),
        ({"phase": Phase.MITIGATION}, IncidentStatus.MONITORING, "Monitoring needs phase 7 or 8."),
        ({"window_started_at": NOW}, IncidentStatus.MONITORING, "Critical needs 10:00 clean."),
        ({}, IncidentStatus.RESOLVED, "Resolved needs phase 8."),
        ({"phase": Phase.RESOLUTION}, IncidentStatus.RESOLVED, ""),
        (
            {"phase": Phase.RESOLUTION, "has_resolution_milestone": False},
            IncidentStatus.RESOLVED,
            "Resolved needs a resolution milestone that names the After Action date.",
        ),
        (
            {"phase": Phase.RESOLUTION, "after_action_at": None},
            IncidentStatus.RESOLVED,
            "The resolution milestone names no After Action date.",
        ),
        (
            {"phase": Phase.RESOLUTION, "severity": Severity.LOW, "has_resolution_milestone": False},
            IncidentStatus.RESOLVED,
            "",
        ),
        (
            {"phase": Phase.VALIDATION, "severity": Severity.LOW},
            IncidentStatus.RESOLVED,
            "Resolved needs phase 8.",
        ),
    ],
)
def test_setting_a_status(change, to, why):
    assert texts(status_blockers(replace(CLEAN, **change), to, NOW)) == why


def test_when_waiting_alone_will_open_it():
    waiting = replace(CLEAN, window_started_at=NOW)
    assert opens_at(advance_blockers(waiting, Phase.RESOLUTION, NOW)) == NOW + timedelta(minutes=10)
    also = replace(waiting, checks={"a": CheckState.PENDING})
    assert opens_at(advance_blockers(also, Phase.RESOLUTION, NOW)) is None
    assert opens_at([]) is None
