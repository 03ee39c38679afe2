"""What a recording may say: its head and its steps."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from majorops.domain.enums import CommandRole, ExternalImpact, Severity
from majorops.domain.errors import Invalid
from majorops.operations.fields import FIELDS
from majorops.replay.deeds import AnyStep, Flag, Number, Part, Text, Time


def accepted_as(name: str) -> AfterValidator:
    """Has a value read as what is typed into this field of an incident."""

    def accept(value: object) -> Any:
        try:
            return FIELDS[name].accept(str(value))
        except Invalid as problem:
            raise ValueError(str(problem)) from None

    return AfterValidator(accept)


class Alert(Part):
    """What the monitoring system knew (domain §3, AlertInfo); None for what it did not say."""

    alert_id: Text | None = None
    issue_time: Time | None = None
    customer_count: Number | None = None
    customer_count_is_approximate: Flag = Field(default=False, alias="approximate")
    external_impact: ExternalImpact | None = None


class Recording(Part):
    """A recorded incident: what is known at its opening, and its steps in the order of their times."""

    title: Annotated[Any, accepted_as("title")]
    source: Any = None
    severity: Severity
    affected_systems: Annotated[
        list[Any],
        AfterValidator(lambda names: ", ".join(map(str, names))),
        accepted_as("affected_systems"),
    ]
    bridge_url: Annotated[Any, accepted_as("bridge_url")] = None
    detected_at: Time | None = None
    alert: Alert = Field(default_factory=Alert)
    command: dict[CommandRole, Text] = {}
    steps: list[AnyStep]

    @model_validator(mode="before")
    @classmethod
    def leave_out_empty(cls, given: dict) -> dict:
        """Before the head is read: a known name with an empty value, 0 or false is left out."""
        return {name: value for name, value in given.items() if value or name not in cls.model_fields}

    @property
    def mim(self) -> str:
        """The name of the MIM in the head, who takes each step that names nobody; `MIM` for none."""
        return self.command.get(CommandRole.MIM, "MIM")
