"""Operations on the timeline itself: manual notes, visibility of an entry, striking out a mistake."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import Visibility
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import NOTES, EventKind
from majorops.domain.suggest import systems_in
from majorops.models import Incident, Publication, TimelineEvent
from majorops.operations import operation, record
from majorops.operations.announcements import announce
from majorops.operations.promise import renew_promise
from majorops.operations.public_names import name_publication, new_key
from majorops.operations.system_states import SYSTEMS_FIELD
from majorops.operations.telling import tell_said
from majorops.projections.systems import public_of

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

    An update's entry takes the update along, with what corrects it: made internal they are withdrawn, and
    public pages keep only the time of that. Raises Invalid.
    """
    entry = find_entry(incident, seq)
    if entry.visibility is visibility:
        return
    if visibility is Visibility.PUBLIC and (refusal := public_refusal(incident, entry)):
        raise Invalid({"entry": refusal})
    _show(entry, visibility)
    publication = db.session.get(Publication, entry.publication_id) if entry.publication_id else None
    moved = _moved_along(publication, visibility, now) if publication else []
    corrections = [_entry_of(one) for one in moved[1:]]
    for correction in filter(None, corrections):
        _show(correction, visibility)
    if publication:
        db.session.flush()
        renew_promise(incident, now=now)
    if moved and visibility is Visibility.PUBLIC:
        newest = moved[-1]  # not the words that it corrects
        if incident.is_shown:
            announce(f"said:{newest.id}", now, incident_id=incident.id, publication_id=newest.id)
        tell_said(incident, newest, actor=actor, now=now)
    along = ", ".join(str(one.seq) for one in corrections if one)
    record(
        incident,
        EventKind.VISIBILITY_CHANGED,
        f"Entry {entry.seq} made {visibility.value}: {entry.title}",
        detail=f"With its correction, entry {along}." if along else "",
        actor=actor,
        now=now,
    )


def _show(entry: TimelineEvent, visibility: Visibility) -> None:
    entry.visibility = visibility
    if visibility is Visibility.PUBLIC:
        entry.public_key = entry.public_key or new_key()


def _entry_of(publication: Publication) -> TimelineEvent | None:
    return db.session.scalar(select(TimelineEvent).filter_by(publication_id=publication.id).limit(1))


def _moved_along(publication: Publication, visibility: Visibility, now: datetime) -> list[Publication]:
    """Make the publication and its corrections internal, or public; returns those that moved, oldest first.

    A correction that was withdrawn by itself stays so.
    """
    is_public, gone_at = visibility is Visibility.PUBLIC, publication.withdrawn_at
    moved: list[Publication] = []
    one: Publication | None = publication
    while one is not None:
        went_with_it = one is publication or one.withdrawn_at in (None, gone_at)
        if one is publication or (one.visibility is not visibility and went_with_it):
            one.visibility = visibility
            one.withdrawn_at = None if is_public else now
            if is_public:
                name_publication(one)
            moved.append(one)
        one = db.session.scalar(select(Publication).filter_by(corrects_id=one.id))
    return moved


def public_refusal(incident: Incident, entry: TimelineEvent) -> str:
    """Why the public is not given an entry that wrote itself; empty when it can be.

    What people wrote is theirs to publish.
    """
    if entry.kind in NOTES or entry.publication_id:
        return ""
    if entry.kind == EventKind.VISIBILITY_CHANGED:
        return "It counts internal entries. It stays internal."
    if entry.field == SYSTEMS_FIELD:
        return "The public page lists the systems that it may name by itself. This entry stays internal."
    names = [*incident.system_names, *([entry.system] if entry.system else [])]
    named = systems_in(f"{entry.title}\n{entry.detail}", names)
    hidden = set(named) - public_of(named)
    listed = ", ".join(name for name in dict.fromkeys(named) if name in hidden)
    return f"It names {listed}, which the public page does not. This entry stays internal." if listed else ""


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
