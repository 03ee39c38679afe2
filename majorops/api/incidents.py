"""Incidents: the list, one of them, opening, and the values of the registry."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, cast

from pydantic import Field
from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from majorops import clock
from majorops.api.route import Done, Route, incident_of
from majorops.api.shapes import (
    FieldsGiven,
    Given,
    IncidentOut,
    IncidentPage,
    IncidentSummary,
    Opening,
    Team,
)
from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import IncidentStatus, IntakeSource
from majorops.domain.errors import Invalid
from majorops.domain.measures import impact_duration, impact_ended_at, impact_started_at, total_duration
from majorops.domain.search import READ, parse
from majorops.models import IS_RUNNING, AffectedSystem, Incident
from majorops.operations import RequestMeta
from majorops.operations.edit import edit_fields
from majorops.operations.fields import FIELDS
from majorops.operations.incident import continue_incident, open_incident
from majorops.operations.searching import incidents_sought
from majorops.operations.shapes import summary_of

TAG = "Incidents"


class Listing(Given):
    """Which incidents: with a status, of a system, numbered below `before`; so many at most.

    `q`: a query as of the search. Where it leaves few of the newest, a page may be short and have a `next`.
    """

    q: Annotated[str, Field(max_length=READ)] = ""
    status: IncidentStatus | None = None
    system: Team | None = None
    before: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


def list_incidents(given: Listing, actor: Actor) -> Done:
    """A page of incidents, the newest first; of a token for one system only those of that system."""
    system = given.system or actor.only_system or None
    if system and not actor.sees([system]):
        return Done(IncidentPage(incidents=[], next=None))
    rows = select(Incident).options(selectinload(Incident.systems))
    # Not by the status where it is the resolved: SQLite would take that index and sort all of the past.
    if given.status is IncidentStatus.RESOLVED:
        rows = rows.where(~IS_RUNNING)
    elif given.status:
        rows = rows.where(IS_RUNNING, Incident.status == given.status)
    if given.q:
        return _sought(given, system or "", rows)
    rows = rows.limit(given.limit + 1)
    if system:
        named = AffectedSystem.incident_id
        rows = rows.join(AffectedSystem, named == Incident.id).where(AffectedSystem.name == system)
        rows = rows.order_by(named.desc())
        rows = rows.where(named < given.before) if given.before else rows
    else:
        rows = rows.order_by(Incident.id.desc())
        rows = rows.where(Incident.id < given.before) if given.before else rows
    found = db.session.scalars(rows).all()
    page = found[: given.limit]
    following = page[-1].id if len(found) > given.limit else None
    return Done(IncidentPage(incidents=[summary(one) for one in page], next=following))


def _sought(given: Listing, system: str, rows: Select[Incident]) -> Done:
    query = parse(given.q)
    if query.problem:
        raise Invalid({"q": query.problem})
    if system and query.system not in ("", system):
        return Done(IncidentPage(incidents=[], next=None))
    found = incidents_sought(replace(query, system=system or query.system), rows, given.before, given.limit)
    return Done(IncidentPage(incidents=[summary(one) for one in found.rows], next=found.older_than))


def show_incident(number: int, actor: Actor) -> Done:
    """The incident, whole."""
    return shown(incident_of(number, actor))


def open_one(given: Opening, meta: RequestMeta, actor: Actor) -> Done:
    """Open an incident, as the form at /new does."""
    if actor.only_system and actor.only_system not in given.affected_systems:
        raise Invalid({"affected_systems": f"This token opens incidents of {actor.only_system} only."})
    incident = open_incident(
        title=str(FIELDS["title"].accept(given.title)),
        severity=given.severity,
        systems=cast(list[str], FIELDS["affected_systems"].accept(", ".join(given.affected_systems))),
        bridge_url=cast("str | None", FIELDS["bridge_url"].accept(given.bridge_url)),
        detected_at=given.detected_at,
        alert_id=given.alert_id,
        issue_time=given.issue_time,
        is_drill=given.is_drill,
        request_key=meta.idempotency_key or None,
        source=IntakeSource.API,
        actor=actor,
        now=clock.now(),
    )
    return shown(incident)


def continue_one(number: int, meta: RequestMeta, actor: Actor) -> Done:
    """Open an incident that continues a resolved one."""
    old = incident_of(number, actor)
    new = continue_incident(old, actor=actor, now=clock.now(), request_meta=meta) or old.continued_by
    return shown(incident_of(new.id if new else old.id, actor))  # it may name other systems by now


def edit(number: int, given: Any, meta: RequestMeta, actor: Actor) -> Done:
    """Set several values or none of them, by the rules of the fireground."""
    incident = incident_of(number, actor)
    values = given.model_dump(exclude_unset=True, by_alias=True)
    typed = {name: (value, None) for name, value in values.items()}
    edit_fields(incident, typed, rename={}, actor=actor, now=clock.now(), request_meta=meta)
    return shown(incident)


def summary(incident: Incident) -> IncidentSummary:
    """An incident in a list."""
    return IncidentSummary.model_validate(summary_of(incident))


def shown(incident: Incident) -> Done:
    """An incident, whole, as an answer."""
    now = clock.now()
    began = impact_started_at(incident.issue_time, incident.detected_at)
    ended = impact_ended_at(incident.resolve_time, incident.resolved_at)
    whole = IncidentOut(
        **summary_of(incident),
        phase_entered_at=incident.phase_entered_at,
        detected_at=incident.detected_at,
        opened_by=incident.opened_by_name,
        intake_source=incident.intake_source,
        next_update_eta=incident.next_update_eta,
        last_communicated_at=incident.last_communicated_at,
        continues=incident.continues_id,
        merged_into=incident.merged_into_id,
        duration=int(total_duration(incident.opened_at, incident.resolved_at, now).total_seconds()),
        impact=int(impact_duration(began, ended, now).total_seconds()),
        fields={name: field.read(incident) for name, field in FIELDS.items()},
    )
    return Done(whole, incident)


ROUTES = (
    Route(
        "GET",
        "/incidents",
        "list_incidents",
        "Incidents, the newest first",
        TAG,
        Permission.INCIDENT_READ,
        list_incidents,
        IncidentPage,
        query=Listing,
    ),
    Route(
        "POST",
        "/incidents",
        "open_incident",
        "Open an incident",
        TAG,
        open_incident.needs or Permission.INCIDENT_OPEN,
        open_one,
        IncidentOut,
        body=Opening,
        status=201,
    ),
    Route(
        "GET",
        "/incidents/<int:number>",
        "show_incident",
        "An incident, whole",
        TAG,
        Permission.INCIDENT_READ,
        show_incident,
        IncidentOut,
    ),
    Route(
        "PATCH",
        "/incidents/<int:number>",
        "edit_incident",
        "Set values of an incident, all or none",
        TAG,
        Permission.INCIDENT_COMMAND,
        edit,
        IncidentOut,
        body=FieldsGiven,
    ),
    Route(
        "POST",
        "/incidents/<int:number>/continuation",
        "continue_incident",
        "Open an incident that continues a resolved one",
        TAG,
        Permission.INCIDENT_OPEN,
        continue_one,
        IncidentOut,
        status=201,
    ),
)
