"""Every line of every checklist has one rule from the record, or is a person's alone (domain §4)."""

from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.checklist import Facts, Work, press_counts
from majorops.domain.coach import CoachInputs, nudges
from majorops.domain.enums import AlarmLevel, CommandRole, ExternalImpact, IncidentStatus, Phase, Severity
from majorops.domain.playbook import PLAYS, item, play_at

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(minutes=20), NOW - timedelta(seconds=1)
GOOD = Work("App", "Lena", "roll back", True)
LACKS = Work("Database", "Sam", "fail over", False)
PRESSED = {
    key: frozenset({key}) for key in ("can", "timebox", "description", "severity", "impact", "released")
}
OTHERS = frozenset({CommandRole.LEADER, CommandRole.SERVICE_MANAGER})

# Phase, line, the facts, whether it holds.
TABLE = [
    (1, "bridge", {"has_bridge": True}, True),
    (1, "bridge", {}, False),
    (1, "systems", {"systems": 1}, True),
    (1, "systems", {}, False),
    (2, "can", {}, False),
    (2, "can", {"asked_teams": ("App", "Database"), "reported_teams": ("app",)}, False),  # after one of two
    (2, "can", {"asked_teams": ("App", "Database"), "reported_teams": ("app", "DATABASE")}, True),
    (2, "can", {"reported_teams": ("App",)}, False),  # after one, while nobody was named
    (2, "can", {"reported_teams": ("App",), "pressed": PRESSED["can"]}, True),
    (2, "can", {"pressed": PRESSED["can"]}, False),
    (2, "can", {"asked_teams": ("App",), "pressed": PRESSED["can"]}, False),
    (2, "timebox", {}, False),
    (2, "timebox", {"gather_rounds": 1, "timeboxes": 1}, True),
    (2, "timebox", {"timeboxes": 1}, False),  # it may be a vendor's
    (2, "timebox", {"timeboxes": 1, "pressed": PRESSED["timebox"]}, True),
    (2, "timebox", {"pressed": PRESSED["timebox"]}, False),
    (2, "description", {}, False),
    (2, "description", {"description": "5xx", "description_changed": True}, True),
    (2, "description", {"description": "5xx"}, False),  # as it came with the alert
    (2, "description", {"description": "5xx", "pressed": PRESSED["description"]}, True),
    (2, "description", {"description_changed": True, "pressed": PRESSED["description"]}, False),  # emptied
    (2, "roles", {"vacant": OTHERS}, False),
    (2, "roles", {}, True),
    (2, "roles", {"vacant": OTHERS, "level": AlarmLevel.BOX_2}, True),  # Box 2 does not ask for these two
    (2, "roles", {"vacant": frozenset({CommandRole.SRE}), "level": AlarmLevel.BOX_1}, False),
    (3, "severity", {}, False),
    (3, "severity", {"severity_changed": True}, True),
    (3, "severity", {"pressed": PRESSED["severity"]}, True),
    (3, "external", {}, False),
    (3, "external", {"external_impact": ExternalImpact.LIKELY}, True),
    (3, "external", {"external_impact": ExternalImpact.NO}, True),
    (3, "customers", {}, False),  # empty
    (3, "customers", {"pressed": frozenset({"customers"})}, False),  # empty, whatever was pressed
    (3, "customers", {"customer_count": 0}, True),
    (4, "milestone", {}, False),
    (4, "milestone", {"milestones": 1}, True),
    (4, "eta", {}, False),
    (4, "eta", {"promised_at": LATER}, True),
    (4, "eta", {"promised_at": EARLIER}, False),
    (4, "leadership", {}, False),
    (4, "leadership", {"exec_summary": "Checkout is down."}, True),
    (5, "tracks", {}, False),
    (5, "tracks", {"tracks": (GOOD,)}, True),
    (5, "tracks", {"tracks": (GOOD, LACKS)}, False),  # one lacks it
    (5, "tracks", {"ended_tracks": 1}, True),
    (5, "impact", {}, False),
    (5, "impact", {"business_impact": "b", "impact_is_current": True}, False),
    (5, "impact", {"business_impact": "b", "customer_impact": "c"}, False),  # written in phase 3
    (5, "impact", {"business_impact": "b", "customer_impact": "c", "impact_is_current": True}, True),
    (5, "impact", {"business_impact": "b", "customer_impact": "c", "pressed": PRESSED["impact"]}, True),
    (5, "impact", {"business_impact": "b", "pressed": PRESSED["impact"]}, False),
    (6, "tracks", {"tracks": (GOOD,)}, True),
    (6, "tracks", {"tracks": (GOOD, LACKS)}, False),
    (6, "tracks", {}, False),
    (7, "confirmed", {"checks": 2, "confirmed_checks": 1}, False),
    (7, "confirmed", {"checks": 2, "confirmed_checks": 2}, True),
    (7, "confirmed", {}, False),
    (7, "monitoring", {}, False),
    (7, "monitoring", {"status": IncidentStatus.MONITORING}, True),
    (8, "milestone", {}, False),
    (8, "milestone", {"has_resolution": True}, True),
    (8, "after_action", {"has_resolution": True}, False),
    (8, "after_action", {"has_resolution": True, "after_action_at": LATER}, True),
    (8, "released", {"on_duty": ("Lena", "Sam", "Ida", "Tom"), "released": True}, False),  # one of five left
    (8, "released", {"on_duty": (), "released": True}, True),
    (8, "released", {}, False),
    (8, "released", {"pressed": PRESSED["released"]}, True),
    (8, "released", {"on_duty": ("Lena",), "pressed": PRESSED["released"]}, False),
    (8, "released", {"on_duty": ("Maya",), "stood_down": True}, True),
    (8, "resolved", {"status": IncidentStatus.MONITORING}, False),
    (8, "resolved", {"status": IncidentStatus.RESOLVED}, True),
]
PEOPLE_ONLY = {
    (1, "real"),
    (1, "paged"),
    (5, "cause"),
    (6, "changes"),
    (7, "health"),
    (7, "synthetics"),
    (7, "complaints"),
}


def facts(**given) -> Facts:
    return Facts(now=NOW, **given)


@pytest.mark.parametrize(("phase", "key", "given", "holds"), TABLE)
def test_each_line_ticks_by_one_rule_that_holds(phase, key, given, holds):
    missing = item(Phase(phase), key).missing(facts(**given))
    assert (missing == "") is holds, missing
    assert not missing or missing.endswith(".")


def test_every_line_of_the_record_has_a_true_and_a_false_row():
    every = {(phase.value, line.key) for phase in Phase for line in PLAYS[phase].items}
    assert {row[:2] for row in TABLE if row[3]} == every - PEOPLE_ONLY
    assert {row[:2] for row in TABLE if not row[3]} == every - PEOPLE_ONLY


@pytest.mark.parametrize(("phase", "key"), sorted(PEOPLE_ONLY))
def test_lines_that_only_people_can_know_are_theirs_alone(phase, key):
    line = item(Phase(phase), key)
    everything = facts(
        has_bridge=True,
        systems=3,
        description="d",
        severity_changed=True,
        milestones=2,
        exec_summary="e",
        tracks=(GOOD,),
        checks=1,
        confirmed_checks=1,
        has_resolution=True,
        released=True,
        stood_down=True,
    )
    assert line.missing(everything)
    assert line.why_not_press(everything) == ""
    assert line.missing(facts(pressed=frozenset({key}))) == ""


@pytest.mark.parametrize(
    ("phase", "key", "given", "refusal"),
    [
        (
            3,
            "customers",
            {},
            "Customer count set: the record ticks this by itself. "
            "No count yet. A guess is kept as approximate.",
        ),
        (3, "customers", {"customer_count": 5}, "Customer count set: the record ticks this by itself."),
        (3, "severity", {}, ""),
        (3, "severity", {"severity_changed": True}, "the record ticks this by itself."),
        (2, "can", {}, "No CAN yet."),
        (2, "can", {"asked_teams": ("A", "B"), "reported_teams": ("A",)}, "Not yet from B."),
        (2, "can", {"reported_teams": ("A",)}, ""),
        (8, "released", {"on_duty": ("Lena",)}, "Still on: Lena."),
    ],
)
def test_what_a_press_cannot_tick_is_said(phase, key, given, refusal):
    said = item(Phase(phase), key).why_not_press(facts(**given))
    assert said.endswith(refusal)
    assert bool(said) is bool(refusal)


def test_a_press_before_the_clean_window_started_anew_says_nothing():
    assert press_counts(NOW, None)
    assert press_counts(NOW, NOW)
    assert not press_counts(EARLIER, NOW)


@pytest.mark.parametrize(
    ("level", "asks"), [(AlarmLevel.BOX_0, False), (AlarmLevel.BOX_1, True), (AlarmLevel.BOX_3, True)]
)
def test_box_0_asks_for_no_bridge_and_no_role(level, asks):
    keys = {line.key for phase in Phase for line in play_at(phase, level).items}
    assert ({"bridge", "roles"} <= keys) is asks
    assert keys >= {"real", "systems", "can", "resolved"}
    words = [play_at(phase, level) for phase in Phase]
    text = " ".join(f"{p.job} {p.ready_when} {p.next_step} {p.watch_for} {p.failure}" for p in words)
    assert ("bridge" in text.lower().replace("asks for no bridge", "")) is asks


def test_the_coach_asks_box_0_for_no_bridge():
    def said(level, severity):
        given = {"severity": severity, "level": level, "level_at": NOW, "status": IncidentStatus.ACTIVE}
        return [n.what for n in nudges(CoachInputs(**given, phase=Phase.ALERT, phase_at=NOW, opened_at=NOW))]

    assert "No bridge" in said(AlarmLevel.BOX_3, Severity.CRITICAL)
    assert "No bridge" not in said(AlarmLevel.BOX_0, Severity.LOW)
