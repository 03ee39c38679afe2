"""The rule of domain/visibility.py in SQL: what the public knows of."""

from __future__ import annotations

from sqlalchemy import and_, func, or_, select

from majorops.domain.enums import IncidentStatus, Visibility
from majorops.models import Incident, System, TimelineEvent

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
