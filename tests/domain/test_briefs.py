"""Rules of briefs: what leadership is asked for, limits, measures, the exposure line in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.briefs import (
    Basis,
    Need,
    counts_as_use,
    link_problems,
    moved_on,
    needed_from_leadership,
    questions_refusal,
    written_words,
)
from majorops.domain.enums import (
    AlarmLevel,
    IncidentStatus,
    Phase,
    RecoveryConfidence,
    RecoveryPath,
    Severity,
)
from majorops.domain.exposure import exposure, spelled
from majorops.domain.measures import Moment, brief_clock, measures
from majorops.domain.origin import public_origin
from majorops.domain.text import brief_number, meeting_link
from majorops.domain.timebox import tone, turns_at

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


BASIS = Basis(
    version=3, at=NOW, phase=Phase.INITIAL, status=IncidentStatus.ACTIVE, severity=Severity.HIGH, customers=10
)


@pytest.mark.parametrize(
    ("now", "moved"),
    [
        ({}, ()),
        ({"version": 9, "at": NOW + timedelta(hours=1)}, ()),
        ({"status": IncidentStatus.MONITORING}, ("status Monitoring",)),
        ({"severity": Severity.CRITICAL, "customers": None}, ("severity Critical", "customers not known")),
        ({"phase": Phase.ISOLATION, "customers": 20}, ("phase 5 Isolation", "customers 20")),
    ],
)
def test_what_moved_on_since_a_summary_was_written(now, moved):
    assert moved_on(BASIS, replace(BASIS, **now)) == moved


@pytest.mark.parametrize(
    ("basis", "resolved_after", "says"),
    [
        ({}, None, "Written in phase 4 Initial, 41 min ago"),
        ({"is_confirmed": True}, None, "Confirmed in phase 4 Initial, 41 min ago"),
        ({}, 0, "Written after the close, 41 min ago"),
        ({}, 30, "Written before the close, in phase 4 Initial, 30 min before it"),
        (
            {
                "phase": Phase.ISOLATION,
                "is_confirmed": True,
                "written_at": NOW - timedelta(minutes=5),
                "written_in": Phase.INITIAL,
            },
            None,
            "Written 13:55 UTC in phase 4 Initial, confirmed in phase 5 Isolation, 41 min ago",
        ),
        (
            {"is_confirmed": True, "written_at": NOW - timedelta(days=1), "written_in": Phase.INITIAL},
            None,
            "Written 22 Nov 14:00 UTC in phase 4 Initial, confirmed in phase 4 Initial, 41 min ago",
        ),
    ],
)
def test_when_a_summary_was_written(basis, resolved_after, says):
    resolved_at = None if resolved_after is None else NOW + timedelta(minutes=resolved_after)
    assert written_words(replace(BASIS, **basis), NOW + timedelta(minutes=41), resolved_at) == says


@pytest.mark.parametrize(
    ("base", "scheme"), [("", "https"), ("https://ops.example", "https"), ("http://ops", "http")]
)
def test_public_pages_are_where_the_settings_say(base, scheme):
    assert public_origin({"BASE_URL": base, "STATUS_HOST": None}) == base
    assert public_origin({"BASE_URL": base, "STATUS_HOST": "status.example"}) == f"{scheme}://status.example"


@pytest.mark.parametrize(
    ("duration", "says"),
    [
        (timedelta(minutes=37, seconds=57), "37:57"),
        (timedelta(hours=1, minutes=37), "1h 37m"),
        (timedelta(hours=101), "4d 05h"),
    ],
)
def test_a_time_for_a_tile(duration, says):
    assert brief_clock(duration) == says


@pytest.mark.parametrize(
    ("number", "says"),
    [(1_240, "1,240"), (124_999, "124k"), (1_290_000, "1.2M"), (250_900_000, "250M")],
)
def test_a_number_for_a_tile_is_rounded_down(number, says):
    assert brief_number(number) == says


def test_a_timebox_that_is_none_or_over_turns_no_more():
    assert turns_at(None, 10, NOW) is None
    assert turns_at(NOW, 10, NOW) is None
    assert turns_at(NOW + timedelta(minutes=10), 10, NOW) == NOW + timedelta(minutes=5)
    assert turns_at(NOW + timedelta(minutes=4), 10, NOW) == NOW + timedelta(minutes=4)
    assert tone(None, 10, NOW) == ""


@pytest.mark.parametrize(
    ("typed", "link"),
    [
        ("meet.google.com/abc", "https://meet.google.com/abc"),
        ("https://a.example/x", "https://a.example/x"),
        ("http://[", None),
        ("room 5", None),
    ],
)
def test_a_link_to_a_meeting_as_people_copy_it(typed, link):
    assert meeting_link(typed) == link
