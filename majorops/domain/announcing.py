"""What subscribers are told of, how often, and until when."""

from __future__ import annotations

from datetime import timedelta

from majorops.domain.enums import IncidentStatus, Visibility
from majorops.domain.events import EventKind

CONFIRM_WITHIN = timedelta(hours=48)
BOUNCES = 2  # messages in a row that could not be delivered for good
SAID = frozenset({EventKind.MILESTONE_PUBLISHED, EventKind.UPDATE_PUBLISHED})


def act_of(
    kind: str,
    visibility: Visibility,
    field: str | None,
    number: int,
    publication: int | None,
    status: IncidentStatus,
) -> str:
    """The act that an entry of a public incident is, for those outside; empty for none.

    The same act has the same name.
    """
    is_shown_now = kind == EventKind.FIELD_CHANGED and field == "is_public"
    if kind == EventKind.INCIDENT_OPENED or (is_shown_now and status is not IncidentStatus.RESOLVED):
        return f"opened:{number}"  # what is over was not opened just now
    if kind in SAID and visibility is Visibility.PUBLIC:
        return f"said:{publication}"
    if kind == EventKind.STATUS_CHANGED and status is IncidentStatus.RESOLVED:
        return f"resolved:{number}"
    return ""
