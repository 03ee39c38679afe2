"""The bodies of events, as models: what programs are sent, and the JSON schemas that are published of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field
from pydantic.json_schema import models_json_schema

from majorops.domain.enums import EventType, IncidentStatus, Severity
from majorops.domain.outgoing import KINDS, MOST_BYTES, TEST
from majorops.operations.shapes import Entry, IncidentSummary, Shown
from majorops.projections import PublicEntry, PublicSummary

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class PublicIncidentShape(Shown):
    """An incident as the public reads it."""

    number: int
    reference: str
    title: str
    status: IncidentStatus
    severity: Severity
    alarm_level: int
    phase: int
    systems: list[str]
    opened_at: datetime
    resolved_at: datetime | None


class PublicEntryShape(Shown):
    """An entry of the timeline as the public reads it; `is_struck`: a later one corrects it."""

    key: str
    type: EventType
    title: str
    detail: str
    at: datetime
    phase: int | None
    is_struck: bool


class ThinData(BaseModel):
    """What it is about. `entry`: its number in the timeline; `url`: where the API has it."""

    incident: int
    entry: int
    url: str


class FullData(BaseModel):
    """The incident and the entry as they stand when it is sent; `is_cut`: the detail was too long."""

    incident: IncidentSummary
    entry: Entry
    url: str
    is_cut: bool = False


class PublicThinData(BaseModel):
    """What it is about. `entry`: its name on the public page, null where the incident became public."""

    incident: int
    entry: str | None
    url: str


class PublicFullData(BaseModel):
    """As the public reads both when it is sent; `is_cut`: the detail was too long."""

    incident: PublicIncidentShape
    entry: PublicEntryShape | None
    url: str
    is_cut: bool = False


class TestData(BaseModel):
    """A test of the endpoint: nothing happened."""

    endpoint: str


class Event(BaseModel):
    """What every event has: `type`, and when it happened."""

    type: str = Field(json_schema_extra={"enum": [*KINDS]})
    timestamp: AwareDatetime = Field(description="When it happened, in UTC.")


class ThinEvent(Event):
    """To an internal endpoint, thin."""

    data: ThinData


class FullEvent(Event):
    """To an internal endpoint, full."""

    data: FullData


class PublicThinEvent(Event):
    """To an endpoint that is not internal, thin."""

    data: PublicThinData


class PublicFullEvent(Event):
    """To an endpoint that is not internal, full."""

    data: PublicFullData


class TestEvent(Event):
    """A test, which an admin asked for."""

    type: str = Field(json_schema_extra={"const": TEST})
    data: TestData


EVENTS: dict[str, type[Event]] = {
    "thin": ThinEvent,
    "full": FullEvent,
    "public_thin": PublicThinEvent,
    "public_full": PublicFullEvent,
    "test": TestEvent,
}


def public_incident_shape(one: PublicSummary) -> PublicIncidentShape:
    """An incident of the public page, for a program."""
    return PublicIncidentShape.model_validate(one)


def public_entry_shape(one: PublicEntry | None) -> PublicEntryShape | None:
    """A line of the public timeline, for a program."""
    return PublicEntryShape.model_validate(one) if one else None


def body_of(event: Event) -> bytes:
    """The event as JSON below 20 KB: a detail that is too long for that is cut, and `is_cut` says so."""
    body = event.model_dump_json().encode()
    data = getattr(event, "data", None)
    if len(body) < MOST_BYTES or not isinstance(data, FullData | PublicFullData) or data.entry is None:
        return body
    detail = data.entry.detail.encode()
    written = len(json.dumps(data.entry.detail, ensure_ascii=False).encode())  # escaped it is longer
    room = max(MOST_BYTES - 10 - len(body) + written, 0)
    kept = detail[: len(detail) * room // written]
    while True:
        entry = data.entry.model_copy(update={"detail": kept.decode(errors="ignore")})
        cut = event.model_copy(update={"data": data.model_copy(update={"entry": entry, "is_cut": True})})
        body = cut.model_dump_json().encode()
        if len(body) < MOST_BYTES or not kept:
            return body
        kept = kept[: len(kept) // 2]


def schemas() -> dict[str, Any]:
    """The JSON schemas of all bodies in one document, and every kind of event with its title."""
    models = [(model, "serialization") for model in EVENTS.values()]
    made, found = models_json_schema(models, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    named: dict[Any, Any] = dict(made)
    references = {name: named[model, "serialization"] for name, model in EVENTS.items()}
    return {
        "$schema": DIALECT,
        "title": "Events of MajorOps",
        "description": "Signed as Standard Webhooks. A body is one of these, by how its endpoint is set.",
        "oneOf": [*references.values()],
        "payloads": references,
        "events": [
            {"type": kind.name, "title": kind.title, "is_internal": kind.is_internal}
            for kind in KINDS.values()
        ],
        **found,
    }
