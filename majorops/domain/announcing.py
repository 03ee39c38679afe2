"""What subscribers are told of, how often, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta

from majorops.domain.enums import Frequency, IncidentStatus, Visibility
from majorops.domain.events import EventKind

CONFIRM_WITHIN = timedelta(hours=48)
DIGEST_HOUR = 7  # UTC; weekly ones go on Mondays
DIGEST_WAIT = timedelta(minutes=1)  # until what was said just before the hour is saved
DIGEST_PERIOD = {Frequency.DAILY: timedelta(days=1), Frequency.WEEKLY: timedelta(days=7)}
DIGEST_LONGEST = timedelta(days=31)  # what one digest looks back at most, after a long standstill
DIGEST = "digest"
UNLISTED = "unlisted"  # that an incident left the public page: before its number, as an act
BOUNCES = 2  # messages in a row that could not be delivered for good
SAID = frozenset({EventKind.MILESTONE_PUBLISHED, EventKind.UPDATE_PUBLISHED})


def act_of(
    kind: str,
    visibility: Visibility,
    number: int,
    publication: int | None,
    status: IncidentStatus,
) -> str:
    """The act that an entry of a public incident is, for those outside; empty for none.

    The same act has the same name.
    """
    if kind in (EventKind.INCIDENT_OPENED, EventKind.INCIDENT_PUBLISHED):
        return f"opened:{number}"
    if kind in SAID and visibility is Visibility.PUBLIC:
        return f"said:{publication}"
    if kind == EventKind.STATUS_CHANGED and status is IncidentStatus.RESOLVED:
        return f"resolved:{number}"
    return ""


def digest_end(frequency: Frequency, now: datetime) -> datetime:
    """Up to when the newest digest that is due tells: 07:00 UTC of today or before, weekly of a Monday."""
    at = now - DIGEST_WAIT
    end = at.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    if end > at:
        end -= timedelta(days=1)
    return end - timedelta(days=end.weekday()) if frequency is Frequency.WEEKLY else end


def digest_act(frequency: Frequency, end: datetime) -> str:
    """The name of a digest as an act; of one frequency they sort by time."""
    return f"{DIGEST}:{frequency.value}:{end:%Y-%m-%d}"
