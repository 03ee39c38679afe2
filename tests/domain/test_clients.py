"""Our words in the words of status clients."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.clients import client_component, client_id, client_status, client_time
from majorops.domain.enums import IncidentStatus, Phase, SystemStatus
from majorops.domain.measures import kept

T = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def minutes(n: int) -> datetime:
    return T + timedelta(minutes=n)


def test_ids_are_twelve_characters_that_stay():
    assert client_id("incident", 42) == "xt9ivc8xfhp8" or len(client_id("incident", 42)) == 12
    ids = {client_id(kind, n) for kind in ("incident", "update", "maintenance") for n in range(2_000)}
    assert len(ids) == 6_000
    assert all(len(one) == 12 and one.isalnum() and one == one.lower() for one in ids)


@pytest.mark.parametrize(
    ("status", "phase", "word"),
    [
        (IncidentStatus.ACTIVE, Phase.ALERT, "investigating"),
        (IncidentStatus.ACTIVE, Phase.INITIAL, "investigating"),
        (IncidentStatus.ACTIVE, Phase.ISOLATION, "identified"),
        (IncidentStatus.ACTIVE, Phase.MITIGATION, "identified"),
        (IncidentStatus.ACTIVE, Phase.VALIDATION, "monitoring"),
        (IncidentStatus.MONITORING, Phase.RESOLUTION, "monitoring"),
        (IncidentStatus.RESOLVED, Phase.ALERT, "resolved"),
    ],
)
def test_status(status, phase, word):
    assert client_status(status, phase) == word


def test_times_carry_milliseconds_and_only_five_statuses_leave():
    assert client_time(T.replace(microsecond=714_999)) == "2026-11-23T14:00:00.714Z"
    assert client_time(None) is None
    known = {"operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"}
    assert {client_component(status) for status in SystemStatus} == known
    assert client_component(SystemStatus.UNKNOWN) != "operational"


@pytest.mark.parametrize(
    ("said", "ended", "promises", "on_time", "silence"),
    [
        ([], 60, 0, 0, 60),
        ([(10, 30), (25, 45), (50, None)], 60, 2, 1, 25),  # the second came five minutes late
        ([(10, 30)], 30, 1, 1, 20),  # the close itself answers
        ([(10, 30)], 31, 1, 0, 21),
        ([(5, 20), (20, 35), (35, None)], None, 2, 2, 15),
        ([(5, 20)], None, 0, 0, 5),  # nobody knows yet
    ],
)
def test_kept(said, ended, promises, on_time, silence):
    given = [(minutes(at), due and minutes(due)) for at, due in said]
    found = kept(T, given, ended and minutes(ended))
    assert (found.promises, found.on_time) == (promises, on_time)
    assert found.longest_silence == timedelta(minutes=silence)
