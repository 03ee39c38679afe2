"""The rules of domain/visibility.py in SQL: what the public knows of, and who reads a brief."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import IncidentStatus, Visibility
from majorops.domain.visibility import UNTITLED, may_read_brief
from majorops.models import BriefReader, Incident, System, TimelineEvent, User

MAY_BE_PUBLIC = and_(Incident.is_public.is_(True), Incident.is_drill.is_(False))
IS_PUBLIC_INCIDENT = and_(MAY_BE_PUBLIC, Incident.merged_into_id.is_(None))
# A duplicate that leads to the one that was kept, as far as the public may know of it.
IS_PUBLIC_DUPLICATE = and_(MAY_BE_PUBLIC, Incident.merged_into_id.is_not(None))
# IS_RUNNING for a question that wants numbers alone: for that SQLite may read an index from end to end.
HAS_RUNNING_STATUS = Incident.status.in_(set(IncidentStatus) - {IncidentStatus.RESOLVED})
# The catalogue alone says which systems the public may read of: a typed name that is not in it is internal.
IS_PUBLIC_SYSTEM = System.is_public.is_(True)
NAMES_OF_PUBLIC_SYSTEMS = select(System.name).where(IS_PUBLIC_SYSTEM)
# Asked when it is read: a system that is taken off the public page is gone from what was said before, too.
IS_PUBLIC_ENTRY = and_(
    TimelineEvent.visibility == Visibility.PUBLIC,
    or_(TimelineEvent.system.is_(None), TimelineEvent.system.in_(NAMES_OF_PUBLIC_SYSTEMS)),
    func.coalesce(TimelineEvent.field, "") != "affected_systems",  # many names in one text
)
# The only title that leaves the house; never the internal one, whatever wrote the row.
PUBLIC_TITLE = case((Incident.public_title != "", Incident.public_title), else_=UNTITLED)
IS_PRIVATE = and_(
    Incident.is_public.is_(False), Incident.public_from.is_(None), Incident.awaits_review.is_(False)
)


def brief_readable_by(actor: Actor) -> ColumnElement[bool]:
    """Which incidents' briefs this person may read, as far as the incident decides: `may_read_brief` in SQL.

    Whether they may read briefs at all is their role's business.
    """
    if actor.can(Permission.INCIDENT_READ):
        return true()
    added = select(BriefReader.id).where(
        BriefReader.incident_id == Incident.id, BriefReader.user_id == actor.user_id
    )
    return or_(~IS_PRIVATE, added.exists())


def brief_audience(incident: Incident, people: Iterable[User]) -> list[User]:
    """Those of `people` who may hear of the incident and read its briefs, in their order.

    The one answer for briefs and for every notice inside. One query at most.
    """
    state = incident.public_state
    told = list(dict.fromkeys(people))
    if all(may_read_brief(state, reads_incident=_reads(user), is_listed=False) for user in told):
        return told
    rows = select(BriefReader.user_id).filter_by(incident_id=incident.id)
    listed = set(db.session.scalars(rows))
    return [
        user
        for user in told
        if may_read_brief(state, reads_incident=_reads(user), is_listed=user.id in listed)
    ]


def _reads(user: User) -> bool:
    return user.actor.can(Permission.INCIDENT_READ)
