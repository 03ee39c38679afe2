"""Operations on what is said to people: status updates, milestones, corrections (domain §3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar, cast

from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.after_action import WITHIN
from majorops.domain.after_close import late_refusal
from majorops.domain.cadence import HOLDING_MINUTES, holding
from majorops.domain.enums import TrackOutcome, Visibility
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import EventKind
from majorops.domain.promise import promise_question
from majorops.domain.templates import gap_problem
from majorops.models import Incident, Milestone, Publication, RecoveryTrack, StatusUpdate, TimelineEvent
from majorops.operations import operation, record
from majorops.operations.after_action import book
from majorops.operations.announcements import announce
from majorops.operations.drafts import AS_IT_IS, Review, check_review, settle
from majorops.operations.promise import renew_promise
from majorops.operations.public_names import name_publication
from majorops.operations.telling import tell_said
from majorops.operations.timeline import set_visibility

PROMISE_AT_MOST = timedelta(hours=24)

Said = TypeVar("Said", bound=Publication)


@operation(needs=Permission.PUBLISH)
def publish_update(
    incident: Incident,
    body: str,
    *,
    actor: Actor,
    now: datetime,
    visibility: Visibility = Visibility.INTERNAL,
    next_update_eta: datetime | None = None,
    review: Review = AS_IT_IS,
    asks_promise: bool = False,
    is_quiet: bool = False,
    source: str = "web",
) -> StatusUpdate:
    """Post a status update.

    `next_update_eta`: the promised next one, if any. `review`: what the person says of an AI draft in
    it. `asks_promise`: refuse a text that names another next update than the promised one, for the
    person to decide. `is_quiet`: public, and no subscriber is told. Raises Invalid, Conflict.
    """
    _check(body, next_update_eta, now, asks_promise)
    is_quiet = is_quiet and visibility is Visibility.PUBLIC
    update = StatusUpdate(body=body, next_update_eta=next_update_eta, source=source, is_quiet=is_quiet)
    return _publish(incident, update, visibility, review=review, actor=actor, now=now)


@operation(needs=Permission.PUBLISH)
def publish_milestone(
    incident: Incident,
    body: str,
    *,
    actor: Actor,
    now: datetime,
    title: str = "",
    visibility: Visibility = Visibility.INTERNAL,
    next_update_eta: datetime | None = None,
    is_resolution: bool = False,
    after_action_at: datetime | None = None,
    review: Review = AS_IT_IS,
    asks_promise: bool = False,
    is_quiet: bool = False,
    source: str = "web",
) -> Milestone:
    """Cut a milestone: numbered, immutable, with the promise of a next update.

    Guide, "Cut your first milestone". A resolution milestone makes no promise; it names the After Action's
    date instead, within 72 h. `is_quiet`: public, and no subscriber is told. Raises Invalid (no text, no or
    an impossible promise, no or a late After Action date), Conflict.
    """
    if is_resolution:
        next_update_eta = None
        if after_action_at is None:
            raise Invalid(
                {"after_action_at": "A resolution milestone names the After Action's date and time."}
            )
        if not now < after_action_at <= now + WITHIN:
            last = f"{now + WITHIN:%Y-%m-%d %H:%M} UTC"
            sentence = f"The After Action lies ahead, within 72 hours: by {last}."
            raise Invalid({"after_action_at": sentence})
    elif next_update_eta is None:
        raise Invalid({"next_update": "A milestone promises the next update: choose when."})
    _check(body, next_update_eta, now, asks_promise and not is_resolution)
    cut = select(func.count(Milestone.id)).filter_by(incident_id=incident.id)
    milestone = Milestone(
        number=1 + (db.session.scalar(cut) or 0),
        title=title,
        body=body,
        next_update_eta=next_update_eta,
        is_resolution=is_resolution,
        after_action_at=after_action_at if is_resolution else None,
        is_quiet=is_quiet and visibility is Visibility.PUBLIC,
        source=source,
    )
    return _publish(incident, milestone, visibility, review=review, actor=actor, now=now)


@operation(needs=Permission.PUBLISH)
def post_holding(incident: Incident, *, actor: Actor, now: datetime, shown: str = "") -> Milestone:
    """The holding milestone in one press (guide, "If your ETA slips"): public where the incident is.

    `shown`: what the screen announced (`str` of `domain.cadence.Holding`); anything else is not posted.
    Raises Conflict.
    """
    running = select(RecoveryTrack.id).filter_by(incident_id=incident.id, outcome=TrackOutcome.RUNNING)
    its = holding(incident.is_meant_public, db.session.scalar(running.limit(1)) is not None)
    if shown not in ("", str(its)):
        raise Conflict(f"Nothing was posted: it changed meanwhile. A holding update says now, {its}")
    eta = now + timedelta(minutes=HOLDING_MINUTES)
    return publish_milestone(
        incident, its.text, visibility=its.visibility, next_update_eta=eta, actor=actor, now=now
    )


@operation(needs=Permission.PUBLISH)
def correct_publication(
    incident: Incident,
    publication_id: int,
    body: str,
    *,
    actor: Actor,
    now: datetime,
    review: Review = AS_IT_IS,
) -> Publication:
    """Replace the text of an update or milestone by a new update that names it (domain §3).

    The old text stays readable. The new one keeps its visibility, tells subscribers if the old one did, and
    promises nothing new. Raises Invalid,
    Conflict.
    """
    old = _find(incident, publication_id)
    if db.session.scalar(select(Publication.id).filter_by(corrects_id=old.id)):
        raise Conflict(f"{old.heading} was corrected already. Correct the newest text.")
    _check(body, None, now)
    correction = StatusUpdate(body=body, corrects_id=old.id, is_quiet=old.is_quiet, is_review=old.is_review)
    what = f"Correction of {old.heading}"
    return _publish(incident, correction, old.visibility, actor=actor, now=now, what=what, review=review)


@operation(needs=Permission.PUBLISH)
def post_late_update(
    incident: Incident,
    body: str,
    *,
    actor: Actor,
    now: datetime,
    tells: bool = False,
    review: Review = AS_IT_IS,
) -> StatusUpdate:
    """Say in public what is known only after the close; it is marked as late and promises nothing.

    `tells`: subscribers get it, else it stands on the public page alone. Raises Invalid, Conflict (the
    incident runs, or the public does not know it).
    """
    if refusal := late_refusal(incident.reference, incident.is_resolved, incident.is_shown):
        raise Conflict(refusal)
    _check(body, None, now)
    late = StatusUpdate(body=body, is_late=True, is_quiet=not tells)
    kind = EventKind.LATE_UPDATE_PUBLISHED
    posted = _publish(incident, late, Visibility.PUBLIC, review=review, kind=kind, actor=actor, now=now)
    if tells:
        announce(f"said:{posted.id}", now, incident_id=incident.id, publication_id=posted.id)
    return posted


@operation(needs=Permission.PUBLISH)
def publish_public_review(
    incident: Incident,
    body: str,
    *,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
    tells: bool = True,
    review: Review = AS_IT_IS,
) -> StatusUpdate:
    """Publish what the public is to know of the review, a text of its own; or a newer text of it.

    `seen`: the number of the text that the person saw, None for none. `tells`: subscribers get it. It is
    corrected and withdrawn as updates are, and every text stays. Raises Invalid, Conflict (the incident runs,
    the public does not know it, or somebody published meanwhile).
    """
    old = check_public_review(incident, body, seen, now)
    posted = StatusUpdate(
        body=body, is_late=True, is_review=True, is_quiet=not tells, corrects_id=old.id if old else None
    )
    kind = EventKind.PUBLIC_REVIEW_PUBLISHED
    what = "Correction of Review" if old else ""
    _publish(incident, posted, Visibility.PUBLIC, review=review, kind=kind, what=what, actor=actor, now=now)
    if tells:
        announce(f"said:{posted.id}", now, incident_id=incident.id, publication_id=posted.id)
    return posted


def check_public_review(incident: Incident, body: str, seen: int | None, now: datetime) -> Publication | None:
    """What stands, where this text may take its place (`publish_public_review`). Raises Invalid, Conflict."""
    shown = late_refusal(incident.reference, incident.is_resolved, incident.is_shown, "a public review")
    if shown:
        raise Conflict(shown)
    _check(body, None, now)
    old = public_review(incident)
    if (old.id if old else None) != seen:
        by = f"{old.by_name} published it at {old.at:%H:%M} UTC" if old else "It was withdrawn"
        raise Conflict(f"{by} meanwhile. Read what stands now; your text is kept.")
    return old


@operation(needs=Permission.PUBLISH)
def withdraw_public_review(incident: Incident, *, actor: Actor, now: datetime) -> None:
    """Take the public review back, in all its texts: the page keeps only that and when. Raises Conflict."""
    first = public_review(incident)
    if first is None:
        raise Conflict("No public review stands.")
    while first.corrects_id:
        first = db.session.get_one(Publication, first.corrects_id)
    entry = select(TimelineEvent.seq).filter_by(incident_id=incident.id, publication_id=first.id)
    seq = db.session.scalars(entry).one()
    set_visibility(incident, seq, Visibility.INTERNAL, actor=actor, now=now)


def public_review(incident: Incident) -> Publication | None:
    """The newest text of the public review; None where none stands. One query."""
    rows = select(Publication).filter_by(incident_id=incident.id, is_review=True)
    newest = db.session.scalar(rows.order_by(Publication.id.desc()).limit(1))
    return newest if newest and newest.withdrawn_at is None else None


def _find(incident: Incident, publication_id: int) -> Publication:
    publication = db.session.get(Publication, publication_id)
    if publication is None or publication.incident_id != incident.id:
        raise Invalid({"publication": f"{incident.reference} has no such update."})
    return publication


def _check(body: str, eta: datetime | None, now: datetime, asks_promise: bool = False) -> None:
    if not body:
        raise Invalid({"body": "Write what is known, confirmed, and next."})
    if len(body) > 10_000:
        raise Invalid({"body": f"At most 10,000 characters; this has {len(body):,}."})
    if problem := gap_problem(body):
        raise Invalid({"body": problem})
    if eta is not None and not now < eta <= now + PROMISE_AT_MOST:
        raise Invalid({"next_update": "The next update lies ahead, within 24 hours."})
    if asks_promise and (question := promise_question(body, eta, now)):
        raise Invalid({"promise": question})


def _publish(
    incident: Incident,
    publication: Said,
    visibility: Visibility,
    *,
    actor: Actor,
    now: datetime,
    what: str = "",
    review: Review = AS_IT_IS,
    kind: EventKind | None = None,
) -> Said:
    if twin := _just_posted(incident, publication, visibility, actor=actor, now=now):
        return twin
    drafted = check_review(incident, publication.body, review, actor=actor, now=now)
    publication.incident_id = incident.id
    publication.visibility = visibility
    publication.by_name, publication.by_id = actor.name, actor.user_id
    publication.at = now
    publication.status_at_cut = incident.status
    if visibility is Visibility.PUBLIC:
        name_publication(publication)
    db.session.add(publication)
    db.session.flush()
    incident.last_communicated_at = now
    if publication.next_update_eta or publication.is_resolution:
        renew_promise(incident, now=now)
    usual = (
        EventKind.MILESTONE_PUBLISHED if isinstance(publication, Milestone) else EventKind.UPDATE_PUBLISHED
    )
    record(
        incident,
        kind or usual,
        what or publication.heading,
        detail=publication.body,
        visibility=visibility,
        publication_id=publication.id,
        actor=actor,
        now=now,
    )
    tell_said(incident, publication, actor=actor, now=now)
    settle(incident, drafted, what or publication.heading, actor=actor, now=now)
    if publication.after_action_at:
        book(incident, publication.after_action_at, now=now)
    return publication


def _just_posted(
    incident: Incident, publication: Said, visibility: Visibility, *, actor: Actor, now: datetime
) -> Said | None:
    """The same text by the same person within a minute is one act: a button pressed twice."""
    last = db.session.scalar(
        select(Publication).filter_by(incident_id=incident.id).order_by(Publication.id.desc()).limit(1)
    )
    if last is None:
        return None
    same = (
        type(last),
        last.body,
        last.visibility,
        last.by_name,
        last.is_resolution,
    ) == (
        type(publication),
        publication.body,
        visibility,
        actor.name,
        bool(publication.is_resolution),
    )
    return cast(Said, last) if same and now - last.at < timedelta(minutes=1) else None
