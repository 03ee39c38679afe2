"""The numbers of one incident, equal to those computed by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest

from majorops.domain.enums import ActionState, Phase, Severity
from majorops.domain.measured import (
    FORM,
    MEASURES,
    NONE,
    NUMBERS,
    Apart,
    Facts,
    Kind,
    Promised,
    actions_corrected,
    actions_kept,
    apart_of,
    at_least,
    is_at_least,
    numbers_of,
    packed,
    seconds,
    unpacked,
)
from majorops.domain.measures import Moment

T = datetime(2026, 11, 17, 14, 0, tzinfo=UTC)


def at(minutes):
    return T + timedelta(minutes=minutes)


def numbers(now=None, **given):
    times = {"detected_at": T, "opened_at": at(5), "resolved_at": at(65), **given.pop("moment", {})}
    moment = Moment(**times)
    facts = Facts(moment, **{"severity": Severity.HIGH, **given})
    return dict(zip(NUMBERS, numbers_of(facts, now or at(600)), strict=True))


def minutes(number):
    assert number >= 0
    return number // 60


def test_every_measure_by_hand():
    found = numbers(
        moment={
            "issue_time": at(2),
            "gathered_at": at(9),
            "milestone_at": at(20),
            "validated_at": at(50),
        },
        severity=Severity.CRITICAL,
        entered=[(Phase.GATHER, at(9)), (Phase.INITIAL, at(19)), (Phase.VALIDATION, at(50))],
        said=[(at(12), at(27)), (at(20), at(35)), (at(50), at(60)), (at(65), None)],
        public_at=at(12),
        commanded=[(at(7), at(30)), (at(40), None)],
        overrides=2,
        after_action_at=at(65 + 72 * 60),
    )
    assert {name: minutes(found[name]) for name in ("detect", "acknowledge", "mitigate", "resolve")} == {
        "detect": 3,
        "acknowledge": 7,
        "mitigate": 45,
        "resolve": 65,
    }
    assert minutes(found["first_word"]) == 7
    assert minutes(found["first_milestone"]) == 15
    assert minutes(found["silence"]) == 30
    assert minutes(found["without_mim"]) == 12
    assert (found["overrides"], found["promises"], found["on_time"], found["after_action"]) == (2, 3, 1, 1)
    phases = [found[f"phase_{phase.value}"] for phase in Phase]
    assert [one if one == NONE else minutes(one) for one in phases] == [4, 10, NONE, 31, NONE, NONE, 15, NONE]


def test_what_runs_is_at_least_what_it_is_now():
    found = numbers(
        now=at(35),
        moment={"issue_time": at(0), "resolved_at": None},
        said=[(at(15), at(30))],
        entered=[(Phase.GATHER, at(10))],
    )
    open_ones = {name for name, number in found.items() if is_at_least(number)}
    assert open_ones == {
        "first_word",
        "first_milestone",
        "silence",
        "without_mim",
        "phase_2",
        "overrides",
        "acknowledge",
        "mitigate",
        "resolve",
    }
    assert {seconds(found[name]) // 60 for name in ("first_word", "first_milestone", "without_mim")} == {30}
    assert seconds(found["silence"]) == 20 * 60  # since the word at 15
    assert (found["promises"], found["after_action"]) == (0, NONE)  # nobody answered, or broke, it yet


def test_resolved_without_a_public_word_is_at_least_to_the_end():
    found = numbers()
    assert found["first_word"] == at_least(3600)
    assert numbers(is_told=False)["first_word"] == NONE
    assert found["without_mim"] == 3600


def test_what_was_imported_holds_times_alone():
    found = numbers(is_imported=True)
    assert {name for name, number in found.items() if number != NONE} == {
        "resolve",
        "actions_due",
        "actions_on_time",
    }


@pytest.mark.parametrize(
    ("severity", "lasted", "set_for", "expected"),
    [
        (Severity.CRITICAL, 60, None, 0),
        (Severity.CRITICAL, 60, 72 * 60, 1),
        (Severity.CRITICAL, 60, 72 * 60 + 1, 0),
        (Severity.HIGH, 120, 10, NONE),
        (Severity.HIGH, 121, 10, 1),
        (Severity.LOW, 999, None, NONE),
    ],
)
def test_who_needs_an_after_action_and_has_it(severity, lasted, set_for, expected):
    end = at(5 + lasted)
    found = numbers(
        moment={"resolved_at": end},
        severity=severity,
        after_action_at=end + timedelta(minutes=set_for) if set_for else None,
    )
    assert found["after_action"] == expected


def test_two_mims_at_once_cover_what_they_cover_once():
    spans = [(at(0), at(20)), (at(10), at(30)), (at(50), at(100))]
    assert numbers(commanded=spans)["without_mim"] == 20 * 60
    assert numbers(commanded=[(at(70), None)])["without_mim"] == 60 * 60


def test_numbers_come_back_as_they_were_packed():
    rows = [[NONE, 0, at_least(0), 2**31 - 1, *range(FORM - 4)], [7] * FORM]
    assert list(unpacked(map(packed, rows))) == rows[0] + rows[1]


def test_every_measure_is_kept_and_has_a_definition():
    for name, one in MEASURES.items():
        assert one.name == name
        assert one.kept_as in NUMBERS
        assert one.of in ("", *NUMBERS)
        assert one.definition.endswith(".")
        assert one.kind is Kind.DURATION or not one.targets


def test_duplicates_drills_and_private_ones_are_apart():
    given = {"is_drill": False, "is_merged": False, "is_private": False}
    assert apart_of(**given) is Apart.INCIDENT
    assert apart_of(**given | {"is_private": True}) is Apart.PRIVATE
    assert apart_of(**given | {"is_private": True, "is_drill": True}) is Apart.DRILL
    assert apart_of(**given | {"is_merged": True, "is_drill": True}) is Apart.MERGED
    assert Apart.DRILL.label == "Drills"


@pytest.mark.parametrize(
    ("state", "ended", "today", "expected"),
    [
        # First due on 20 November; `ended` and `today`: days of November.
        (ActionState.OPEN, None, 20, (0, 0)),  # the day is not over
        (ActionState.OPEN, None, 21, (1, 0)),
        (ActionState.DONE, 18, 20, (0, 0)),  # done, and the others of that day are not known yet
        (ActionState.DONE, 18, 21, (1, 1)),
        (ActionState.DONE, 20, 25, (1, 1)),
        (ActionState.DONE, 21, 25, (1, 0)),  # also where the date was moved to the 30th
        (ActionState.DROPPED, 20, 25, (0, 0)),
        (ActionState.DROPPED, 21, 25, (1, 0)),
    ],
)
def test_actions_by_the_date_that_was_promised_first(state, ended, today, expected):
    ended_at = datetime(2026, 11, ended, 23, 59, tzinfo=UTC) if ended else None
    action = Promised(date(2026, 11, 20), state, ended_at)
    kept, corrected = actions_kept([action]), actions_corrected(action, date(2026, 11, today))
    assert (kept[0] + corrected[0], kept[1] + corrected[1]) == expected


def test_actions_of_an_incident_by_hand():
    def ended(day, state=ActionState.DONE):
        return Promised(date(2026, 11, 20), state, datetime(2026, 11, day, tzinfo=UTC))

    actions = [ended(19), ended(20), ended(22), ended(20, ActionState.DROPPED), Promised(date(2026, 11, 20))]
    found = numbers(actions=actions, is_imported=True)
    assert (found["actions_due"], found["actions_on_time"]) == (3, 2)
    assert numbers()["actions_due"] == 0


def test_a_repeat_requires_an_after_action_whatever_its_severity():
    assert numbers(severity=Severity.LOW, repeats="INC-031")["after_action"] == 0
    assert numbers(severity=Severity.LOW, repeats="INC-031", after_action_at=at(70))["after_action"] == 1
