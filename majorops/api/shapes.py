"""What the API hands out and takes in, as models; the fields of an incident are those of the registry."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, RootModel, create_model

from majorops.domain.enums import (
    AccountRole,
    ActionKind,
    ActionState,
    AskState,
    BriefPage,
    CardTier,
    ChannelKind,
    CheckState,
    CommandRole,
    DeliveryState,
    IncidentStatus,
    IntakeSource,
    MaintenanceStatus,
    Notice,
    Repeat,
    RiskLevel,
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


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("A time between the years 2 and 9998.") from None


Time = Annotated[AwareDatetime, AfterValidator(_in_utc)]


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


class Happened(Shown):
    """An entry as an event; `id` rises, `systems` are those of its incident."""

    id: int
    incident: int
    reference: str
    systems: list[str]
    entry: Entry


class EventPage(Shown):
    """Events in the order of recording; ask after `next` for what follows, at once where there is `more`."""

    events: list[Happened]
    next: int
    more: bool


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


class PageOut(Shown):
    """A page for a role. `call`: the newest, 1 first, 2 again, 3 the deputy, 4 the leader; `whom` it was for.

    `next_at`: when the next one is due, null for none. `outcome`: what became of the newest call's messages,
    empty while that is not known. `answered_by`: who is on it, empty for nobody; `ended_at`: then, or when it
    was stopped or the incident was over.
    """

    id: int
    role: CommandRole
    begun_by: str
    begun_at: datetime
    call: int
    whom: str
    called_at: datetime
    next_at: datetime | None
    outcome: str
    answered_by: str
    ended_at: datetime | None


class Pages(BaseModel):
    """The pages of an incident, in their order."""

    pages: list[PageOut]


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


class RunCardSummary(Shown):
    """A run card in a list; `systems`: names with commas, `*` for any letters."""

    id: int
    tier: CardTier
    name: str
    systems: str
    is_active: bool
    reviewed_at: datetime
    review_wanted_at: datetime | None


class RunCardOut(RunCardSummary):
    """A run card with its newest text, whose it is and since when."""

    body: str
    by: str
    at: datetime


class RunCards(Shown):
    """All run cards, by name."""

    run_cards: list[RunCardSummary]


class UserOut(Shown):
    """An account."""

    id: int
    email: str
    name: str
    role: AccountRole
    is_active: bool
    created_at: datetime


class Users(Shown):
    """All accounts, by address."""

    users: list[UserOut]


class WorkOut(Shown):
    """Scheduled maintenance; what repeats is this occurrence."""

    id: int
    title: str
    body: str
    status: MaintenanceStatus
    starts_at: datetime
    ends_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    system_names: list[str]
    is_automatic: bool
    is_public: bool
    repeats: Repeat
    repeat_every: int


class Works(Shown):
    """What is planned or under way, by its start, then what is over, the newest first."""

    maintenance: list[WorkOut]


class DeliveryOut(Shown):
    """A message, without its text; `kind`: the channel, null for none."""

    id: int
    notice: Notice | None
    recipient: str
    kind: ChannelKind | None
    subject: str
    state: DeliveryState
    attempts: int
    last_error: str
    created_at: datetime
    sent_at: datetime | None


class DeliveryPage(Shown):
    """Messages, the newest first; `next` is the cursor of the page after it, null on the last."""

    deliveries: list[DeliveryOut]
    next: int | None


class BriefSaid(Shown):
    """A milestone or an update as a brief shows it."""

    kind: str
    heading: str
    title: str
    body: str
    at: datetime


class Brief(Shown):
    """An incident as stakeholders read it. Durations in seconds; `said`: the newest first."""

    number: int
    reference: str
    title: str
    severity: Severity
    status: IncidentStatus
    phase: int
    alarm_level: int
    opened_at: datetime
    resolved_at: datetime | None
    next_update_eta: datetime | None
    systems: list[str]
    duration: int
    impact: int
    business_impact: str
    customer_impact_summary: str
    who_affected: str
    what_to_do: str
    customer_count: int | None
    is_approximate: bool
    said: list[BriefSaid]


class ExecBrief(Brief):
    """An incident as executives read it; `exec_summary_note`: from when it is, where something moved on."""

    exec_summary: str
    exec_summary_note: str
    risk_level: RiskLevel | None
    exposure: str


class BriefLinkOut(Shown):
    """A link to a brief of an incident."""

    id: int
    page: BriefPage
    name: str
    email: str | None
    made_by: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    uses: int


class NewBriefLink(BriefLinkOut):
    """A link that was just made; its address, a path, is shown here alone."""

    address: str


class BriefLinks(Shown):
    """The links to the briefs of an incident."""

    links: list[BriefLinkOut]


class Review(RootModel[dict[str, Any]]):
    """A Learning Review, by the schema at `/admin/review.schema.json`."""


class QuestionOut(Shown):
    """A question for the meeting, and its answer, empty for none yet."""

    id: int
    text: str
    asked_by: str
    asked_at: datetime
    answer: str
    answered_at: datetime | None


class ActionOut(Shown):
    """An action. `moves`: how often its date was moved; `outcome`: the evidence, or why it was dropped."""

    incident_id: int
    number: int
    text: str
    kind: ActionKind
    owner_name: str
    due_on: date
    first_due_on: date
    moves: int
    tracker_url: str
    state: ActionState
    outcome: str
    changes: int
    is_practice: bool


class ActionPage(Shown):
    """A page of actions; `more`: there is another one."""

    actions: list[ActionOut]
    more: bool


class QuantileOut(Shown):
    """A quantile with its interval; each null where there are too few."""

    value: float | None
    low: float | None
    high: float | None


class MeasureOut(Shown):
    """A measure with its one definition. `share` and `behaviour` (XmR): null where it has none."""

    name: str
    label: str
    definition: str
    unit: str
    n: int
    at_least: int
    median: QuantileOut | None
    p90: QuantileOut | None
    share: dict[str, float] | None
    behaviour: dict[str, Any] | None


class Measures(Shown):
    """Every measure of the incidents that were asked for, as `filter` says."""

    as_of: datetime
    filter: dict[str, str]
    confidence: float
    measures: list[MeasureOut]


class FoundOne(Shown):
    """Something that was found; `seq`: its entry in the timeline, null where it is none."""

    kind: str
    incident: int | None
    seq: int | None
    title: str
    text: str
    at: datetime


class Found(Shown):
    """What was found; `meant`: the words that were looked for instead, where nothing was as typed."""

    found: list[FoundOne]
    meant: str


class SimilarOne(Shown):
    """An earlier incident: why it is offered, how long it took and what ended it."""

    number: int
    title: str
    why: str
    course: str


class Similar(Shown):
    """Earlier incidents like one, the most alike first."""

    similar: list[SimilarOne]


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
