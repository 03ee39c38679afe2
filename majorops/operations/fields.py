"""FIELDS: every value of the fireground that is edited in place (data dictionary, domain §3).

To add a field: the column with its migration, an entry here, and, only if the public may read it, the
projection with its words. All else follows from the entry: its place and editor on the fireground, its line
in the palette, its column and form in data management, the regions that a change of it makes stale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, Protocol

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import (
    AlarmLevel,
    CommandRole,
    ExternalImpact,
    IncidentStatus,
    RecoveryConfidence,
    RecoveryPath,
    RiskLevel,
    Severity,
)
from majorops.domain.errors import Invalid
from majorops.domain.events import EventKind, Region
from majorops.domain.parsing import (
    YES_NO,
    Choices,
    addresses,
    as_text,
    choice,
    customer_count,
    flag,
    link,
    optional_line,
    options,
    required,
    required_time,
    systems,
    utc_time,
)
from majorops.domain.text import clean_line, clean_text
from majorops.domain.visibility import TITLE_LENGTH, PublicState
from majorops.models import AffectedSystem, Incident, PhaseNote, ValidationCheck
from majorops.operations import record
from majorops.operations.brief_readers import (
    alarm_new_readers,
    read_readers,
    readers_refusal,
    store_readers,
)
from majorops.operations.checklist import write_phase_note
from majorops.operations.command import assign_role
from majorops.operations.first_word import follow_title, hide_incident, publish_in_time, title_now
from majorops.operations.incident import change_severity, record_alert_fired, set_alarm_level
from majorops.operations.phase import change_status
from majorops.operations.runcards import bring_card
from majorops.operations.summary import basis_now, stamp

LONGEST_TEXT = 10_000  # characters


class Place(StrEnum):
    """Where on the fireground a field stands; `region`: what is drawn again with it."""

    region: Region

    def __new__(cls, value: str, region: Region) -> Place:
        """Make a member with the region that a change of its fields makes stale."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.region = region
        return member

    HEADER = "header", Region.HEADER
    INFO = "info", Region.INFO
    MORE = "more", Region.INFO  # folded under All fields
    ROLES = "roles", Region.TEAM
    EXPOSURE = "exposure", Region.TEAM
    PANEL = "panel", Region.PANEL


class Write(Protocol):
    """An operation that sets a field by itself, and records it."""

    def __call__(self, incident: Incident, value: Any, *, override: str, actor: Actor, now: datetime) -> None:
        """Set the value at `now`; `override`: the written reason that opens a gate, empty for none.

        Raises what the operation raises.
        """


@dataclass(frozen=True)
class Field:
    """One editable value.

    `input`: line, text, choice, time, count, systems, people. `parse` turns typed text into the value, or
    raises ValueError with the rest of the sentence. `audience`: `public` where a projection shows it.
    `columns`: of the incident. `display`: the macro of fields.html that draws it at rest. `suggests`: what
    its editor offers, systems or people.

    What is not a plain column brings its own ways: `reader` gives the editable text, `store` sets the value,
    `check` refuses one with a sentence (given the incident, the value, the time), `then` is what follows a
    change in the same operation, `missing` says why there is no value to edit yet, and `write` is an
    operation that does all of it.
    """

    name: str
    label: str
    input: str
    place: Place
    parse: Callable[[str], Any] = clean_line
    columns: tuple[str, ...] = ()
    audience: str = "internal"
    choices: tuple[tuple[str, str], ...] = ()
    empty: str = ""  # what an empty field says at rest
    limit: int = 0  # characters
    needs: Permission = Permission.INCIDENT_COMMAND
    frozen_when_resolved: bool = True
    may_wait: bool = True  # an edit made without a connection may be saved later; publishing may not
    also: frozenset[Region] = frozenset()  # regions that show it beside its own
    display: str = "plain"
    suggests: str = ""
    has_command: bool = True  # an Edit line in the palette; False where it has lines of its own
    reader: Callable[[Incident], str] | None = None
    store: Callable[[Incident, Any], None] | None = None
    check: Callable[[Incident, Any, datetime], str] | None = None
    then: Callable[[Incident, Any, Actor, datetime], None] | None = None
    missing: Callable[[Incident], str] | None = None
    write: Write | None = None
    in_form: bool = False  # in data management too, though an operation of its own writes it

    @property
    def regions(self) -> frozenset[Region]:
        """All that a change of it makes stale, beside what its kind of event does."""
        return self.also | {self.place.region}

    @property
    def in_data_form(self) -> bool:
        """Written in data management too: not where an operation of its own has gates and consequences."""
        return self.write is None or self.in_form

    def read(self, incident: Incident) -> str:
        """The stored value as editable text; empty for none."""
        if self.reader:
            return self.reader(incident)
        (column,) = self.columns
        return as_text(getattr(incident, column))

    def set(self, incident: Incident, value: Any) -> None:
        """Set the value on the incident's row; part of `edit_field`."""
        if self.store:
            return self.store(incident, value)
        (column,) = self.columns
        setattr(incident, column, value)
        return None

    def show(self, text: str) -> str:
        """What a person reads for the editable text `text`."""
        return dict(self.choices).get(text, text)

    def accept(self, typed: str) -> Any:
        """The value for what was typed. Raises Invalid at this field."""
        try:
            value = self.parse(typed)
            if self.limit and isinstance(value, str) and len(value) > self.limit:
                raise ValueError(f"at most {self.limit:,} characters; this has {len(value):,}")
            return value
        except ValueError as error:
            raise Invalid({self.name: f"{self.label}: {error}."}) from None

    def why_missing(self, incident: Incident) -> str:
        """Why the field has no value to edit yet; empty when it has."""
        return self.missing(incident) if self.missing else ""


# Ways of fields that are more than a column


def _as_write(operation: Callable[..., None]) -> Write:
    def write(incident: Incident, value: Any, *, override: str, actor: Actor, now: datetime) -> None:
        operation(incident, value, actor=actor, now=now)

    return write


def _write_role(
    role: CommandRole, incident: Incident, value: Any, *, override: str, actor: Actor, now: datetime
) -> None:
    assign_role(incident, role, value, actor=actor, now=now)


def _read_role(role: CommandRole, incident: Incident) -> str:
    return next((row.name for row in incident.assignments if row.role is role), "")


def _write_note(incident: Incident, value: Any, *, override: str, actor: Actor, now: datetime) -> None:
    write_phase_note(incident, incident.phase, value, actor=actor, now=now)


def _read_note(incident: Incident) -> str:
    note = select(PhaseNote.text).filter_by(incident_id=incident.id, phase=incident.phase)
    return db.session.scalar(note) or ""


def _not_private(incident: Incident) -> str:
    is_private = incident.public_state is PublicState.PRIVATE
    return "" if is_private else "The incident is not private: everybody with the role reads its briefs."


def _write_public(incident: Incident, value: Any, *, override: str, actor: Actor, now: datetime) -> None:
    (publish_in_time if value else hide_incident)(incident, actor=actor, now=now)


def _store_title(incident: Incident, value: str) -> None:
    was = title_now(incident)
    incident.title = value
    follow_title(incident, was)


def _store_public_title(incident: Incident, value: str) -> None:
    incident.public_title = value or title_now(incident)


def _store_systems(incident: Incident, names: list[str]) -> None:
    was = title_now(incident)
    _set_systems(incident, names)
    follow_title(incident, was)


def _set_systems(incident: Incident, names: list[str]) -> None:
    kept = {system.name: system for system in incident.systems}
    for name, system in kept.items():
        if name not in names:
            incident.systems.remove(system)
            gone = select(ValidationCheck).filter_by(incident_id=incident.id, system=name)
            for check in db.session.scalars(gone):
                db.session.delete(check)
    incident.systems += [AffectedSystem(name=name) for name in names if name not in kept]


def _bring_card(incident: Incident, value: Any, actor: Actor, now: datetime) -> None:
    bring_card(incident, actor=actor, now=now)


def read_customer_count(incident: Incident) -> str:
    """`approximately 1,240`; empty for unknown."""
    if incident.customer_count is None:
        return ""
    about = "approximately " if incident.customer_count_is_approximate else ""
    return f"{about}{incident.customer_count:,}"


def _store_customer_count(incident: Incident, value: tuple[int | None, bool]) -> None:
    incident.customer_count, incident.customer_count_is_approximate = value


def _stamp_summary(incident: Incident, value: Any, actor: Actor, now: datetime) -> None:
    stamp(incident, basis_now(incident, now))


def _record_fired(incident: Incident, value: Any, actor: Actor, now: datetime) -> None:
    if value:
        record_alert_fired(incident, actor=actor, now=now)


def _record_cleared(incident: Incident, value: Any, actor: Actor, now: datetime) -> None:
    if value:
        title = f"Alert cleared {value:%Y-%m-%d %H:%M:%S} UTC"
        record(incident, EventKind.ALERT_CLEARED, title, actor=actor, now=now)


def _not_ahead(incident: Incident, value: Any, now: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC has not come yet." if value and value > now else ""


def _not_after_opening(incident: Incident, value: datetime, now: datetime) -> str:
    late = f"not after the incident was opened, {incident.opened_at:%Y-%m-%d %H:%M} UTC."
    return _not_ahead(incident, value, now) or (late if value > incident.opened_at else "")


def _not_before_opening(incident: Incident, value: datetime, now: datetime) -> str:
    early = f"not before the incident was opened, {incident.opened_at:%Y-%m-%d %H:%M} UTC."
    return _not_ahead(incident, value, now) or (early if value < incident.opened_at else "")


def _not_resolved(incident: Incident) -> str:
    is_resolved = incident.resolved_at is not None
    return "" if is_resolved else "The incident is not resolved. Set the status to Resolved."


# The entries


def _text(name: str, label: str, place: Place, empty: str, **more: Any) -> Field:
    return Field(name, label, "text", place, clean_text, (name,), empty=empty, limit=LONGEST_TEXT, **more)


def _choice(name: str, label: str, place: Place, of: Choices, empty: str | None = None, **more: Any) -> Field:
    parse, rows = choice(of, bool(empty)), options(of, empty)
    more = {"columns": (name,), **more}
    return Field(name, label, "choice", place, parse, choices=rows, **more)


def _flag(name: str, label: str, place: Place, **more: Any) -> Field:
    return Field(name, label, "choice", place, flag, (name,), choices=YES_NO, may_wait=False, **more)


def _time(name: str, label: str, place: Place, column: str, **more: Any) -> Field:
    more = {"parse": utc_time, "check": _not_ahead, **more}
    return Field(name, label, "time", place, columns=(column,), **more)


def _role(role: CommandRole) -> Field:
    return Field(
        f"command.{role.value}",
        role.label,
        "line",
        Place.ROLES,
        empty="VACANT",
        limit=120,
        display="role",
        suggests="people",
        has_command=False,
        reader=partial(_read_role, role),
        write=partial(_write_role, role),
    )


_ALL = (
    Field(
        "title",
        "Title",
        "line",
        Place.HEADER,
        required(clean_line),
        ("title",),
        limit=200,
        frozen_when_resolved=False,
        also=frozenset({Region.NOTICES, Region.SIMILAR}),
        store=_store_title,
    ),
    Field(
        "public_title",
        "Public title",
        "line",
        Place.HEADER,
        clean_line,
        ("public_title",),
        audience="public",
        empty="By template",
        limit=TITLE_LENGTH,
        may_wait=False,
        frozen_when_resolved=False,
        also=frozenset({Region.NOTICES}),
        store=_store_public_title,
    ),
    _text(
        "description",
        "Description",
        Place.HEADER,
        "Add description",
        also=frozenset({Region.SIMILAR}),
    ),
    _choice(
        "severity",
        "Severity",
        Place.HEADER,
        Severity,
        audience="public",
        display="severity",
        has_command=False,
        write=_as_write(change_severity),
    ),
    Field(
        "alert.alert_id",
        "Alert",
        "line",
        Place.INFO,
        optional_line,
        ("alert_id",),
        empty="Add alert",
        limit=200,
    ),
    _time(
        "alert.issue_time",
        "Fired",
        Place.INFO,
        "issue_time",
        audience="public",
        empty="Add alert time",
        also=frozenset({Region.TILES}),
        display="alert_time",
        then=_record_fired,
    ),
    Field(
        "affected_systems",
        "Systems",
        "systems",
        Place.INFO,
        systems,
        ("systems",),
        audience="public",
        frozen_when_resolved=False,
        display="systems",
        suggests="systems",
        also=frozenset({Region.RUNCARD, Region.HEADER, Region.NOTICES, Region.SIMILAR}),
        reader=lambda incident: ", ".join(incident.system_names),
        store=_store_systems,
        then=_bring_card,
    ),
    _choice(
        "alert.external_impact",
        "External",
        Place.INFO,
        ExternalImpact,
        columns=("external_impact",),
        audience="public",
    ),
    Field(
        "alert.customer_count",
        "Customers",
        "count",
        Place.INFO,
        customer_count,
        ("customer_count", "customer_count_is_approximate"),
        audience="public",
        empty="Add customer count",
        also=frozenset({Region.TILES}),
        reader=read_customer_count,
        store=_store_customer_count,
    ),
    _text("business_impact", "Business", Place.INFO, "Add business impact"),
    _choice(
        "status",
        "Status",
        Place.MORE,
        IncidentStatus,
        audience="public",
        may_wait=False,
        write=change_status,
    ),
    _choice(
        "alarm_level",
        "Alarm level",
        Place.MORE,
        AlarmLevel,
        audience="public",
        has_command=False,
        write=_as_write(set_alarm_level),
    ),
    _text("customer_impact_summary", "Customer impact", Place.MORE, "Add customer impact"),
    _choice("risk_level", "Risk level", Place.MORE, RiskLevel, "Not set"),
    _text(
        "exec_summary",
        "Exec summary",
        Place.MORE,
        "Add exec summary",
        frozen_when_resolved=False,
        then=_stamp_summary,
    ),
    _text("audience_notes", "Audience notes", Place.MORE, "Add audience notes"),
    _text(
        "who_affected",
        "Public: who",
        Place.MORE,
        "Say who is affected",
        audience="public",
        may_wait=False,
    ),
    _text(
        "what_to_do",
        "Public: to do",
        Place.MORE,
        "Say what helps now",
        audience="public",
        may_wait=False,
    ),
    _time(
        "detected_at",
        "Problem began",
        Place.MORE,
        "detected_at",
        parse=required_time,
        also=frozenset({Region.TILES, Region.NUDGE}),
        check=_not_after_opening,
    ),
    _time(
        "alert.resolve_time",
        "Cleared",
        Place.MORE,
        "resolve_time",
        audience="public",
        empty="Not cleared",
        also=frozenset({Region.TILES}),
        then=_record_cleared,
    ),
    Field(
        "bridge_url",
        "Bridge",
        "line",
        Place.MORE,
        link,
        ("bridge_url",),
        audience="public",
        empty="Paste bridge URL",
        also=frozenset({Region.HEADER, Region.NUDGE}),
        display="bridge",
    ),
    _flag("bridge_is_public", "Bridge public", Place.MORE, audience="public"),
    _flag(
        "is_public",
        "On public page",
        Place.MORE,
        audience="public",
        frozen_when_resolved=False,
        also=frozenset({Region.HEADER, Region.NUDGE, Region.NOTICES, Region.COMPOSER, Region.CURATE}),
        write=_write_public,
        in_form=True,
    ),
    Field(
        "brief_readers",
        "Briefs if private",
        "people",
        Place.MORE,
        addresses,
        empty="Nobody added",
        may_wait=False,
        also=frozenset({Region.NOTICES}),
        suggests="accounts",
        missing=_not_private,
        reader=read_readers,
        check=readers_refusal,
        store=store_readers,
        then=alarm_new_readers,
    ),
    _time(
        "resolved_at",
        "Resolved",
        Place.MORE,
        "resolved_at",
        parse=required_time,
        audience="public",
        frozen_when_resolved=False,
        also=frozenset({Region.TILES}),
        missing=_not_resolved,
        check=_not_before_opening,
    ),
    *map(_role, CommandRole),
    _choice("exposure_confidence", "Recovery confidence", Place.EXPOSURE, RecoveryConfidence),
    _choice("exposure_path", "Recovery path", Place.EXPOSURE, RecoveryPath),
    Field(
        "phase_note",
        "Phase note",
        "text",
        Place.PANEL,
        clean_text,
        empty="Add a note",
        limit=LONGEST_TEXT,
        has_command=False,
        reader=_read_note,
        write=_write_note,
    ),
)

FIELDS: dict[str, Field] = {entry.name: entry for entry in _ALL}


def field_id(name: str) -> str:
    """The id of a field's element: `f-command-sre`."""
    return "f-" + name.replace(".", "-").replace("_", "-")
