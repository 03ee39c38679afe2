"""Roll-up of systems and incidents into one true headline (status-api, "Roll-up rule")."""

from __future__ import annotations

import pytest

from majorops.domain.enums import Severity, SystemStatus
from majorops.domain.systems import BY_SEVERITY, IMPACT, Indicator, headline, system_status, worst

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
