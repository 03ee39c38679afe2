"""The operation behind every click-to-edit: one value, checked against what the person saw."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import AlarmLevel, CommandRole, IncidentStatus, Severity
from majorops.domain.errors import Conflict, Invalid, NotFound
from majorops.domain.events import EventKind
from majorops.domain.text import clean_text
from majorops.fields import FIELDS, Field
from majorops.models import AffectedSystem, Incident, PhaseNote, TimelineEvent, ValidationCheck
from majorops.operations import demand_open, operation, record
from majorops.operations.checklist import write_phase_note
from majorops.operations.command import assign_role
from majorops.operations.incident import change_severity, record_alert_fired, set_alarm_level
from majorops.operations.phase import change_status
from majorops.operations.runcards import bring_card
from majorops.operations.summary import basis_now, stamp

LOSER_AT_MOST = 10_000  # characters


@operation(needs=Permission.INCIDENT_COMMAND)
def edit_field(
    incident: Incident,
    name: str,
    typed: str,
    *,
    actor: Actor,
    now: datetime,
    was: str | None = None,
    override: str = "",
) -> bool:
    """Set one field of the registry to what was typed.

    `was`: the text the person saw; None skips the comparison. `override`: for a status whose gate is
    closed. Returns whether anything changed. Raises NotFound (no such field), Invalid, Conflict
    (changed meanwhile: both texts are in it; or the incident is resolved), GateClosed.
    """
    field = FIELDS.get(name)
    if field is None:
        raise NotFound(f"There is no field {name}.")
    if field.frozen_when_resolved:
        demand_open(incident)
    value = field.accept(typed)
    stored = read(incident, field)
    if was is not None and was != stored:
        if _same(field, typed, stored):
            return False
        by, at = last_edit(incident, name)
        raise Conflict(f"{field.label} was changed meanwhile.", theirs=stored, by=by, at=at)
    before = incident.version
    if name == "severity":
        change_severity(incident, cast(Severity, value), actor=actor, now=now)
    elif name == "alarm_level":
        set_alarm_level(incident, cast(AlarmLevel, value), actor=actor, now=now)
    elif name == "status":
        change_status(incident, cast(IncidentStatus, value), override=override, actor=actor, now=now)
    elif name.startswith("command."):
        role = CommandRole(name.removeprefix("command."))
        assign_role(incident, role, cast(str, value), actor=actor, now=now)
    elif name == "phase_note":
        write_phase_note(incident, incident.phase, cast(str, value), actor=actor, now=now)
    else:
        _write(incident, field, value, stored, actor=actor, now=now)
    return incident.version > before


@operation(needs=Permission.INCIDENT_COMMAND)
def edit_fields(
    incident: Incident,
    given: dict[str, tuple[str, str]],
    *,
    rename: dict[str, str],
    actor: Actor,
    now: datetime,
) -> None:
    """Set several fields or none: name → (typed, was). `rename`: how a form calls them in errors.
    Raises as `edit_field`; a conflict names its field."""
    errors: dict[str, str] = {}
    for name, (typed, was) in given.items():
        try:
            edit_field(incident, name, typed, was=was, actor=actor, now=now)
        except Invalid as problem:
            errors |= {rename.get(key, key): sentence for key, sentence in problem.errors.items()}
        except Conflict as problem:
            theirs = f" It says now: {problem.theirs}" if problem.theirs is not None else ""
            errors[rename.get(name, name)] = f"{problem}{theirs}"
    if errors:
        raise Invalid(errors)


@operation(needs=Permission.INCIDENT_COMMAND)
def record_discarded_edit(incident: Incident, name: str, typed: str, *, actor: Actor, now: datetime) -> None:
    """Two people edited one field and the other's text was taken:
    what this one typed stays in the record, internal. Raises NotFound (no such field), Invalid.
    """
    if (field := FIELDS.get(name)) is None:
        raise NotFound(f"There is no field {name}.")
    shown = clean_text(typed)
    if len(shown) > LOSER_AT_MOST:
        raise Invalid({name: f"At most {LOSER_AT_MOST:,} characters; this has {len(shown):,}."})
    if not shown or field.show(shown) == field.show(read(incident, field)):
        return
    record(
        incident,
        EventKind.EDIT_DISCARDED,
        f"{field.label}: not taken, the other text stands",
        detail=field.show(shown),
        actor=actor,
        now=now,
    )


def read(incident: Incident, field: Field) -> str:
    """The stored value as editable text, wherever it is kept."""
    if field.name == "phase_note":
        note = select(PhaseNote.text).filter_by(incident_id=incident.id, phase=incident.phase)
        return db.session.scalar(note) or ""
    return field.read(incident)


def _same(field: Field, typed: str, stored: str) -> bool:
    """Both people typed the same: no conflict, nothing to save."""
    try:
        return field.parse(typed) == field.parse(stored)
    except ValueError:
        return False


def _write(
    incident: Incident, field: Field, value: object, stored: str, *, actor: Actor, now: datetime
) -> None:
    if field.name == "affected_systems":
        _set_systems(incident, cast("list[str]", value))
    elif field.name == "alert.customer_count":
        count, is_approximate = cast("tuple[int | None, bool]", value)
        incident.customer_count, incident.customer_count_is_approximate = count, is_approximate
    else:
        _check_times(incident, field.name, value, now)
        setattr(incident, field.stored_in, value)
    db.session.flush()
    new = field.read(incident)
    if new == stored:
        return
    shown = [field.show(text) or "(empty)" for text in (stored, new)]
    one_line = f"{field.label}: {shown[0]} › {shown[1]}"
    fits = "\n" not in one_line and len(one_line) <= 200
    record(
        incident,
        EventKind.FIELD_CHANGED,
        one_line if fits else f"{field.label} changed",
        detail="" if fits else f"{shown[0]} › {shown[1]}",
        field=field.name,
        actor=actor,
        now=now,
    )
    if field.name == "exec_summary":
        stamp(incident, basis_now(incident, now))
    if field.name == "affected_systems":
        bring_card(incident, actor=actor, now=now)
    if field.name == "alert.issue_time" and value:
        record_alert_fired(incident, actor=actor, now=now)
    if field.name == "alert.resolve_time" and isinstance(value, datetime):
        title = f"Alert cleared {value:%Y-%m-%d %H:%M:%S} UTC"
        record(
            incident,
            EventKind.ALERT_CLEARED,
            title,
            actor=actor,
            now=now,
        )


def _set_systems(incident: Incident, names: list[str]) -> None:
    kept = {system.name: system for system in incident.systems}
    for name, system in kept.items():
        if name not in names:
            incident.systems.remove(system)
            gone = select(ValidationCheck).filter_by(incident_id=incident.id, system=name)
            for check in db.session.scalars(gone):
                db.session.delete(check)
    incident.systems += [AffectedSystem(name=name) for name in names if name not in kept]


def _check_times(incident: Incident, name: str, value: object, now: datetime) -> None:
    label = FIELDS[name].label
    if FIELDS[name].input != "time" or not isinstance(value, datetime):
        return
    if value > now:
        raise Invalid({name: f"{label}: {value:%Y-%m-%d %H:%M} UTC has not come yet."})
    if name == "detected_at" and value > incident.opened_at:
        raise Invalid(
            {name: f"{label}: not after the incident was opened, {incident.opened_at:%Y-%m-%d %H:%M} UTC."}
        )
    if refusal := edit_refusal(incident, name):
        raise Invalid({name: refusal})
    if name == "resolved_at" and value < incident.opened_at:
        raise Invalid(
            {name: f"{label}: not before the incident was opened, {incident.opened_at:%Y-%m-%d %H:%M} UTC."}
        )


def edit_refusal(incident: Incident, name: str) -> str:
    """Why the field has no value to edit yet; empty when it has."""
    if name == "resolved_at" and incident.resolved_at is None:
        return "The incident is not resolved. Set the status to Resolved."
    return ""


def last_edit(incident: Incident, name: str, after: int = 0) -> tuple[str | None, datetime | None]:
    """Who changed the field last, and when; None, None for nobody after entry `after`."""
    last = (
        select(TimelineEvent.actor_name, TimelineEvent.at)
        .where(TimelineEvent.seq > after)
        .filter_by(incident_id=incident.id, field=name)
        .order_by(TimelineEvent.seq.desc())
    )
    row = db.session.execute(last.limit(1)).first()
    return (row.actor_name, row.at) if row else (None, None)
