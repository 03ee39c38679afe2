"""Operations on what belongs to one phase: ticks of its checklist, and its note."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import Phase
from majorops.domain.errors import Invalid
from majorops.domain.events import EventKind
from majorops.domain.playbook import item as playbook_item
from majorops.models import ChecklistTick, Incident, PhaseNote
from majorops.operations import operation, record
from majorops.operations.checklist_facts import facts, standing_ticks


@operation(needs=Permission.INCIDENT_COMMAND)
def set_tick(
    incident: Incident, phase: Phase, key: str, ticked: bool, *, actor: Actor, now: datetime
) -> None:
    """Tick or untick an item of a phase's checklist; who and when is kept (domain §4).

    Raises Invalid where there is no such line, or where only the record can tick it: the sentence says what
    is missing.
    """
    item = playbook_item(phase, key)
    if item is None:
        raise Invalid({"item": "There is no such checklist item."})
    tick = db.session.scalar(select(ChecklistTick).filter_by(incident_id=incident.id, phase=phase, item=key))
    stands = key in standing_ticks(incident, phase)
    if ticked == stands:
        return
    if ticked and (refusal := item.why_not_press(facts(incident, phase, now=now))):
        raise Invalid({"item": refusal})
    if tick is not None:
        db.session.delete(tick)
        db.session.flush()
    if ticked:
        db.session.add(ChecklistTick(incident_id=incident.id, phase=phase, item=key, by=actor.name, at=now))
    operation = "Checked" if ticked else "Unchecked"
    record(incident, EventKind.CHECKLIST_TICKED, f"{operation}: {item.text}", actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def write_phase_note(incident: Incident, phase: Phase, text: str, *, actor: Actor, now: datetime) -> None:
    """Keep the MIM's note for a phase; the earlier text stays in the timeline."""
    note = db.session.scalar(select(PhaseNote).filter_by(incident_id=incident.id, phase=phase))
    old = note.text if note else ""
    if text == old:
        return
    if note is None:
        note = PhaseNote(incident_id=incident.id, phase=phase)
        db.session.add(note)
    note.text, note.by, note.at = text, actor.name, now
    record(
        incident,
        EventKind.NOTE_WRITTEN,
        f"Phase note, {phase.title}",
        detail=f"{old or '(empty)'} › {text or '(empty)'}",
        field="phase_note",
        actor=actor,
        now=now,
    )
