"""Checklist ticks: who and when is kept; what only the record can know is not ticked by hand."""

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import CommandRole, Phase, Severity
from majorops.domain.errors import Invalid
from majorops.fireground.regions import panel
from majorops.models import ChecklistTick
from majorops.operations import phase as phases
from majorops.operations import tracks
from majorops.operations.checklist import set_tick, write_phase_note
from majorops.operations.command import assign_role, release_responder
from majorops.operations.edit import edit_field


def test_who_and_when(cast, clock):
    incident = cast.open()
    set_tick(incident, Phase.ALERT, "real", True, actor=cast.maya, now=clock())
    tick = db.session.scalar(select(ChecklistTick))
    assert (tick.by, tick.at) == ("Maya Okafor", clock())
    before = incident.version
    set_tick(incident, Phase.ALERT, "real", True, actor=cast.omar, now=clock())  # it is ticked already
    assert (incident.version, db.session.scalar(select(ChecklistTick.by))) == (before, "Maya Okafor")
    set_tick(incident, Phase.ALERT, "real", False, actor=cast.maya, now=clock())
    assert db.session.scalar(select(ChecklistTick)) is None


@pytest.mark.parametrize(
    ("phase", "key"),
    [
        (Phase.VALIDATION, "monitoring"),
        (Phase.INITIAL, "milestone"),
        (Phase.ALERT, "nothing"),
        (Phase.ASSESS, "customers"),
    ],
)
def test_not_by_hand(cast, clock, phase, key):
    with pytest.raises(Invalid):
        set_tick(cast.open(), phase, key, True, actor=cast.maya, now=clock())


def test_the_earlier_phase_note_stays_in_the_timeline(cast, clock):
    incident = cast.open()
    for text in ("first", "second", "second"):
        write_phase_note(incident, Phase.ALERT, text, actor=cast.maya, now=clock())
    assert incident.version == 5  # opened, MIM, alarm, two notes; the third said the same


def is_done(cast, key: str) -> bool:
    return next(line for line in panel.build(cast.fireground(1)).checklist if line.key == key).is_done


@pytest.fixture
def who(cast, clock):
    return lambda: {"actor": cast.maya, "now": clock()}


def test_can_from_every_team_waits_for_all_that_the_record_names(cast, who):
    incident = cast.open()
    cast.bring_to(incident, Phase.GATHER)
    tracks.report_can(incident, team="App", conditions="slow", **who())
    assert not is_done(cast, "can")  # who else there is, nobody said
    tracks.gather(incident, ["app", "Database"], 5, **who())
    assert not is_done(cast, "can")
    with pytest.raises(Invalid, match="Not yet from Database"):
        set_tick(incident, Phase.GATHER, "can", True, **who())
    tracks.report_can(incident, team="DATABASE", conditions="lag", **who())
    assert is_done(cast, "can")


def test_a_can_from_before_the_phase_or_the_round_is_no_answer(cast, clock, who):
    incident = cast.open()
    tracks.report_can(incident, team="App", conditions="slow", **who())
    cast.bring_to(incident, Phase.GATHER)
    tracks.open_track(incident, team="App", owner="Rita", goal="look", minutes=30, **who())
    assert not is_done(cast, "can")
    tracks.report_can(incident, team="App", conditions="slower", **who())
    assert is_done(cast, "can")
    clock.tick(minutes=1)
    tracks.gather(incident, ["app"], 5, **who())
    assert not is_done(cast, "can")
    tracks.report_can(incident, team="APP", conditions="down", **who())
    assert is_done(cast, "can")


def test_severity_is_confirmed_by_a_change_or_by_one_press(cast, clock, who):
    incident = cast.open()
    cast.bring_to(incident, Phase.ASSESS)
    assert not is_done(cast, "severity")
    set_tick(incident, Phase.ASSESS, "severity", True, **who())
    assert is_done(cast, "severity")
    set_tick(incident, Phase.ASSESS, "severity", False, **who())
    assert not is_done(cast, "severity")
    edit_field(incident, "severity", Severity.HIGH.value, **who())
    assert is_done(cast, "severity")


def test_customer_count_set_is_open_while_it_is_empty(cast, who):
    incident = cast.open()
    cast.bring_to(incident, Phase.ASSESS)
    edit_field(incident, "alert.customer_count", "~40", **who())
    assert is_done(cast, "customers")
    edit_field(incident, "alert.customer_count", "", **who())
    assert not is_done(cast, "customers")


def test_tracks_with_timeboxes_is_open_while_one_lacks_it(cast, who):
    incident = cast.open()
    cast.bring_to(incident, Phase.ISOLATION)
    tracks.open_track(incident, team="App", goal="roll back", minutes=10, **who())
    assert is_done(cast, "tracks")
    bare = tracks.open_track(incident, team="Database", goal="fail over", **who())
    assert not is_done(cast, "tracks")
    tracks.extend_track(incident, bare.id, 10, **who())
    assert is_done(cast, "tracks")


def test_impact_is_current_when_it_was_written_in_this_phase(cast, who):
    incident = cast.open()
    for name in ("business_impact", "customer_impact_summary"):
        edit_field(incident, name, "early words", **who())
    cast.bring_to(incident, Phase.ISOLATION)
    assert not is_done(cast, "impact")
    edit_field(incident, "business_impact", "41k an hour", **who())
    assert not is_done(cast, "impact")
    edit_field(incident, "customer_impact_summary", "1,240 cannot pay", **who())
    assert is_done(cast, "impact")


def test_responders_released_needs_all_five(cast, who):
    incident = cast.open()
    names = {role: f"Holder {role.value}" for role in CommandRole if role is not CommandRole.MIM}
    for role, name in names.items():
        assign_role(incident, role, name, **who())
    cast.bring_to(incident, Phase.VALIDATION)
    phases.advance_phase(incident, override="drill", **who())
    for name in names.values():
        assert not is_done(cast, "released")
        release_responder(incident, name, **who())
    assert is_done(cast, "released")


def test_what_was_green_before_symptoms_returned_is_open_again(cast, clock, who):
    incident = cast.open()
    cast.bring_to(incident, Phase.VALIDATION)
    set_tick(incident, Phase.VALIDATION, "health", True, **who())
    assert is_done(cast, "health")
    clock.tick(minutes=2)
    phases.report_symptoms_returned(incident, **who())
    assert not is_done(cast, "health")
    set_tick(incident, Phase.VALIDATION, "health", True, **who())
    assert is_done(cast, "health")
