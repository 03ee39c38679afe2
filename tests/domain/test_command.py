"""Rules of the command team: who acts for whom, the brief of a hand-over, the exposure line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.access import Actor
from majorops.domain.coach import Clocked, CoachInputs
from majorops.domain.enums import (
    AccountRole,
    AlarmLevel,
    CommandRole,
    IncidentStatus,
    Phase,
    RecoveryConfidence,
    RecoveryPath,
    Severity,
)
from majorops.domain.exposure import exposure
from majorops.domain.handover import (
    Picture,
    answer_refusal,
    brief,
    offer_refusal,
    receiver_refusal,
    withdraw_refusal,
)
from majorops.domain.roles import ABOUT, stand_down_refusal, stand_in, take_refusal

NOW = datetime(2026, 11, 23, 14, 41, 7, tzinfo=UTC)
MIM = {CommandRole.MIM: "Maya"}
BOTH = MIM | {CommandRole.SERVICE_MANAGER: "Sam"}
ASK = (Clocked(9, "Rita: check the pool", NOW + timedelta(minutes=2), NOW),)


def ago(**delta) -> datetime:
    return NOW - timedelta(**delta)


@pytest.mark.parametrize(
    ("role", "held", "phase", "level", "name", "text"),
    [
        ("sre", MIM, 2, 3, "", "Maya, MIM, names an acting one."),
        ("leader", MIM, 2, 3, "", "The MIM's manager acts from phase 3 on."),
        ("leader", MIM, 3, 3, "", "Acting: the manager of Maya"),
        ("leader", MIM, 5, 2, "", "Not asked for at Box 2."),
        ("service_manager", MIM, 1, 1, "Maya", "Acting: Maya, MIM"),
        ("customer_ops", BOTH, 4, 3, "Sam", "Acting: Sam, Service Manager"),
        ("customer_ops", MIM, 4, 3, "Maya", "Acting: Maya, MIM"),
        ("mim", {}, 4, 3, "", "Nobody has command."),
        ("mim", {CommandRole.SRE: "Rita"}, 4, 3, "", "Nobody has command."),
    ],
)
def test_who_acts_for_an_empty_role(role, held, phase, level, name, text):
    found = stand_in(CommandRole(role), held, Phase(phase), AlarmLevel(level))
    assert (found.name, found.text) == (name, text)


@pytest.mark.parametrize(("role", "held"), [("mim", MIM), ("sre", {CommandRole.SRE: "Rita"}), ("leader", {})])
def test_nobody_acts_for_a_held_role_nor_before_somebody_has_command(role, held):
    assert stand_in(CommandRole(role), held, Phase.MITIGATION, AlarmLevel.BOX_3) is None


def test_every_role_has_its_line():
    assert set(ABOUT) == set(CommandRole)
    assert all(len(text) < 90 and text.endswith(".") for text in ABOUT.values())


@pytest.mark.parametrize(
    ("level", "teams", "confidence", "path", "line", "words"),
    [
        (
            3,
            ["App", "Database", "Vendor PayLink"],
            "low",
            "partial",
            "E3T2V1C(L)R(P)",
            "Box 3, 2 teams, 1 vendor, recovery confidence low, path partial",
        ),
        (
            2,
            ["App", "app ", " APP"],
            "high",
            "known",
            "E2T1C(H)R(N)",
            "Box 2, 1 team, recovery confidence high, path known",
        ),
        (
            0,
            [],
            "unstated",
            "unstated",
            "T0C(~)R(~)",
            "Box 0, 0 teams, recovery confidence not stated, path not stated",
        ),
        (
            1,
            ["VENDOR a", "vendor b", "vendor  A", ""],
            "medium",
            "blocked",
            "E1T0V2C(M)R(B)",
            "Box 1, 0 teams, 2 vendors, recovery confidence medium, path blocked",
        ),
        (
            1,
            ["The vendors"],
            "medium",
            "unknown",
            "E1T1C(M)R(U)",
            "Box 1, 1 team, recovery confidence medium, path unknown",
        ),
    ],
)
def test_exposure_line(level, teams, confidence, path, line, words):
    it = exposure(AlarmLevel(level), teams, RecoveryConfidence(confidence), RecoveryPath(path))
    assert (it.line, it.words) == (line, words)


def lines(seen: Picture, watched: CoachInputs) -> dict[str, str]:
    found = brief(seen, watched, NOW)
    assert len(found) == 6
    return {line.label: line.text for line in found}


def test_brief_of_a_full_record():
    seen = Picture(
        reference="INC-042",
        title="prod-payments-api not responding",
        opened_at=ago(minutes=40),
        systems=("payments-api", "ledger-db"),
        customers="approximately 1,240",
        external="Yes, customer-facing",
        milestone=(2, ago(minutes=17)),
        needs=(("App", "deploy freeze"),),
        held=((CommandRole.SRE, "Rita"), (CommandRole.MIM, "Maya")),
    )
    watched = CoachInputs(
        severity=Severity.CRITICAL,
        level=AlarmLevel.BOX_3,
        level_at=ago(minutes=40),
        status=IncidentStatus.ACTIVE,
        phase=Phase.VALIDATION,
        phase_at=ago(minutes=18, seconds=37),
        opened_at=ago(minutes=38),
        promised_at=ago(minutes=2, seconds=12),
        vacant={CommandRole.LEADER: ago(minutes=5)},
        tracks=(
            Clocked(1, "roll back (App)", ago(seconds=80), ago(minutes=20)),
            Clocked(2, "reset (Vendor)", None, NOW),
        ),
        timeboxes=(Clocked(3, "conditions", NOW + timedelta(minutes=4), NOW),),
        asks=ASK,
        window_at=ago(minutes=6, seconds=10),
        window_resets=1,
    )
    assert lines(seen, watched) == {
        "Incident": "INC-042 Critical, Box 3. prod-payments-api not responding. 00:40:00",
        "Phase": "7 Validation, 18:37. Clean window 06:10 of 10:00, reset 1×",
        "Impact": (
            "2 systems: payments-api, ledger-db. Customers: approximately 1,240. "
            "External: Yes, customer-facing"
        ),
        "Promise": "Update overdue 02:12, was due 14:38:55. Milestone 2 at 14:24",
        "Tracks": (
            "2 running: roll back (App) -01:20; reset (Vendor) no timebox. Timeboxes: conditions 04:00. "
            "Needs: App deploy freeze"
        ),
        "Team": "SRE Rita; MIM Maya. Vacant: Leader. Asks open: Rita: check the pool 02:00",
    }


def bare(**given) -> tuple[Picture, CoachInputs]:
    seen = Picture("INC-001", given.pop("title", "t"), NOW, (), "not counted", "Unknown")
    at = {"level_at": NOW, "phase_at": NOW, "opened_at": NOW}
    about = (Severity.LOW, AlarmLevel.BOX_0, IncidentStatus.ACTIVE, Phase.ALERT)
    names = ("severity", "level", "status", "phase")
    return seen, CoachInputs(**dict(zip(names, about, strict=True)) | at | given)


def test_brief_of_an_empty_record():
    assert lines(*bare()) == {
        "Incident": "INC-001 Low, Box 0. t. 00:00:00",
        "Phase": "1 Alert, 00:00. Clean window not started",
        "Impact": "0 systems. Customers: not counted. External: Unknown",
        "Promise": "No update promised. No milestone",
        "Tracks": "0 running. Needs: none",
        "Team": "nobody. Vacant: none",
    }


def test_brief_stays_short():
    many = tuple(Clocked(n, f"goal {n} {'x' * 200}", NOW, NOW) for n in range(50))
    found = lines(*bare(title="y" * 900, tracks=many))
    assert max(map(len, found.values())) <= 300
    few = tuple(Clocked(n, f"g{n}", NOW, NOW) for n in range(7))
    assert "g3 00:00; 3 more" in lines(*bare(tracks=few))["Tracks"]


def test_promise_to_the_second():
    assert lines(*bare(promised_at=NOW))["Promise"].startswith("Update overdue 00:00")
    soon = NOW + timedelta(seconds=1)
    assert lines(*bare(promised_at=soon))["Promise"].startswith("Next update in 00:01, by 14:41:08.")


MAYA, OMAR = Actor("Maya", AccountRole.MIM, 1), Actor("Omar", AccountRole.MIM, 2)
ADA, PHONE = Actor("Ada", AccountRole.ADMIN, 3), Actor("Maya", AccountRole.MIM)


def test_who_may_do_what_with_a_hand_over():
    assert offer_refusal("Maya", 1, MAYA) == offer_refusal("Maya", 1, ADA) == ""
    assert offer_refusal("Maya", 1, OMAR) == "Only Maya, MIM, or an admin hands command over."
    assert offer_refusal("Maya", None, PHONE)  # a name is no proof
    assert offer_refusal("", None, ADA) == "MIM is vacant. Take it with I have command."
    assert answer_refusal("Omar", 2, OMAR) == ""
    assert answer_refusal("Omar", 2, ADA) == "Command is offered to Omar: only they answer."
    assert withdraw_refusal("Maya", 1, MAYA) == withdraw_refusal("Maya", 1, ADA) == ""
    assert withdraw_refusal("Maya", 1, OMAR) == "Only Maya or an admin withdraws this."
    assert withdraw_refusal("Maya", None, PHONE)


@pytest.mark.parametrize("role", list(AccountRole))
def test_only_accounts_with_command_rights_receive_it(role):
    may = role in (AccountRole.ADMIN, AccountRole.MIM)
    assert (receiver_refusal("R", role, True) == "") is may
    assert receiver_refusal("R", role, False) == "The account of R is switched off."


def test_taking_and_standing_down():
    assert take_refusal("", None, "Maya") == ""
    assert take_refusal("Omar", NOW, "Maya") == "Omar has command since 14:41:07."
    assert take_refusal("Maya", NOW, "Maya") == "You have command since 14:41:07."
    assert "is not resolved" in stand_down_refusal("INC-001", False, None, "")
    assert stand_down_refusal("INC-001", True, None, "") == ""
    assert stand_down_refusal("INC-001", True, NOW, "Maya") == "Stood down 14:41:07 by Maya."
