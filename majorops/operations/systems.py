"""Operation on an affected system: what the public reads of its state while the incident runs."""

from __future__ import annotations

from datetime import datetime

from majorops.domain.access import Actor, Permission
from majorops.domain.enums import SystemStatus, Visibility
from majorops.domain.errors import Invalid
from majorops.domain.events import EventKind
from majorops.domain.systems import BY_SEVERITY
from majorops.models import Incident
from majorops.operations import operation, record
from majorops.projections.systems import public_of


@operation(needs=Permission.INCIDENT_COMMAND)
def set_system_status(
    incident: Incident, name: str, status: SystemStatus | None, *, actor: Actor, now: datetime
) -> None:
    """Say how an affected system is; None leaves it to the severity again.

    Of a system that the public is not given by name the entry is internal.
    Raises Invalid, Conflict (resolved).
    """
    row = next((system for system in incident.systems if system.name == name), None)
    if row is None:
        raise Invalid({"system": f"{name} is not an affected system of {incident.reference}."})
    if row.status is status:
        return
    row.status = status
    shown = status or BY_SEVERITY[incident.severity]
    record(
        incident,
        EventKind.SYSTEM_STATUS,
        f"{name}: {shown.label.lower()}",
        visibility=Visibility.PUBLIC if public_of([name]) else Visibility.INTERNAL,
        system=name,
        actor=actor,
        now=now,
    )
