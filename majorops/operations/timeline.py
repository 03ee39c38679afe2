"""Operations on the timeline itself: manual notes, visibility of an entry, striking out a mistake."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import Visibility
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import NOTES, EventKind
from majorops.models import Incident, Publication, TimelineEvent
from majorops.operations import operation, record
from majorops.operations.announcements import announce
from majorops.operations.promise import renew_promise
from majorops.operations.telling import tell_said

TITLE_LENGTH = 300


@operation(needs=Permission.TIMELINE_NOTE)
def add_note(
    incident: Incident,
    text: str,
    *,
    actor: Actor,
    now: datetime,
    visibility: Visibility = Visibility.INTERNAL,
) -> TimelineEvent:
    """Log what was heard, decided, timeboxed (guide, "The Timeline").

    Only who commands may make it public at once. Raises Invalid, Conflict.
    """
    if visibility is Visibility.PUBLIC and not actor.can(Permission.PUBLISH):
        raise Invalid({"visibility": "Only the MIM makes an entry public. Log it as internal."})
    title, detail = _split(text)
    return record(
        incident,
        EventKind.NOTE_LOGGED,
        title,
        detail=detail,
        visibility=visibility,
        actor=actor,
        now=now,
    )


def _split(text: str) -> tuple[str, str]:
    """The first line as the entry's title, the whole as its detail where it is longer."""
    if not text:
        raise Invalid({"text": "Write what you heard, decided or timeboxed."})
    if len(text) > 5_000:
        raise Invalid({"text": f"At most 5,000 characters; this has {len(text):,}."})
    first = text.split("\n", 1)[0]
    if first == text and len(text) <= TITLE_LENGTH:
        return text, ""
    return first[:TITLE_LENGTH], text


@operation(needs=Permission.PUBLISH)
def set_visibility(
    incident: Incident, seq: int, visibility: Visibility, *, actor: Actor, now: datetime
) -> None:
    """Make an entry public or internal; both ways are logged (domain §3).

    An update's entry takes the update along: made internal it is withdrawn, and public pages keep only
    the time of that. Raises Invalid.
    """
    entry = find_entry(incident, seq)
    if entry.visibility is visibility:
        return
    publication = db.session.get(Publication, entry.publication_id) if entry.publication_id else None
    if publication:
        publication.visibility = visibility
        publication.withdrawn_at = now if visibility is Visibility.INTERNAL else None
    entry.visibility = visibility
    if publication:
        db.session.flush()
        renew_promise(incident, now=now)
    if publication and visibility is Visibility.PUBLIC and incident.is_shown:
        about = {"incident_id": incident.id, "publication_id": publication.id}
        announce(f"said:{publication.id}", now, **about)
    if publication and visibility is Visibility.PUBLIC:
        tell_said(incident, publication, actor=actor, now=now)
    record(
        incident,
        EventKind.VISIBILITY_CHANGED,
        f"Entry {entry.seq} made {visibility.value}: {entry.title}",
        actor=actor,
        now=now,
    )


@operation(needs=Permission.TIMELINE_NOTE)
def strike_entry(incident: Incident, seq: int, text: str, *, actor: Actor, now: datetime) -> TimelineEvent:
    """Strike out a mistaken manual note with a correction that names it; both stay in the record.

    The correction has the note's visibility, but is internal from whoever may not publish: public pages
    then keep the note as it is until a MIM makes the correction public. Raises Invalid, Conflict.
    """
    entry = find_entry(incident, seq)
    if refusal := strike_refusal(entry, actor):
        raise Invalid({"text": refusal})
    if db.session.scalar(select(TimelineEvent.id).filter_by(corrects_id=entry.id)):
        raise Conflict("This entry was corrected already.")
    title, detail = _split(text)
    return record(
        incident,
        EventKind.NOTE_CORRECTED,
        title,
        detail=detail,
        visibility=entry.visibility if actor.can(Permission.PUBLISH) else Visibility.INTERNAL,
        corrects_id=entry.id,
        actor=actor,
        now=now,
    )


def strike_refusal(entry: TimelineEvent, actor: Actor) -> str:
    """Why this person does not correct the entry; empty when they may."""
    if entry.kind not in NOTES:
        return "Only notes are corrected. What was recorded by itself is a fact."
    if entry.actor_id != actor.user_id and not actor.can(Permission.INCIDENT_COMMAND):
        return "This is somebody else's note. Log your own."
    return ""


def find_entry(incident: Incident, seq: int) -> TimelineEvent:
    """The entry by its number in this incident. Raises Invalid."""
    entry = db.session.scalar(select(TimelineEvent).filter_by(incident_id=incident.id, seq=seq))
    if entry is None:
        raise Invalid({"entry": f"{incident.reference} has no entry {seq}."})
    return entry
