"""The pure rules as tables: alarm levels, cadence, durations, suggestions, CAN, playbook."""

from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain import measures
from majorops.domain.alarm import LEVELS, TRIGGERS, level_after
from majorops.domain.cadence import CadenceState, Said, cadence, standing_promise
from majorops.domain.can import parse_can
from majorops.domain.enums import AlarmLevel, IncidentStatus, Phase, Severity
from majorops.domain.events import EventKind, Region, Signal
from majorops.domain.playbook import PLAYS, item
from majorops.domain.suggest import systems_in

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(("severity", "box"), [("critical", 3), ("high", 2), ("medium", 1), ("low", 0)])
def test_severity_gives_the_box(severity, box):
    assert LEVELS[Severity(severity)] == box
    assert TRIGGERS[AlarmLevel(box)]


@pytest.mark.parametrize(
    ("old", "level", "new", "after"),
    [
        ("medium", 1, "critical", 3),
        ("critical", 3, "low", 0),
        ("medium", 3, "high", 3),  # raised by hand: stays raised
        ("medium", 2, "critical", 3),
        ("high", 3, "low", 3),
    ],
)
def test_level_follows_severity(old, level, new, after):
    assert level_after(Severity(new), Severity(old), AlarmLevel(level)) == after


@pytest.mark.parametrize(
    ("status", "due", "state", "soon"),
    [
        ("active", None, "unset", False),
        ("active", 20, "due", False),
        ("active", 5, "due", True),
        ("monitoring", 0, "overdue", False),
        ("active", -1, "overdue", False),
    ],
)
def test_cadence(status, due, state, soon):
    due_at = None if due is None else NOW + due * MINUTE
    badge = cadence(IncidentStatus(status), due_at, NOW)
    assert (badge.state, badge.is_soon) == (CadenceState(state), soon)


def test_a_promise_is_overdue_at_its_second_not_earlier():
    assert cadence(IncidentStatus.ACTIVE, NOW, NOW - timedelta(seconds=1)).state is CadenceState.DUE
    assert cadence(IncidentStatus.ACTIVE, NOW, NOW).state is CadenceState.OVERDUE


def test_nothing_is_promised_once_resolved():
    assert cadence(IncidentStatus.RESOLVED, NOW - MINUTE, NOW) is None


@pytest.mark.parametrize(
    ("public_standing", "new", "is_public", "after"),
    [
        (False, 30, False, 30),
        (False, 30, True, 30),
        (True, 30, False, 10),  # an internal text does not answer a public promise
        (True, 30, True, 30),
        (False, None, True, 10),
        (True, None, True, 10),
    ],
)
def test_promise(public_standing, new, is_public, after):
    given = None if new is None else NOW + new * MINUTE
    before = Said(NOW + 10 * MINUTE, public_standing, is_resolution=False)
    said = [before, Said(given, is_public, is_resolution=False)]
    assert standing_promise(said) == (NOW + after * MINUTE, False)


@pytest.mark.parametrize(
    ("public_standing", "is_public", "left"),
    [
        (False, False, (None, True)),
        (False, True, (None, True)),
        (True, True, (None, True)),
        (True, False, (NOW + 10 * MINUTE, False)),  # the public still waits for its next update
    ],
)
def test_a_resolution_milestone_ends_the_promise(public_standing, is_public, left):
    said = [
        Said(NOW + 10 * MINUTE, public_standing, is_resolution=False),
        Said(None, is_public, is_resolution=True),
    ]
    assert standing_promise(said) == left
    again = Said(NOW + 30 * MINUTE, is_public=True, is_resolution=False)
    assert standing_promise([*said, again]) == (NOW + 30 * MINUTE, False)
    state = CadenceState.ENDED if left[1] else CadenceState.DUE
    assert cadence(IncidentStatus.MONITORING, left[0], NOW, is_final=left[1]).state is state


@pytest.mark.parametrize(
    ("minutes", "colour"), [(0, "green"), (29, "green"), (30, "amber"), (59, "amber"), (60, "red")]
)
def test_duration_colours(minutes, colour):
    assert measures.duration_colour(minutes * MINUTE, (30, 60)) == colour


def test_durations_freeze():
    assert measures.total_duration(NOW, None, NOW + MINUTE) == MINUTE
    assert measures.total_duration(NOW, NOW + MINUTE, NOW + 9 * MINUTE) == MINUTE
    assert measures.total_duration(NOW, None, NOW - MINUTE) == timedelta()
    assert measures.impact_duration(NOW, None, NOW + MINUTE) == MINUTE
    assert measures.impact_duration(NOW, NOW + MINUTE, NOW + 9 * MINUTE) == MINUTE
    assert measures.impact_started_at(None, NOW) == NOW
    assert measures.impact_started_at(NOW + MINUTE, NOW) == NOW + MINUTE
    assert measures.impact_ended_at(None, NOW) == NOW
    assert measures.impact_ended_at(NOW, NOW + MINUTE) == NOW
    assert measures.impact_ended_at(None, None) is None


@pytest.mark.parametrize(
    ("seconds", "clock", "short", "words"),
    [
        (0, "00:00:00", "00:00", "0 min"),
        (2277, "00:37:57", "37:57", "37 min"),
        (5400, "01:30:00", "01:30:00", "1 h 30 min"),
        (532800, "148:00:00", "148:00:00", "6 days 4 h"),
    ],
)
def test_clocks(seconds, clock, short, words):
    duration = timedelta(seconds=seconds)
    assert (measures.clock(duration), measures.short_clock(duration), measures.words(duration)) == (
        clock,
        short,
        words,
    )


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("prod-payments-api not responding", ["payments-api"]),
        ("Payments slow", ["payments"]),
        ("mypayments slow", []),
        ("payments and ledger-db", ["ledger-db", "payments"]),
        ("", []),
    ],
)
def test_systems_in_a_title(title, found):
    assert systems_in(title, ["payments", "payments-api", "ledger-db"]) == found


@pytest.mark.parametrize(
    ("line", "team", "conditions", "actions", "needs"),
    [
        ("App: 5xx / rollback / freeze", "App", "5xx", "rollback", "freeze"),
        ("App: 5xx", "App", "5xx", "", ""),
        ("5xx everywhere", "", "5xx everywhere", "", ""),
        ("DB: a / b / c / d", "DB", "a", "b", "c / d"),
    ],
)
def test_can_line(line, team, conditions, actions, needs):
    assert parse_can(line) == {"team": team, "conditions": conditions, "actions": actions, "needs": needs}


def test_every_phase_has_its_play():
    for phase in Phase:
        play = PLAYS[phase]
        assert play.job
        assert play.next_step
        keys = [line.key for line in play.items]
        assert len(keys) == len(set(keys))
    assert item(Phase.ALERT, "nothing") is None


def test_every_entry_turns_the_timeline_and_a_signal_its_own_parts():
    assert all({Region.TIMELINE, Region.PANEL} <= kind.stale for kind in EventKind)
    assert EventKind.NOTE_LOGGED.stale == {Region.TIMELINE, Region.PANEL}
    assert Signal.MESSAGES.stale == {Region.NUDGE, Region.LEDGER}
