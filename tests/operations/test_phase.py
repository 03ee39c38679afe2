"""Advancing, gates, override, races (domain §4)."""

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.briefs import SummaryAtClose
from majorops.domain.enums import CheckState, IncidentStatus, Phase, Severity
from majorops.domain.errors import Conflict, GateClosed, Invalid
from majorops.models import TimelineEvent
from majorops.operations import phase, validation
from majorops.operations.edit import edit_field


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


def test_override_is_written_down(cast, clock):
    incident = cast.open()
    phase.change_status(
        incident, IncidentStatus.RESOLVED, override="false alarm", actor=cast.maya, now=clock()
    )
    assert incident.is_resolved
    entry = db.session.scalar(select(TimelineEvent).filter_by(kind="gate.overridden"))
    assert (entry.type, entry.visibility) == ("command", "internal")
    assert "false alarm" in entry.detail
    assert "Resolved needs phase 8." in entry.detail


def test_symptoms_returned(cast, clock):
    incident = cast.open()
    cast.validate(incident)
    phase.change_status(incident, IncidentStatus.MONITORING, actor=cast.maya, now=clock())
    phase.report_symptoms_returned(incident, note="5xx again", actor=cast.maya, now=clock.tick(minutes=1))
    assert incident.status is IncidentStatus.ACTIVE
    with pytest.raises(GateClosed, match="10:00 clean"):
        phase.advance_phase(incident, actor=cast.maya, now=clock.tick(minutes=9))
    phase.advance_phase(incident, actor=cast.maya, now=clock.tick(minutes=1))


def test_a_failed_check_and_a_withdrawn_confirmation_restart_the_window(cast, clock):
    incident = cast.open()
    cast.validate(incident)
    for state in (CheckState.FAILED, CheckState.CONFIRMED, CheckState.PENDING):
        validation.set_check(incident, "ledger-db", state, actor=cast.maya, now=clock.tick(minutes=1))
    assert incident.window_resets == 2
    assert incident.window_started_at == clock()


def test_resolving_a_critical_one_wants_the_after_action(cast, clock):
    from datetime import timedelta

    from majorops.operations.updates import publish_milestone

    incident = cast.open()
    cast.validate(incident)
    phase.advance_phase(incident, actor=cast.maya, now=clock())
    with pytest.raises(GateClosed, match="After Action"):
        phase.change_status(incident, IncidentStatus.RESOLVED, actor=cast.maya, now=clock())
    with pytest.raises(Invalid, match="within 72 hours"):
        publish_milestone(
            incident,
            "done",
            is_resolution=True,
            after_action_at=clock() + timedelta(hours=73),
            actor=cast.maya,
            now=clock(),
        )
    publish_milestone(
        incident,
        "done",
        is_resolution=True,
        after_action_at=clock() + timedelta(hours=72),
        actor=cast.maya,
        now=clock(),
    )
    phase.change_status(incident, IncidentStatus.RESOLVED, actor=cast.maya, now=clock.tick(minutes=1))
    assert incident.resolved_at == clock()


def test_responder_confirms_only_what_they_own(cast, clock):
    from majorops.domain.access import SYSTEM
    from majorops.domain.errors import Forbidden
    from majorops.operations.catalogue import add_system

    add_system(name="ledger-db", owner="rita@example.org", actor=SYSTEM, now=clock())
    incident = cast.open()
    cast.bring_to(incident, Phase.VALIDATION)
    validation.set_check(incident, "ledger-db", CheckState.CONFIRMED, actor=cast.rita, now=clock())
    with pytest.raises(Forbidden, match="not yours"):
        validation.set_check(incident, "payments-api", CheckState.CONFIRMED, actor=cast.rita, now=clock())


@pytest.mark.parametrize(
    ("says", "left"),
    [
        (SummaryAtClose.HOLDS, ("Payments fail.", "summary.confirmed")),
        (SummaryAtClose.LATER, ("Payments fail.", "")),
        (SummaryAtClose.CLEAR, ("", "field.changed")),
    ],
)
def test_the_close_asks_what_becomes_of_the_exec_summary(cast, clock, says, left):
    incident, who = cast.open(severity=Severity.LOW), {"actor": cast.maya, "now": clock()}
    edit_field(incident, "exec_summary", "Payments fail.", **who)
    cast.validate(incident)
    phase.advance_phase(incident, **who | {"now": clock()})
    resolved = IncidentStatus.RESOLVED
    with pytest.raises(GateClosed, match="Say what becomes of the exec summary"):
        phase.change_status(incident, resolved, **who)
    before = incident.version
    phase.change_status(incident, resolved, summary=says, override="no milestone", **who)
    assert incident.is_resolved
    new = [kind for kind in kinds(incident)[before:] if kind in ("summary.confirmed", "field.changed")]
    assert (incident.exec_summary, "".join(new)) == left
