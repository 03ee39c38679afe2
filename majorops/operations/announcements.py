"""Announcements: one row in the transaction of a public act, however many subscribers there are.

The worker makes the messages.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from majorops.db import db
from majorops.domain.announcing import act_of
from majorops.domain.enums import ChannelKind, SubscriberState
from majorops.models import (
    Announcement,
    Incident,
    Subscriber,
    SubscriberSystem,
    TimelineEvent,
)
from majorops.projections.systems import public_of


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


def wanting(systems: list[str]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The SQL rule for active subscribers that want to hear of one of these systems."""
    of_these = select(SubscriberSystem.subscriber_id).where(SubscriberSystem.name.in_(systems))
    return Subscriber.state == SubscriberState.ACTIVE, or_(
        Subscriber.wants_all.is_(True), Subscriber.id.in_(of_these)
    )


def reach(incident: Incident) -> dict[ChannelKind, int]:
    """How many subscribers a public update of this incident goes to, by kind.

    Empty where the public does not know it.
    """
    if not incident.is_shown:
        return {}
    named = public_of(incident.system_names)  # who chose a system that is hidden now is not told through it
    rows = select(Subscriber.kind, func.count()).where(*wanting(list(named))).group_by(Subscriber.kind)
    return dict(db.session.execute(rows).all())
