"""The coach's rules, each as a table: what the record says, and the second at which its nudge begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.coach import Clocked, CoachInputs, Nudge, next_change, nudges, reminder, standing
from majorops.domain.enums import AlarmLevel, CommandRole, IncidentStatus, Phase, Severity

OPEN = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return OPEN + timedelta(minutes=minutes)


CALM = CoachInputs(
    severity=Severity.CRITICAL,
    level=AlarmLevel.BOX_3,
    level_at=OPEN,
    status=IncidentStatus.ACTIVE,
    phase=Phase.MITIGATION,
    phase_at=at(30),
    opened_at=OPEN,
    has_bridge=True,
    has_milestone=True,
    vacant={},
)
BOX_2 = {"level": AlarmLevel.BOX_2}
TRACK = Clocked(7, "Roll back (App)", at(60), at(45))
ASK = Clocked(4, "Lena: pool size", at(50), at(45))


def begins(given: dict) -> list[tuple[str, float]]:
    """(action, minutes after opening) of every nudge that holds or will hold."""
    return [(n.action, (n.at - OPEN).total_seconds() / 60) for n in nudges(replace(CALM, **given))]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        # 20 min after opening with no milestone
        ({"has_milestone": False}, [("milestone", 20)]),
        # 10 min in phase 2; Box 3 has stalled there after five without a CAN or timebox
        ({"phase": Phase.GATHER, "moved_at": at(38)}, [("advance", 40), ("open_track", 43)]),
        ({"phase": Phase.GATHER, **BOX_2}, [("advance", 40), ("open_track", 40)]),
        # next update due in 5 min, and overdue
        ({"promised_at": at(50)}, [("holding", 50), ("write", 45)]),
        # a timebox expires: a track's, one alone; escalated after that it is settled, before that it is not
        ({"tracks": (TRACK,)}, [("extend", 60)]),
        ({"timeboxes": (TRACK,)}, [("close_timebox", 60)]),
        ({"tracks": (replace(TRACK, escalated_at=at(61)),)}, []),
        ({"tracks": (replace(TRACK, escalated_at=at(59)),)}, [("extend", 60)]),
        # a track without timebox matters from phase 5 on
        ({"tracks": (replace(TRACK, due_at=None),)}, [("extend", 45)]),
        ({"tracks": (replace(TRACK, due_at=None),), "phase": Phase.INITIAL}, []),
        ({"tracks": (replace(TRACK, due_at=None),), "phase_at": at(50)}, [("extend", 50)]),
        # the MIM's seat at once, other roles after ten minutes of Box 3
        ({"vacant": {CommandRole.MIM: at(5)}}, [("command", 5)]),
        ({"vacant": {CommandRole.LEADER: at(5), CommandRole.SRE: at(0)}}, [("assign", 10), ("assign", 15)]),
        ({"vacant": {CommandRole.LEADER: at(5)}, "level_at": at(20)}, [("assign", 30)]),
        ({"vacant": {CommandRole.LEADER: at(5)}, **BOX_2}, []),
        # no bridge at Box 2 and above after five minutes
        ({"has_bridge": False}, [("bridge", 5)]),
        ({"has_bridge": False, "level_at": at(8), **BOX_2}, [("bridge", 13)]),
        ({"has_bridge": False, "level": AlarmLevel.BOX_1}, []),
        # phase 5 stalls by alarm level, from the last sign of movement
        ({"phase": Phase.ISOLATION}, [("open_track", 40)]),
        ({"phase": Phase.ISOLATION, "moved_at": at(37)}, [("open_track", 47)]),
        ({"phase": Phase.ISOLATION, "moved_at": at(12), **BOX_2}, [("open_track", 45)]),
        # the clean window was reset; a track for what came back settles it
        ({"phase": Phase.VALIDATION, "window_at": at(50), "window_resets": 1}, [("open_track", 50)]),
        ({"phase": Phase.VALIDATION, "window_at": at(50), "window_resets": 0}, []),
        (
            {
                "phase": Phase.VALIDATION,
                "window_at": at(50),
                "window_resets": 1,
                "track_opened_at": at(51),
            },
            [],
        ),
        # After Action unscheduled at close
        ({"phase": Phase.RESOLUTION}, [("resolution", 30)]),
        ({"phase": Phase.RESOLUTION, "has_after_action": True}, []),
        ({"phase": Phase.RESOLUTION, "severity": Severity.MEDIUM, "level": AlarmLevel.BOX_1}, []),
        ({"asks": (ASK,)}, [("ask", 50)]),
        ({"status": IncidentStatus.RESOLVED, "has_milestone": False, "promised_at": at(1)}, []),
    ],
)
def test_begins(given, expected):
    assert begins(given) == expected


def test_right_to_the_second():
    every = nudges(replace(CALM, promised_at=at(50)))
    second = timedelta(seconds=1)

    def shown(moment: datetime) -> list[str]:
        return [nudge.action for nudge in standing(every, moment)]

    assert shown(at(45) - second) == []
    assert shown(at(45)) == ["write"]
    assert shown(at(50) - second) == ["write"]
    assert shown(at(50)) == ["holding"]
    assert next_change(every, at(44)) == at(45)
    assert next_change(every, at(45)) == at(50)
    assert next_change(every, at(50)) is None


def test_the_slot_shows_the_loudest_first():
    worst = replace(
        CALM,
        promised_at=at(40),
        has_milestone=False,
        tracks=(TRACK,),
        vacant={CommandRole.SRE: OPEN, CommandRole.MIM: at(1)},
    )
    tones = [(n.action, n.is_red) for n in standing(nudges(worst), at(90))]
    assert tones == [
        ("command", True),
        ("holding", True),
        ("extend", True),
        ("milestone", False),
        ("assign", False),
    ]


def test_the_same_cause_again_is_another_occurrence():
    first, again = (nudges(replace(CALM, promised_at=at(m)))[0] for m in (50, 70))
    assert first.key != again.key
    assert nudges(replace(CALM, promised_at=at(50), has_bridge=False))[0].key == first.key


@pytest.mark.parametrize(
    ("minutes", "line"),
    [
        (47, "Update due in 03:00. Promised 14:50:00."),
        (52.5, "Update overdue 02:30. Was due 14:50:00."),
    ],
)
def test_a_reminder_reads_like_the_nudge(minutes, line):
    nudge: Nudge = standing(nudges(replace(CALM, promised_at=at(50))), at(minutes))[0]
    assert reminder(nudge, at(minutes)) == line
