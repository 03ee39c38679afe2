"""The rule of domain/visibility.py in SQL: what the public knows of."""

from __future__ import annotations

from sqlalchemy import and_

from majorops.domain.enums import IncidentStatus, Visibility
from majorops.models import Incident, TimelineEvent

MAY_BE_PUBLIC = and_(Incident.is_public.is_(True), Incident.is_drill.is_(False))
IS_PUBLIC_INCIDENT = and_(MAY_BE_PUBLIC, Incident.merged_into_id.is_(None))
# A duplicate that leads to the one that was kept, as far as the public may know of it.
IS_PUBLIC_DUPLICATE = and_(MAY_BE_PUBLIC, Incident.merged_into_id.is_not(None))
# IS_RUNNING for a question that wants numbers alone: for that SQLite may read an index from end to end.
HAS_RUNNING_STATUS = Incident.status.in_(set(IncidentStatus) - {IncidentStatus.RESOLVED})
IS_PUBLIC_ENTRY = TimelineEvent.visibility == Visibility.PUBLIC
