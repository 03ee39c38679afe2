"""Announcements: one row in the transaction of a public act, however many subscribers there are.

The worker makes the messages.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from majorops.db import db
from majorops.domain.announcing import act_of
from majorops.domain.enums import ChannelKind, Frequency, SubscriberState
from majorops.models import (
    Announcement,
    Delivery,
    Incident,
    Subscriber,
    SubscriberIncident,
    SubscriberSystem,
    TimelineEvent,
)
from majorops.projections.systems import public_of

# What an announcement of maintenance is called, before its number.
PLANNED, MOVED, WORKS = "planned", "moved", "works"


def announce_entries(entries: list[TimelineEvent]) -> None:
    """Announce what one operation did in public, as one act: what it said goes out.

    Without that, that the incident was opened or resolved. Called in the operation's transaction.
    """
    acts: dict[str, TimelineEvent] = {}
    for entry in entries:
        incident = db.session.get(Incident, entry.incident_id)
        if incident and incident.is_shown:
            given = (entry.kind, entry.visibility, entry.field, incident.id, entry.publication_id)
            acts[act_of(*given, incident.status)] = entry
    acts.pop("", None)
    said = [act for act in acts if act.startswith("said:")] or list(acts)
    for act in said[:1]:
        entry = acts[act]
        announce(act, entry.at, incident_id=entry.incident_id, publication_id=entry.publication_id)


def announce(act: str, at: datetime, **about: int | None) -> None:
    """Tell subscribers of this act, once; part of an operation.

    `about`: incident_id, publication_id, maintenance_id.
    """
    if db.session.scalar(select(Announcement.id).filter_by(act=act)) is None:
        db.session.add(Announcement(act=act, at=at, **about))


def wanting(
    systems: list[str], incident_id: int | None = None, moved_id: int | None = None
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The SQL rule for active subscribers that are told at once of something about one of these systems.

    `incident_id`: who follows this incident is among them; `moved_id`: and who was told the former dates of
    this maintenance.
    """
    of_these = select(SubscriberSystem.subscriber_id).where(SubscriberSystem.name.in_(systems))
    chosen = or_(Subscriber.wants_all.is_(True), Subscriber.id.in_(of_these))
    if moved_id is not None:
        chosen = or_(chosen, Subscriber.id.in_(_told_dates_of(moved_id)))
    told = and_(Subscriber.frequency == Frequency.EACH, chosen)
    if incident_id is not None:
        follow = select(SubscriberIncident.subscriber_id).where(SubscriberIncident.incident_id == incident_id)
        told = or_(told, Subscriber.id.in_(follow))
    return Subscriber.state == SubscriberState.ACTIVE, told


def _told_dates_of(maintenance_id: int) -> Select[int | None]:
    acts = select(Announcement.act).where(
        Announcement.maintenance_id == maintenance_id,
        or_(Announcement.act.startswith(f"{PLANNED}:"), Announcement.act.startswith(f"{MOVED}:")),
    )
    return select(Delivery.subscriber_id).where(Delivery.act.in_(acts), Delivery.subscriber_id.is_not(None))


def reach(incident: Incident) -> dict[ChannelKind, int]:
    """How many subscribers a public update of this incident goes to, by kind.

    Empty where the public does not know it.
    """
    if not incident.is_shown:
        return {}
    named = public_of(incident.system_names)  # who chose a system that is hidden now is not told through it
    told = wanting(list(named), incident.id)
    rows = select(Subscriber.kind, func.count()).where(*told).group_by(Subscriber.kind)
    return dict(db.session.execute(rows).all())
