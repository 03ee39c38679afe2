"""Alert info: the fields of the incident, and how the public reads its systems."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from majorops.domain.access import Permission
from majorops.domain.alerts import alerts_in_words
from majorops.domain.enums import IncidentStatus, SystemStatus
from majorops.fireground.fields import FieldAtRest, fields_at
from majorops.fireground.view import Form, View
from majorops.operations.alert_incidents import alerts_of
from majorops.operations.fields import Place
from majorops.projections.systems import public_of

TONES = {
    IncidentStatus.ACTIVE: "red",
    IncidentStatus.MONITORING: "amber",
    IncidentStatus.RESOLVED: "green",
}


@dataclass(frozen=True)
class PublicSystem:
    """`status`: what a person chose; None where the severity says it."""

    name: str
    status: SystemStatus | None


@dataclass(frozen=True)
class Info:
    """Alert info; `fields` stand open, `more` under All fields.

    `alerts`: how the alerts that belong to it stand, empty for none; their address for who may see to them.
    `public_systems`: whose public status is set here; `unnamed`: the public is not given their names.
    """

    number: int
    address: str
    form: Form
    status: str
    tone: str
    fields: tuple[FieldAtRest, ...]
    more: tuple[FieldAtRest, ...]
    has_briefs: bool
    has_links: bool
    opened_at: datetime
    opened_by: str
    sets_systems: bool
    public_systems: tuple[PublicSystem, ...]
    unnamed: tuple[str, ...]
    alerts: str
    alerts_address: str
    statuses: tuple[SystemStatus, ...] = tuple(SystemStatus)


def build(view: View) -> Info:
    """Alert info as this person sees it.

    `public_systems` is empty for who may not set them now, and where no public page shows the incident.
    """
    incident = view.incident
    sets_systems = view.can_command and incident.is_shown
    systems = incident.systems if sets_systems else ()
    named = public_of(row.name for row in systems)
    has_alerts = incident.alert_id is not None or incident.issue_time is not None  # whoever attaches says so
    alerts = alerts_in_words(alerts_of(incident.id)) if has_alerts else ""
    return Info(
        number=incident.id,
        address=view.address,
        form=view.form,
        status=incident.status.label,
        tone=TONES[incident.status],
        fields=fields_at(view, Place.INFO),
        more=fields_at(view, Place.MORE),
        has_briefs=not incident.is_drill,
        has_links=view.actor.can(Permission.INCIDENT_COMMAND),
        opened_at=incident.opened_at,
        opened_by=incident.opened_by_name,
        sets_systems=sets_systems,
        public_systems=tuple(PublicSystem(row.name, row.status) for row in systems if row.name in named),
        unnamed=tuple(row.name for row in systems if row.name not in named),
        alerts=alerts,
        alerts_address=f"/admin/alerts?incident={incident.id}" if alerts and view.may_command else "",
    )
