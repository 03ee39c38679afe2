"""What is read of an incident beside itself, and the catalogue of systems."""

from __future__ import annotations

from operator import attrgetter
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from majorops.api import shapes
from majorops.api.acts import AT
from majorops.api.route import Done, Route, incident_of
from majorops.api.shapes import Given
from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.models import (
    Ask,
    CanReport,
    CommandAssignment,
    Publication,
    RecoveryTrack,
    System,
    Timebox,
    TimelineEvent,
    ValidationCheck,
)


class Since(Given):
    """Entries numbered above `after`; so many at most."""

    after: Annotated[int, Field(ge=0, lt=2**31)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 100


def list_timeline(number: int, given: Since, actor: Actor) -> Done:
    """Entries of the timeline, in their order."""
    incident = incident_of(number, actor)
    after = select(TimelineEvent).where(
        TimelineEvent.incident_id == incident.id, TimelineEvent.seq > given.after
    )
    found = db.session.scalars(after.order_by(TimelineEvent.seq).limit(given.limit + 1)).all()
    page = found[: given.limit]
    entries = [shapes.Entry.model_validate(one) for one in page]
    following = page[-1].seq if len(found) > given.limit else None
    return Done(shapes.EntryPage(entries=entries, next=following), incident)


def list_publications(number: int, actor: Actor) -> Done:
    """Its updates and milestones, with their corrections."""
    incident = incident_of(number, actor)
    rows = select(Publication).filter_by(incident_id=incident.id).order_by(Publication.id)
    found = [shapes.PublicationOut.model_validate(one) for one in db.session.scalars(rows)]
    return Done(shapes.Publications(publications=found), incident)


def show_response(number: int, actor: Actor) -> Done:
    """What its teams do, and who commands."""
    incident = incident_of(number, actor)
    # Put in order here: PostgreSQL would read the whole table by its key for a few rows in order.
    found = {
        name: sorted(
            db.session.scalars(select(model).filter_by(incident_id=incident.id)), key=attrgetter("id")
        )
        for name, model in (
            ("tracks", RecoveryTrack),
            ("timeboxes", Timebox),
            ("can_reports", CanReport),
            ("asks", Ask),
            ("checks", ValidationCheck),
            ("command", CommandAssignment),
        )
    }
    return Done(shapes.Response.model_validate(found), incident)


def list_systems(actor: Actor) -> Done:
    """The systems of the catalogue that are in use."""
    rows = select(System).filter_by(is_active=True).options(joinedload(System.owner)).order_by(System.name)
    seen = [one for one in db.session.scalars(rows) if actor.sees([one.name])]
    return Done(shapes.Systems(systems=[of_system(one) for one in seen]))


def of_system(system: System) -> shapes.SystemOut:
    """A system of the catalogue."""
    return shapes.SystemOut(
        id=system.id,
        name=system.name,
        description=system.description or "",
        owner=system.owner.name if system.owner else None,
        group=system.group_name,
        is_public=system.is_public,
    )


def reading(path: str, do, shows: type[BaseModel], summary: str, tag: str, query=None) -> Route:
    """A route that only reads."""
    needs = Permission.INCIDENT_READ
    return Route("GET", path, do.__name__, summary, tag, needs, do, shows, query=query)


ROUTES = (
    reading(f"{AT}/timeline", list_timeline, shapes.EntryPage, "Entries of the timeline", "Timeline", Since),
    reading(
        f"{AT}/publications", list_publications, shapes.Publications, "Updates and milestones", "Updates"
    ),
    reading(f"{AT}/response", show_response, shapes.Response, "Tracks, CAN, asks, checks, roles", "Response"),
    reading("/systems", list_systems, shapes.Systems, "The catalogue of systems", "Systems"),
)
