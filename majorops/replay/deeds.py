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
        return None if self.next_update_in is None else self.at + timedelta(minutes=self.next_update_in)


class Open(Step):
    do: Literal["open"]


class Note(Step):
    do: Literal["note"]
    text: Text
    visibility: Visibility = Visibility.INTERNAL


class Can(Step):
    do: Literal["can"]
    team: Text
    conditions: Text
    actions: Text = ""
    needs: Text = ""


class Edit(Step):
    do: Literal["edit"]
    field: Annotated[Text, AfterValidator(known_field)]
    value: Text


class Assign(Step):
    do: Literal["assign"]
    role: CommandRole
    name: Text


class ChangeSeverity(Step):
    do: Literal["severity"]
    to: Severity
    why: Text = ""


class ChangePhase(Step):
    do: Literal["phase"]
    to: PhaseNumber
    why: Text = ""
    override: Text = ""


class CutMilestone(Promise):
    do: Literal["milestone"]
    title: Text = ""
    body: Text
    visibility: Visibility = Visibility.INTERNAL
    is_resolution: Flag = False
    after_action_at: Time | None = None


class Update(Promise):
    do: Literal["update"]
    text: Text
    visibility: Visibility = Visibility.INTERNAL


class Track(Keyed):
    do: Literal["track"]
    team: Text
    owner: Text
    goal: Text
    minutes: Number


class ExtendTrack(Keyed):
    do: Literal["track_extend"]
    minutes: Number


class CloseTrack(Keyed):
    do: Literal["track_close"]
    outcome: TrackOutcome
    note: Text = ""


class Timebox(Keyed):
    do: Literal["timebox"]
    purpose: Text
    owner: Text | None = None
    minutes: Number


class CloseTimebox(Keyed):
    do: Literal["timebox_close"]
    note: Text = ""


class Check(Step):
    do: Literal["check"]
    system: Text
    state: CheckState
    note: Text = ""


class SymptomsReturned(Step):
    do: Literal["symptoms_returned"]
    note: Text = ""


class ChangeStatus(Step):
    do: Literal["status"]
    to: IncidentStatus
    override: Text = ""


class AlertCleared(Step):
    do: Literal["alert_cleared"]


class Release(Step):
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
