"""What the API hands out and takes in, as models; the fields of an incident are those of the registry."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, create_model

from majorops.domain.enums import (
    AskState,
    CheckState,
    IntakeSource,
    Severity,
    TrackOutcome,
    Visibility,
)
from majorops.domain.text import clean_line, clean_text
from majorops.operations.fields import FIELDS
from majorops.operations.shapes import Entry, IncidentSummary, Shown

Text = Annotated[str, Field(max_length=20_000), AfterValidator(clean_text)]
Line = Annotated[str, Field(max_length=300), AfterValidator(clean_line)]
Name = Annotated[str, Field(max_length=120), AfterValidator(clean_line)]
Team = Annotated[str, Field(max_length=80), AfterValidator(clean_line)]
Minutes = Annotated[int, Field(ge=1, le=720)]


class Given(BaseModel):
    """What a program sends: nothing that is not known, no text for a number."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _field_type(choices: tuple[tuple[str, str], ...], is_given: bool) -> Any:
    if not choices:
        return str
    values = tuple(value for value, _ in choices)
    return Literal[values if is_given else (*dict.fromkeys((*values, "")),)]


def _undefaulted(schema: dict[str, Any]) -> None:
    """What is left out is not set, which no default says."""
    schema.pop("default", None)


_SHOWN: dict[str, Any] = {
    name: (_field_type(field.choices, False), Field(description=field.label))
    for name, field in FIELDS.items()
}
_GIVEN: dict[str, Any] = {
    name: (
        _field_type(field.choices, True),
        Field(None, description=field.label, json_schema_extra=_undefaulted),
    )
    for name, field in FIELDS.items()
}
Fields = create_model(
    "Fields",
    __base__=Shown,
    __doc__="Every editable value by its name in the data dictionary, as a person would type it.",
    **_SHOWN,
)
FieldsGiven = create_model(
    "FieldsGiven",
    __base__=Given,
    __doc__="The values to set, by name; what is left out stays. An empty text clears a value.",
    **_GIVEN,
)


class IncidentOut(IncidentSummary):
    """An incident, whole. Durations in seconds; `version` is its ETag."""

    phase_entered_at: datetime
    detected_at: datetime
    opened_by: str
    intake_source: IntakeSource
    next_update_eta: datetime | None
    last_communicated_at: datetime | None
    continues: int | None
    merged_into: int | None
    duration: int
    impact: int
    fields: Fields  # type: ignore[valid-type]


class IncidentPage(Shown):
    """A page of incidents, the newest first; `next` is the cursor of the page after it, null on the last."""

    incidents: list[IncidentSummary]
    next: int | None


class EntryPage(Shown):
    """Entries in their order; `next` is the cursor of the page after it, null where there is none yet."""

    entries: list[Entry]
    next: int | None


class PublicationOut(Shown):
    """An update, or a milestone, which has a number."""

    id: int
    number: int | None
    title: str
    body: str
    visibility: Visibility
    by_name: str
    at: datetime
    next_update_eta: datetime | None
    is_resolution: bool
    corrects_id: int | None
    withdrawn_at: datetime | None


class Publications(Shown):
    """The updates and milestones of an incident, the oldest first."""

    publications: list[PublicationOut]


class Track(Shown):
    """A recovery track; `minutes` and `expires_at` of the timebox that runs."""

    id: int
    team: str
    owner: str
    goal: str
    minutes: int | None
    started_at: datetime
    expires_at: datetime | None
    extensions: int
    outcome: TrackOutcome
    outcome_note: str
    closed_at: datetime | None


class TimeboxOut(Shown):
    """A timebox without a track."""

    id: int
    purpose: str
    owner: str
    minutes: int
    started_at: datetime
    expires_at: datetime
    closed_at: datetime | None


class Can(Shown):
    """Conditions, actions, needs of a team."""

    id: int
    team: str
    conditions: str
    actions: str
    needs: str
    by: str
    at: datetime
    needs_met_at: datetime | None
    ended_at: datetime | None


class AskOut(Shown):
    """What somebody was asked for."""

    id: int
    whom: str
    what: str
    asker: str
    asked_at: datetime
    due_at: datetime
    state: AskState
    answer: str
    closed_at: datetime | None


class Check(Shown):
    """The validation of a system."""

    system: str
    state: CheckState
    confirmed_by: str | None
    note: str
    at: datetime


class Role(Shown):
    """Who holds a command role, or held it."""

    role: str
    name: str
    since: datetime
    until: datetime | None


class Response(Shown):
    """What the teams of an incident do, and who commands."""

    tracks: list[Track]
    timeboxes: list[TimeboxOut]
    can_reports: list[Can]
    asks: list[AskOut]
    checks: list[Check]
    command: list[Role]


class SystemOut(Shown):
    """A system of the catalogue; `owner`: the name of the person, null for none."""

    id: int
    name: str
    description: str
    owner: str | None
    group: str
    is_public: bool


class Systems(Shown):
    """The catalogue, by name."""

    systems: list[SystemOut]


class FieldProblem(Shown):
    """What is wrong with a field."""

    field: str
    detail: str


class GateProblem(Shown):
    """Why a gate is closed, and when time alone opens it, if it does."""

    detail: str
    opens_at: datetime | None


class Problem(Shown):
    """An error (RFC 9457): `errors` of fields, `blockers` of a gate, `standing` what stands now instead."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []
    blockers: list[GateProblem] = []
    standing: str | None = None


class Opening(Given):
    """A new incident. Times with their zone; `issue_time`: when the alert fired."""

    title: Annotated[str, Field(max_length=200)]
    severity: Severity
    affected_systems: Annotated[list[Team], Field(min_length=1, max_length=50)]
    bridge_url: Annotated[str, Field(max_length=2_000)] = ""
    detected_at: AwareDatetime | None = None
    alert_id: Annotated[str, Field(max_length=200), AfterValidator(clean_line)] | None = None
    issue_time: AwareDatetime | None = None
    is_drill: bool = False
