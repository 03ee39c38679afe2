"""Advancing, gates, override, races (domain §4)."""

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.errors import Conflict, GateClosed, Invalid
from majorops.domain.vocab import CheckState, IncidentStatus, Phase, Severity
from majorops.models import TimelineEvent
from majorops.operations import phase, validation


def kinds(incident):
    rows = select(TimelineEvent.kind).filter_by(incident_id=incident.id).order_by(TimelineEvent.seq)
    return list(db.session.scalars(rows))


def test_one_press_is_one_step(cast, clock):
    incident = cast.open()
    phase.advance_phase(incident, actor=cast.maya, now=clock.tick(minutes=2), expected=Phase.ALERT)
    assert incident.phase is Phase.GATHER
    assert incident.phase_entered_at == clock()
    assert kinds(incident)[-1] == "phase.advanced"


def test_second_press_is_told_who_advanced(cast, clock):
    incident = cast.open()
    phase.advance_phase(incident, actor=cast.maya, now=clock(), expected=Phase.ALERT)
    with pytest.raises(Conflict, match="Maya Okafor advanced to 2 Gather at 14:00:00"):
        phase.advance_phase(incident, actor=cast.omar, now=clock(), expected=Phase.ALERT)
    assert incident.phase is Phase.GATHER


def test_no_way_back(cast, clock):
    incident = cast.open()
    cast.bring_to(incident, Phase.ASSESS)
    with pytest.raises(Invalid, match="do not go back"):
        phase.advance_phase(incident, Phase.GATHER, actor=cast.maya, now=clock())


def test_skipping_asks_for_a_reason_that_stays_internal(cast, clock):
    incident = cast.open(severity=Severity.LOW)
    with pytest.raises(Invalid, match="2 Gather, 3 Assess"):
        phase.advance_phase(incident, Phase.INITIAL, actor=cast.maya, now=clock())
    phase.advance_phase(incident, Phase.INITIAL, actor=cast.maya, now=clock(), reason="known fault")
    entries = db.session.scalars(select(TimelineEvent).order_by(TimelineEvent.seq.desc()).limit(2)).all()
    assert entries[0].kind == "reason.given"
    assert entries[0].visibility == "internal"
    assert "2 Gather" in entries[0].title
    assert entries[0].detail == "known fault"
    assert "known fault" not in entries[1].title + entries[1].detail


def test_ten_minute_rule(cast, clock):
    incident = cast.open()
    cast.bring_to(incident, Phase.VALIDATION)
    for name in incident.system_names:
        validation.set_check(incident, name, CheckState.CONFIRMED, actor=cast.maya, now=clock())
    clock.tick(minutes=9, seconds=59)
    with pytest.raises(GateClosed, match="10:00 clean"):
        phase.advance_phase(incident, actor=cast.maya, now=clock())
    with pytest.raises(GateClosed):
        phase.change_status(incident, IncidentStatus.MONITORING, actor=cast.maya, now=clock())
    phase.advance_phase(incident, actor=cast.maya, now=clock.tick(seconds=1))
    assert incident.phase is Phase.RESOLUTION
