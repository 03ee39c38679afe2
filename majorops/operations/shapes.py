"""What programs get of an incident and of an entry of its timeline, by the API and by events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from majorops.domain.enums import EventType, IncidentStatus, Severity, Visibility
from majorops.models import Incident


class Shown(BaseModel):
    """What a program gets, read from a row."""

    model_config = ConfigDict(from_attributes=True)


class IncidentSummary(Shown):
    """An incident in a list."""

    number: int
    reference: str
    title: str
    status: IncidentStatus
    severity: Severity
    alarm_level: int
    phase: int
    version: int
    is_drill: bool
    is_public: bool
    systems: list[str]
    opened_at: datetime
    resolved_at: datetime | None


class Entry(Shown):
    """An entry of the timeline."""

    seq: int
    type: EventType
    kind: str
    title: str
    detail: str
    visibility: Visibility
    actor_name: str
    at: datetime
    phase: int | None
    field: str | None
    system: str | None


def summary_of(incident: Incident) -> dict[str, Any]:
    """The values of an `IncidentSummary`."""
    names = ("title", "status", "severity", "alarm_level", "phase", "version", "is_drill", "is_public")
    return {name: getattr(incident, name) for name in (*names, "reference", "opened_at", "resolved_at")} | {
        "number": incident.id,
        "systems": incident.system_names,
    }
