"""The parts of the fireground that are drawn by themselves, and which of them are stale."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import by_value
from majorops.domain.events import EventKind, Region, Signal, stale_regions
from majorops.models import Incident, TimelineEvent
from majorops.operations.fields import FIELDS


def stale_since(incident: Incident, version: int, signals: Iterable[Signal] = ()) -> list[Region]:
    """The regions that changed after entry `version` of the timeline or with these signals,
    in the order of the page.
    """
    newer = select(TimelineEvent.kind, TimelineEvent.field).distinct()
    rows = db.session.execute(
        newer.where(TimelineEvent.incident_id == incident.id, TimelineEvent.seq > version)
    ).all()
    return stale([(kind, field) for kind, field in rows], signals)


def stale(entries: Iterable[tuple[str, str | None]], signals: Iterable[Signal] = ()) -> list[Region]:
    """The regions that entries (kind, field) and signals make stale, in the order of the page."""
    found: set[Region] = set()
    for kind, field in entries:
        # A newer version of the program beside this one may record what this one does not know.
        known = by_value(EventKind, kind)
        found |= known.stale if known else set(Region)
        if field in FIELDS:
            found |= FIELDS[field].regions
    found |= stale_regions((), signals)
    return [region for region in Region if region in found]
