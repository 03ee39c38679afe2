"""The SQL face of domain/visibility.py: what the public knows of."""

from __future__ import annotations

from sqlalchemy import and_

from majorops.domain.vocab import Visibility
from majorops.models import Incident, TimelineEvent

IS_PUBLIC_INCIDENT = and_(Incident.is_public.is_(True), Incident.is_drill.is_(False))
IS_PUBLIC_ENTRY = TimelineEvent.visibility == Visibility.PUBLIC
