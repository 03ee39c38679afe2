"""What a step of a recording may say: its deed, and the arguments of each deed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from majorops.domain.enums import (
    CheckState,
    CommandRole,
    IncidentStatus,
    Phase,
    Severity,
    TrackOutcome,
    Visibility,
)
from majorops.domain.text import clean_text
from majorops.operations.fields import FIELDS


def or_say(words: str) -> WrapValidator:
    """Has a value of the wrong kind refused with these words behind its name."""

    def check(value, handler):
        try:
            return handler(value)
        except ValidationError:
            raise PydanticCustomError("kind", words) from None

    return WrapValidator(check)


def known_field(name: str) -> str:
    """The name of a field of the registry, as it came. Raises ValueError for any other."""
    if name not in FIELDS:
        raise ValueError(f"unknown field {name!r}")
    return name


Text = Annotated[
    str,
    Field(coerce_numbers_to_str=True, pattern=r"\S"),
    AfterValidator(clean_text),
    or_say("is no text"),
]
Number = Annotated[int, Field(strict=True, ge=0), or_say("is no whole number")]
Time = Annotated[
    AwareDatetime,
    Field(strict=True),
    AfterValidator(lambda moment: moment.astimezone(UTC)),
    or_say("is no time with zone"),
]
Flag = Annotated[bool, Field(strict=True), or_say("is no true or false")]
# True equals 1, and "1" would be read as one.
PhaseNumber = Annotated[Phase, BeforeValidator(lambda value: value if type(value) is int else None)]


class Part(BaseModel):
    """A mapping of the file. An argument without a value is an absent one."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def leave_out_absent(cls, given: Any) -> Any:
        """Before arguments are read: known ones without a value are left out; unknown ones stay."""
        if not isinstance(given, dict):
            return given
        return {name: v for name, v in given.items() if v is not None or name not in cls.model_fields}


class Step(Part):
    """What every step says: the deed, when it was done, by whom (the MIM when absent)."""

    do: str
    at: Time
    by: Annotated[Text | None, BeforeValidator(lambda value: value or None)] = None
    basis: Annotated[Literal["record", "reconstructed"], or_say("is record or reconstructed")] = "record"


class Keyed(Step):
    """A step of a track or a timebox; steps of one key belong together."""

    key: Text


class Promise(Step):
    """A step that may promise when the next update comes."""

    next_update_in: Number | None = None  # minutes

    @property
    def next_update_eta(self) -> datetime | None:
        """When the next update is promised, in UTC; None where nothing is promised."""
        return None if self.next_update_in is None else self.at + timedelta(minutes=self.next_update_in)


class Open(Step):
    """The first step and only that: open the incident with what the head says."""

    do: Literal["open"]


class Note(Step):
    """A manual entry of the timeline; internal unless chosen otherwise (domain §6)."""

    do: Literal["note"]
    text: Text
    visibility: Visibility = Visibility.INTERNAL


class Can(Step):
    """One team's conditions, actions and needs (guide, "Phase 2 — Gather")."""

    do: Literal["can"]
    team: Text
    conditions: Text
    actions: Text = ""
    needs: Text = ""


class Edit(Step):
    """A field of the registry, and what is typed into it."""

    do: Literal["edit"]
    field: Annotated[Text, AfterValidator(known_field)]
    value: Text


class Assign(Step):
    """Who takes a command role (domain §5)."""

    do: Literal["assign"]
    role: CommandRole
    name: Text


class ChangeSeverity(Step):
    """Another severity, and the written reason where one was given."""

    do: Literal["severity"]
    to: Severity
    why: Text = ""


class ChangePhase(Step):
    """A step to a later phase. `why`: the reason for skipping; `override`: what opens a gate (domain §4)."""

    do: Literal["phase"]
    to: PhaseNumber
    why: Text = ""
    override: Text = ""


class CutMilestone(Promise):
    """A milestone. A resolution of Critical and High names the After Action's date (domain §4)."""

    do: Literal["milestone"]
    title: Text = ""
    body: Text
    visibility: Visibility = Visibility.INTERNAL
    is_resolution: Flag = False
    after_action_at: Time | None = None


class Update(Promise):
    """A status update; internal unless chosen otherwise."""

    do: Literal["update"]
    text: Text
    visibility: Visibility = Visibility.INTERNAL


class Track(Keyed):
    """A recovery track with its timebox in minutes."""

    do: Literal["track"]
    team: Text
    owner: Text
    goal: Text
    minutes: Number


class ExtendTrack(Keyed):
    """So many more minutes for a track that stands above."""

    do: Literal["track_extend"]
    minutes: Number


class CloseTrack(Keyed):
    """How a track that stands above ended."""

    do: Literal["track_close"]
    outcome: TrackOutcome
    note: Text = ""


class Timebox(Keyed):
    """A timebox of its own, in minutes; its owner is who takes the step where none is named."""

    do: Literal["timebox"]
    purpose: Text
    owner: Text | None = None
    minutes: Number


class CloseTimebox(Keyed):
    """The end of a timebox that stands above."""

    do: Literal["timebox_close"]
    note: Text = ""


class Check(Step):
    """What the team of an affected system says of its recovery (domain §4, phase 7)."""

    do: Literal["check"]
    system: Text
    state: CheckState
    note: Text = ""


class SymptomsReturned(Step):
    """The way back of phases 7 and 8: active again, the clean window anew (domain §4)."""

    do: Literal["symptoms_returned"]
    note: Text = ""


class ChangeStatus(Step):
    """Another status; `override`: the written reason that opens a gate (domain §4)."""

    do: Literal["status"]
    to: IncidentStatus
    override: Text = ""


class AlertCleared(Step):
    """The monitoring system's alert cleared, at the time of the step."""

    do: Literal["alert_cleared"]


class Release(Step):
    """A responder leaves the bridge (guide, "Phase 8 — Resolution")."""

    do: Literal["release"]
    name: Text


AnyStep = Annotated[
    Open
    | Note
    | Can
    | Edit
    | Assign
    | ChangeSeverity
    | ChangePhase
    | CutMilestone
    | Update
    | Track
    | ExtendTrack
    | CloseTrack
    | Timebox
    | CloseTimebox
    | Check
    | SymptomsReturned
    | ChangeStatus
    | AlertCleared
    | Release,
    Field(discriminator="do"),
]
