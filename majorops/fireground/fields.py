"""A field at rest and its editor: what a person reads of a value, and what they need to change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from majorops.domain.enums import AlarmLevel, CheckState, CommandRole, Phase, Severity
from majorops.fireground import reads
from majorops.fireground.view import View
from majorops.models import Incident
from majorops.operations.fields import FIELDS, Field, Place, field_id
from majorops.web.fields import Editor, FieldAtRest

SQUARES = {CheckState.CONFIRMED: " square--green", CheckState.FAILED: ""}


@dataclass(frozen=True)
class Block:
    """Severity and Box."""

    severity: Severity
    alarm_level: AlarmLevel


@dataclass(frozen=True)
class Chip:
    """A system, and the square that says how its check stands."""

    name: str
    square: str


@dataclass(frozen=True)
class AlertTime:
    """When the alert fired, None for unknown, and when the incident was opened, which is compared with it."""

    fired_at: datetime | None
    opened_at: datetime


@dataclass(frozen=True)
class Holder:
    """Who holds a role; with nobody, what is said instead, and since when it is vacant."""

    name: str
    is_me: bool
    instead: str
    vacant_since: datetime | None
    can_assign: bool


def at_rest(view: View, name: str) -> FieldAtRest:
    """The field of this name, as this person sees it. Raises KeyError where there is none."""
    field = FIELDS[name]
    text, can_edit, unasked = text_of(view, field), view.can_edit(name), why_unasked(view, field)
    return FieldAtRest(
        name=name,
        id=field_id(name),
        label=field.label,
        address=f"{view.address}/fields/{name}",
        text=text,
        shown=field.show(text) or unasked or (field.empty if can_edit else "") or "Not set",
        spoken=field.show(text) or unasked or field.empty or "not set",
        has_lines=field.input == "text",
        can_edit=can_edit,
        told_nobody=_told_nobody(view, field),
        display=field.display,
        detail=DETAILS[field.display](view, field) if field.display in DETAILS else None,
        now=view.now,
    )


def fields_at(view: View, place: Place) -> tuple[FieldAtRest, ...]:
    """The fields that stand at a place of the page, but for those that have no value to edit yet."""
    found = [f for f in FIELDS.values() if f.place is place and not f.why_missing(view.incident)]
    return tuple(
        at_rest(view, f.name) for f in found if not (f.display == "bridge" and edits_bridge_above(view))
    )


def edits_bridge_above(view: View) -> bool:
    """The bridge's field stands in the header, not under All fields: where it is asked for or set."""
    incident = view.incident
    return bool(incident.bridge_url or incident.alarm_level) and view.can_edit("bridge_url")


def text_of(view: View, field: Field) -> str:
    """The stored value as editable text, from what is read already where it is."""
    if role := _role_of(field):
        return next(
            (holder.held.name for holder in reads.team(view) if holder.role is role and holder.held), ""
        )
    if field.place is Place.PANEL:
        return reads.note(view)
    return field.read(view.incident)


def why_unasked(view: View, field: Field) -> str:
    """What an empty field says that the incident's Box does not ask for, or whose holder was let go."""
    role = _role_of(field)
    if role and role in reads.let_go(view):
        return reads.released(view)[role]
    is_bridge_unasked = field.display == "bridge" and view.incident.alarm_level is AlarmLevel.BOX_0
    if is_bridge_unasked or (role and not reads.is_asked(view, role)):
        return f"Not asked for at {view.incident.alarm_level.label}"
    return ""


def _role_of(field: Field) -> CommandRole | None:
    return CommandRole(field.name.removeprefix("command.")) if field.place is Place.ROLES else None


def _told_nobody(view: View, field: Field) -> bool:
    """The field gave a role to somebody else's account: assigning sends them no message."""
    role = _role_of(field)
    if role is None:
        return False
    held = next(holder.held for holder in reads.team(view) if holder.role is role)
    return bool(held and held.user_id and held.user_id != view.actor.user_id)


def _block(view: View, field: Field) -> Block:
    return Block(view.incident.severity, view.incident.alarm_level)


def _is_above(view: View, field: Field) -> bool:
    return edits_bridge_above(view)


def _chips(view: View, field: Field) -> tuple[Chip, ...]:
    pending = " square--hollow" if view.incident.phase >= Phase.VALIDATION else ""
    checks = reads.situation(view).checks
    return tuple(
        Chip(name, SQUARES.get(checks.get(name, CheckState.PENDING), pending))
        for name in view.incident.system_names
    )


def _alert_time(view: View, field: Field) -> AlertTime:
    return AlertTime(view.incident.issue_time, view.incident.opened_at)


def _holder(view: View, field: Field) -> Holder:
    role = _role_of(field)
    holder = next(holder for holder in reads.team(view) if holder.role is role)
    if holder.held:
        is_me = bool(holder.held.user_id) and holder.held.user_id == view.actor.user_id
        return Holder(holder.held.name, is_me, "", None, False)
    incident = view.incident
    instead = why_unasked(view, field)
    if incident.is_resolved:  # whether it is stood down or not: the response is over, no role is asked for
        instead = reads.released(view).get(holder.role, "Not held")
    return Holder("", False, instead, holder.vacant_since, view.can_command and not incident.is_resolved)


DETAILS = {
    "severity": _block,
    "bridge": _is_above,
    "systems": _chips,
    "alert_time": _alert_time,
    "role": _holder,
}


def editor_of(view: View, field: Field, **more: Any) -> Editor:
    """The editor of a field; `more` as Editor has it."""
    return Editor(
        field=field,
        id=field_id(field.name),
        reference=view.incident.reference,
        page=view.address,
        address=f"{view.address}/fields/{field.name}",
        now=view.now,
        hint=_public_hint(view.incident, field) if field.audience == "public" else "",
        **more,
    )


def _public_hint(incident: Incident, field: Field) -> str:
    if not incident.is_shown:
        return "Internal: the incident is not public."
    if field.display == "bridge" and not incident.bridge_is_public:
        return "Internal: Bridge public is No."
    return "Public pages show it."
