"""Since you last looked: what happened of weight while a person was away, from the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.events import EventKind
from majorops.fireground.view import Look, View
from majorops.models import Incident, TimelineEvent

AWAY = timedelta(minutes=5)
READ_AT_MOST = 200  # entries of weight; a night's absence has fewer
NAMED = 3  # of one kind; the rest is a count

# Kind of event → how it is summed up. The order is the order of the line.
PHASE, NEWEST, EACH, COUNT = "phase", "newest", "each", "count"
WEIGHTY = {
    EventKind.PHASE_ADVANCED: PHASE,
    EventKind.SEVERITY_CHANGED: NEWEST,
    EventKind.ALARM_CHANGED: NEWEST,
    EventKind.STATUS_CHANGED: NEWEST,
    EventKind.COMMAND_CHANGED: EACH,
    EventKind.MILESTONE_PUBLISHED: COUNT,
    EventKind.TRACK_OPENED: COUNT,
    EventKind.TRACK_EXTENDED: COUNT,
    EventKind.TRACK_ESCALATED: EACH,
    EventKind.TRACK_CLOSED: EACH,
}
WORDS = {
    EventKind.MILESTONE_PUBLISHED: ("milestone", "milestones"),
    EventKind.TRACK_OPENED: ("track opened", "tracks opened"),
    EventKind.TRACK_EXTENDED: ("track extended", "tracks extended"),
}


@dataclass(frozen=True)
class Since:
    """`parts` are short sentences; `entries` counts all that others added to the timeline."""

    at: datetime
    now: datetime
    parts: tuple[str, ...]
    entries: int


def build(view: View) -> Since | None:
    """What others changed since the person looked last; None for a short absence, or for nothing."""
    return since(view.incident, view.looked, view.actor, view.now)


def since(incident: Incident, looked: Look | None, actor: Actor, now: datetime) -> Since | None:
    """What others changed after `looked`; None for a short absence, or when they did nothing."""
    if looked is None or now - looked.at < AWAY or incident.version <= looked.version:
        return None
    is_news = (
        TimelineEvent.incident_id == incident.id,
        TimelineEvent.seq > looked.version,
        TimelineEvent.actor_id.is_distinct_from(actor.user_id),
    )
    entries = db.session.scalar(select(func.count()).where(*is_news))
    if not entries:
        return None
    rows = db.session.execute(
        select(TimelineEvent.kind, TimelineEvent.title)
        .where(*is_news, TimelineEvent.kind.in_(WEIGHTY))
        .order_by(TimelineEvent.seq.desc())
        .limit(READ_AT_MOST)
    ).all()
    parts: list[str] = []
    for kind, way in WEIGHTY.items():
        found = [row for row in rows if row.kind == kind]
        if not found:
            continue
        if way == PHASE:
            parts.append(f"Phase {found[-1].title.split(' › ')[0]} › {found[0].title.split(' › ')[-1]}")
        elif way == NEWEST:
            parts.append(found[0].title)
        elif way == COUNT:
            one, many = WORDS[kind]
            parts.append(f"{len(found)} {one if len(found) == 1 else many}")
        else:
            parts += [row.title for row in found[:NAMED]]
            if len(found) > NAMED:
                parts.append(f"{len(found) - NAMED} more of the same")
    return Since(looked.at, now, tuple(parts), entries)
