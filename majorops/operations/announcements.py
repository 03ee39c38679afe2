"""Announcements: one row in the transaction of a public act, however many subscribers there are.

The worker makes the messages.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update

from majorops.db import db
from majorops.domain.announcing import act_of
from majorops.domain.enums import ChannelKind, DeliveryState, Frequency, SubscriberState, Visibility
from majorops.domain.events import EventKind
from majorops.domain.notices import Outcome, Reach
from majorops.models import (
    Announcement,
    Delivery,
    Incident,
    Publication,
    Subscriber,
    SubscriberIncident,
    SubscriberSystem,
    TimelineEvent,
)
from majorops.projections.systems import public_of

# What an announcement of maintenance is called, before its number.
COUNTED_MOST = 1_000  # messages on their way
PLANNED, MOVED, WORKS = "planned", "moved", "works"


def announce_entries(entries: list[TimelineEvent]) -> None:
    """Announce what one operation did in public, as one act: what it said goes out.

    Without that, that the incident was opened or resolved. Called in the operation's transaction.
    """
    acts: dict[str, TimelineEvent] = {}
    for entry in entries:
        incident = db.session.get(Incident, entry.incident_id)
        if incident and incident.is_shown:
            act = act_of(entry.kind, entry.visibility, incident.id, entry.publication_id, incident.status)
            if entry.kind == EventKind.INCIDENT_PUBLISHED and incident.published_at == entry.at:
                act = _first_act(incident)
            acts[act] = entry
    acts.pop("", None)
    said = [act for act in acts if act.startswith("said:")] or list(acts)
    for act in said[:1]:
        entry = acts[act]
        publication = int(act.removeprefix("said:")) if act.startswith("said:") else None
        if not _is_quiet(act, entry.incident_id):
            announce(act, entry.at, incident_id=entry.incident_id, publication_id=publication)


def _first_act(incident: Incident) -> str:
    """What the public hears first of an incident that waited: that it is over, or what was said last."""
    if incident.is_resolved:
        return f"resolved:{incident.id}"
    said = (
        select(Publication.id)
        .filter_by(incident_id=incident.id, visibility=Visibility.PUBLIC, is_quiet=False)
        .order_by(Publication.id.desc())
    )
    newest = db.session.scalar(said.limit(1))
    return f"said:{newest}" if newest else f"opened:{incident.id}"


def _is_quiet(act: str, number: int) -> bool:
    """The MIM chose that subscribers are not told: of this text, or of the resolution in its words."""
    kind, _, what = act.partition(":")
    if kind == "opened":
        return False
    said = select(Publication.is_quiet).filter_by(incident_id=number, visibility=Visibility.PUBLIC)
    said = said.filter_by(id=int(what)) if kind == "said" else said.filter_by(is_resolution=True)
    return bool(db.session.scalar(said.order_by(Publication.id.desc()).limit(1)))


def announce(act: str, at: datetime, **about: int | None) -> None:
    """Tell subscribers of this act, once; part of an operation.

    `about`: incident_id, publication_id, maintenance_id.
    """
    if db.session.scalar(select(Announcement.id).filter_by(act=act)) is None:
        db.session.add(Announcement(act=act, at=at, **about))


def say_anew(incident_id: int) -> None:
    """Have what is told of an incident written anew from now on; part of an operation that withdrew words.

    Each message holds what was said before, too: what waits for its next try must not bring that.
    """
    told = update(Announcement).where(Announcement.incident_id == incident_id)
    db.session.execute(told.values(text=""))


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


def who_heard_of(incident_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The SQL rule for active subscribers that got a message of an incident, or follow it."""
    follow = select(SubscriberIncident.subscriber_id).where(SubscriberIncident.incident_id == incident_id)
    acts = select(Announcement.act).where(Announcement.incident_id == incident_id)
    got = _who_got(acts).where(Delivery.state == DeliveryState.SENT)
    heard = or_(Subscriber.id.in_(got), Subscriber.id.in_(follow))
    return Subscriber.state == SubscriberState.ACTIVE, heard


def _told_dates_of(maintenance_id: int) -> Select[int | None]:
    acts = select(Announcement.act).where(
        Announcement.maintenance_id == maintenance_id,
        or_(Announcement.act.startswith(f"{PLANNED}:"), Announcement.act.startswith(f"{MOVED}:")),
    )
    return _who_got(acts)


def _who_got(acts: Select[str]) -> Select[int | None]:
    return select(Delivery.subscriber_id).where(Delivery.act.in_(acts), Delivery.subscriber_id.is_not(None))


def became_of(publication: Publication) -> str:
    """What became of telling subscribers of a public text, as a sentence: queued, told, failed. Two queries.

    Those who chose a digest are not counted: they hear of it at the end of its period.
    """
    if publication.is_quiet:
        return "Subscribers were not told: so it was chosen."
    row = db.session.scalar(select(Announcement).filter_by(act=f"said:{publication.id}"))
    if row is None:
        return ""
    if row.done_at is None:
        return f"Subscribers: {row.reached:,} queued, more are being queued."
    if not row.reached:
        return "Subscribers: nobody to tell at once."
    on_their_way = select(Delivery.id).where(
        Delivery.act == row.act, Delivery.state.in_([DeliveryState.PENDING, DeliveryState.SENDING])
    )
    waiting = db.session.scalar(select(func.count()).select_from(on_their_way.limit(COUNTED_MOST).subquery()))
    queued = min(waiting or 0, row.reached - row.failed)
    people = {Reach.TOLD: row.reached - row.failed - queued, Reach.QUEUED: queued, Reach.FAILED: row.failed}
    return f"Subscribers: {Outcome(Counter(people)).words}."


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
