"""Roll-up of systems and incidents into one true headline (status-api, "Roll-up rule")."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.enums import Severity, SystemStatus
from majorops.domain.systems import (
    BY_SEVERITY,
    IMPACT,
    Indicator,
    StateChange,
    headline,
    system_status,
    turned_at,
    worst,
)

OK, WORKS, ODD = SystemStatus.OPERATIONAL, SystemStatus.MAINTENANCE, SystemStatus.UNKNOWN
SLOW, PARTIAL, MAJOR = SystemStatus.DEGRADED, SystemStatus.PARTIAL, SystemStatus.MAJOR


@pytest.mark.parametrize(
    ("statuses", "impacts", "indicator", "words"),
    [
        ([], [], "none", "All Systems Operational"),
        ([OK, OK], [], "none", "All Systems Operational"),
        ([MAJOR, MAJOR], ["critical"], "critical", "Major System Outage"),
        ([MAJOR, OK], ["critical"], "major", "Partial System Outage"),
        ([PARTIAL, PARTIAL], ["major"], "major", "Partial System Outage"),
        ([PARTIAL, OK], ["major"], "minor", "Minor Service Outage"),
        ([SLOW, SLOW], ["minor"], "minor", "Degraded System Service"),
        ([SLOW, OK], ["minor"], "minor", "Partially Degraded Service"),
        ([ODD, OK], ["minor"], "minor", "Partially Degraded Service"),
        ([WORKS, OK], [], "maintenance", "Service Under Maintenance"),
        ([WORKS, MAJOR], ["critical"], "major", "Partial System Outage"),  # maintenance hides no outage
        ([WORKS, OK], ["critical"], "minor", "Partially Degraded Service"),
        (
            [WORKS, OK],
            ["none"],
            "none",
            "All Systems Operational",
        ),  # never maintenance while an incident is open
        ([OK], ["critical"], "minor", "Partially Degraded Service"),  # nobody sets an incident away
        ([], ["major", "critical"], "critical", "Major System Outage"),  # no systems: the incident decides
        ([], ["none"], "none", "All Systems Operational"),
    ],
)
def test_headline(statuses, impacts, indicator, words):
    assert headline(statuses, [Indicator(impact) for impact in impacts]) == (Indicator(indicator), words)


def test_maintenance_without_a_listed_system_is_said_too():
    assert headline([OK], [], is_maintained=True)[0] is Indicator.MAINTENANCE
    assert headline([OK], [Indicator.NONE], is_maintained=True)[0] is Indicator.NONE


def test_worst_and_what_a_severity_makes_of_a_system():
    assert worst([]) is OK
    assert worst([OK, WORKS, ODD, SLOW]) is SLOW
    assert worst([WORKS, PARTIAL, MAJOR]) is MAJOR
    assert system_status(None, Severity.CRITICAL) is MAJOR
    assert system_status(OK, Severity.CRITICAL) is OK
    assert set(BY_SEVERITY) == set(IMPACT) == set(Severity)


MINUTE = timedelta(minutes=1)
START = datetime(2026, 11, 17, 14, tzinfo=UTC)


def change(minute: int, status: SystemStatus, name: str = "api") -> StateChange:
    return StateChange(name, "Payments", status, START + minute * MINUTE)


@pytest.mark.parametrize(
    ("changes", "times", "expected"),
    [
        ([], [0, 1], [[], []]),
        ([change(0, MAJOR)], [0, 5], [[(OK, MAJOR)], []]),
        ([change(0, MAJOR), change(3, PARTIAL)], [1, 2], [[(OK, MAJOR)], []]),
        # Two turns between two words are one; there and back is none.
        ([change(1, MAJOR), change(2, SLOW)], [0, 3], [[], [(OK, SLOW)]]),
        ([change(1, MAJOR), change(2, OK)], [0, 3], [[], []]),
        ([change(0, MAJOR), change(4, OK)], [0, 4], [[(OK, MAJOR)], [(MAJOR, OK)]]),
    ],
)
def test_what_turned_between_two_words(changes, times, expected):
    found = turned_at(changes, [START + minute * MINUTE for minute in times])
    assert [[(one.old, one.new) for one in its] for its in found] == expected
