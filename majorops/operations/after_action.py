"""The After Action as an appointment: set, moved, called off, told; and the reminder that it is missing.

People get it as a calendar event (RFC 5545, 5546): `operations/calendars.py` makes it when a mail is sent,
so that it always says what stands now.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter

from sqlalchemy import func, or_, select

from majorops.db import db
from majorops.domain.access import SYSTEM, Actor, Permission
from majorops.domain.after_action import NUDGED_EVERY, date_refusal, nudge_at
from majorops.domain.enums import CommandRole, Notice
from majorops.domain.errors import Conflict, Invalid, NotFound
from majorops.domain.events import AuditKind, EventKind
from majorops.domain.measures import passed
from majorops.domain.notices import Outcome, Reach
from majorops.domain.review import Need, need_of
from majorops.models import (
    CommandAssignment,
    Delivery,
    Incident,
    Review,
    ReviewGuest,
    ReviewPerson,
    ReviewText,
    User,
)
from majorops.models.delivery import REACH
from majorops.operations import audit, operation, record
from majorops.operations.calendars import guest_title
from majorops.operations.outbox import notify, notify_guests

PEOPLE_MOST = 60
Addressee = tuple[int | None, int | None]  # account, guest
GUESTS_MOST = 20  # without an account
# Acts, before the incident's number.
AFTER_ACTION, TAKEN_OFF, DRAFT = "after_action:", "after_action_off:", "review_draft:"
ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.ASCII)
NUDGED_AT_ONCE = 50


def review_of(incident: Incident) -> Review | None:
    """The review of an incident; None while nobody did anything for it. One query."""
    return db.session.scalar(select(Review).filter_by(incident_id=incident.id))


def the_review(incident: Incident, now: datetime) -> Review:
    """The review of an incident, begun where there is none yet. Part of an operation."""
    review = review_of(incident)
    if review is None:
        review = Review(incident_id=incident.id, begun_at=now, version=0, after_action_sequence=0, nudges=0)
        db.session.add(review)
        db.session.flush()
    return review


def need_now(incident: Incident, now: datetime) -> Need:
    """Whether the incident asks for a review, by the record as it is now (domain §10). One query."""
    repeats = select(ReviewText.text).filter_by(incident_id=incident.id, name="repeat_of")
    named = db.session.scalar(repeats.order_by(ReviewText.version.desc()).limit(1))
    return need_by(incident, named or "", now)


def need_by(incident: Incident, repeats: str, now: datetime) -> Need:
    """The same where it is known what it repeats; empty for nothing. No query."""
    return need_of(
        incident.severity,
        passed(incident.opened_at, incident.resolved_at, now),
        has_customer_impact=incident.external_impact == "yes" or bool(incident.customer_count),
        repeats=repeats,
    )


def begin_at_close(incident: Incident, *, now: datetime) -> None:
    """At the close the review lies there, and its reminder is planned. Part of an operation."""
    plan_nudge(incident, the_review(incident, now), now)


def plan_nudge(incident: Incident, review: Review, now: datetime, nudged_at: datetime | None = None) -> None:
    """Say when whoever was MIM is reminded next. Part of an operation; of a drill nobody is."""
    at = nudge_at(
        review.state,
        is_required=need_now(incident, now).is_required,
        resolved_at=incident.resolved_at,
        scheduled_at=review.after_action_at if review.after_action_off_at is None else None,
        nudges=review.nudges,
        nudged_at=nudged_at,
    )
    review.nudge_at = None if incident.is_drill or incident.merged_into_id else at


def scheduled_at(review: Review | None) -> datetime | None:
    """When the After Action is held; None where it is not scheduled, or was called off."""
    return review.after_action_at if review and review.after_action_off_at is None else None


# The appointment


def book(incident: Incident, at: datetime, *, now: datetime) -> None:
    """Make an appointment of the date that a resolution milestone names. Part of an operation."""
    review = the_review(incident, now)
    if scheduled_at(review) != at:
        _set(incident, review, at, now)


@operation(needs=Permission.INCIDENT_COMMAND)
def set_after_action(
    incident: Incident, at: datetime | None, *, actor: Actor, now: datetime, was: str | None = None
) -> None:
    """Schedule the After Action, or move it: everybody who is invited is told.

    `was`: the time that the person saw, as ISO text, empty for none; None skips the comparison. Raises
    Invalid, Conflict (it was moved meanwhile).
    """
    if at is None:
        raise Invalid({"after_action": "Choose a day and a time, UTC."})
    if refusal := date_refusal(at, now):
        raise Invalid({"after_action": refusal})
    review = the_review(incident, now)
    old = scheduled_at(review)
    if old == at:
        return
    if was is not None and was != (old.isoformat() if old else ""):
        says = f"It is set for {old:%Y-%m-%d %H:%M} UTC now." if old else "It was called off."
        raise Conflict(f"Somebody changed the After Action meanwhile. {says}")
    review.nudges = 0
    told = _set(incident, review, at, now)
    kind = EventKind.AFTER_ACTION_MOVED if old else EventKind.AFTER_ACTION_SET
    shown = f"{at:%Y-%m-%d %H:%M} UTC"
    title = f"After Action moved: {old:%Y-%m-%d %H:%M} › {shown}" if old else f"After Action: {shown}"
    record(incident, kind, title, detail=told.words, actor=actor, now=now)


def _set(incident: Incident, review: Review, at: datetime, now: datetime) -> Outcome:
    is_first = review.after_action_at is None
    old = scheduled_at(review)
    review.after_action_at, review.after_action_off_at = at, None
    _changed(review, now, is_first=is_first)
    plan_nudge(incident, review, now)
    moved = f" It was {old:%-d %b %H:%M} UTC before." if old else ""
    subject = f"{incident.reference} After Action {'moved to' if old else 'on'} {at:%-d %b %H:%M} UTC"
    text = (
        f"The After Action is on {at:%A, %-d %B %Y, %H:%M} UTC.{moved} "
        "The question is what we learned and what we change."
    )
    return _tell(incident, review, subject, text, now, inside=" Read the review before, and ask there.")


def _changed(review: Review, now: datetime, *, is_first: bool = False) -> None:
    """Calendars take a change over because the sequence grew (RFC 5546)."""
    review.after_action_sequence += not is_first
    review.after_action_changed_at = now


@operation(needs=Permission.INCIDENT_COMMAND)
def call_off_after_action(incident: Incident, reason: str, *, actor: Actor, now: datetime) -> None:
    """Withdraw the appointment, with a reason: it leaves the calendars. Raises Invalid, Conflict."""
    review = review_of(incident)
    old = scheduled_at(review)
    if review is None or old is None:
        raise Conflict("No After Action is scheduled.")
    if not reason:
        raise Invalid({"reason": "Say why it is called off. It is kept, internal."})
    review.after_action_off_at, review.nudges = now, 0
    _changed(review, now)
    plan_nudge(incident, review, now)
    subject = f"{incident.reference} After Action called off"
    text = f"The After Action of {old:%-d %b %H:%M} UTC is called off"
    told = _tell(incident, review, subject, f"{text}.", now, inside=f" Why: {reason}")
    title = f"After Action of {old:%Y-%m-%d %H:%M} UTC called off"
    detail = f"{reason[:5_000]}\n{told.words}".strip()
    record(incident, EventKind.AFTER_ACTION_OFF, title, detail=detail, actor=actor, now=now)


def _tell(
    incident: Incident,
    review: Review,
    subject: str,
    text: str,
    now: datetime,
    *,
    people: Iterable[User] | None = None,
    guests: Iterable[ReviewGuest] | None = None,
    inside: str = "",
) -> Outcome:
    """Queue the appointment for these people and guests, None for all; returns what that is to each.

    `inside`: what only people with an account read.
    """
    act = f"{AFTER_ACTION}{incident.id}:{review.after_action_sequence}"
    people = invited(incident) if people is None else people
    body = f"{incident.title}\n\n{text}{inside}"
    told = notify(incident, Notice.REVIEW, act, people, subject=subject, body=body, now=now)
    outside = guests_of(incident) if guests is None else guests
    body = f"{guest_title(incident)}\n\n{text}".strip()
    more = notify_guests(incident, Notice.REVIEW, act, outside, subject=subject, body=body, now=now)
    return Outcome(Counter([*told.values(), *more.values()]))


# Who is invited


def invited(incident: Incident) -> list[User]:
    """The command team, whoever held a role by an account, and whom the MIM added. Part of an operation.

    Rows of the team are made where they are missing.
    """
    rows = select(ReviewPerson).filter_by(incident_id=incident.id).order_by(ReviewPerson.id)
    known = {row.user_id for row in db.session.scalars(rows)}
    held = select(CommandAssignment.user_id).where(
        CommandAssignment.incident_id == incident.id, CommandAssignment.user_id.is_not(None)
    )
    team = dict.fromkeys(db.session.scalars(held.order_by(CommandAssignment.id)))
    fresh = [number for number in team if number and number not in known][:PEOPLE_MOST]
    db.session.add_all(ReviewPerson(incident_id=incident.id, user_id=number) for number in fresh)
    db.session.flush()
    people = select(User).join(ReviewPerson, ReviewPerson.user_id == User.id)
    mine = people.where(ReviewPerson.incident_id == incident.id, User.is_active.is_(True))
    return list(db.session.scalars(mine.order_by(User.name, User.id)))


@operation(needs=Permission.INCIDENT_COMMAND)
def invite(incident: Incident, typed: list[str], *, actor: Actor, now: datetime) -> None:
    """Add people to the After Action by e-mail or name; each gets the appointment. Raises Invalid.

    An address that no account has is a guest's: they get the appointment by mail, and read nothing else.
    """
    found = [_account(one) for one in typed]
    if not found:
        raise Invalid({"people": "Name who is added: an e-mail, or the name of an account."})
    accounts = [one for one in found if isinstance(one, User)]
    here = {user.id for user in invited(incident)}
    fresh = [user for user in {user.id: user for user in accounts}.values() if user.id not in here]
    if len(here) + len(fresh) > PEOPLE_MOST:
        raise Invalid({"people": f"At most {PEOPLE_MOST} people."})
    review = the_review(incident, now)
    guests = _fresh_guests(incident, [one for one in found if isinstance(one, str)], actor=actor, now=now)
    if not fresh and not guests:
        return
    rows = (ReviewPerson(incident_id=incident.id, user_id=user.id, is_added=True) for user in fresh)
    db.session.add_all(rows)
    names = ", ".join([*(user.name for user in fresh), *(guest.address for guest in guests)])
    title = f"Added to the After Action: {names}"
    told = Outcome()
    if (at := scheduled_at(review)) and at > now:
        subject = f"{incident.reference} After Action on {at:%-d %b %H:%M} UTC"
        text = f"You are added to the After Action, {at:%A, %-d %B %Y, %H:%M} UTC."
        by = f" {actor.name} adds you."
        told = _tell(incident, review, subject, text, now, people=fresh, guests=guests, inside=by)
    record(incident, EventKind.AFTER_ACTION_PEOPLE, title, detail=told.words, actor=actor, now=now)


def guests_of(incident: Incident) -> list[ReviewGuest]:
    """Who gets the After Action without an account, in the order they were added. One query."""
    rows = select(ReviewGuest).filter_by(incident_id=incident.id, off_at=None)
    # Put in order here: PostgreSQL would read the whole table by its key for a few rows in order.
    return sorted(db.session.scalars(rows), key=attrgetter("id"))


def _fresh_guests(
    incident: Incident, addresses: list[str], *, actor: Actor, now: datetime
) -> list[ReviewGuest]:
    """Rows of those who are no guests yet, or not any more."""
    rows = select(ReviewGuest).filter_by(incident_id=incident.id)
    known = {guest.address: guest for guest in db.session.scalars(rows)}
    fresh = [one for one in dict.fromkeys(addresses) if one not in known or known[one].off_at]
    here = sum(guest.off_at is None for guest in known.values())
    if here + len(fresh) > GUESTS_MOST or len(known.keys() | set(fresh)) > 3 * GUESTS_MOST:
        raise Invalid({"people": f"At most {GUESTS_MOST} people without an account."})
    for address in fresh:
        guest = known.setdefault(
            address, ReviewGuest(incident_id=incident.id, address=address, times=0, added_at=now)
        )
        guest.added_by, guest.added_at, guest.off_at = actor.name, now, None
        guest.times += 1
        db.session.add(guest)
    db.session.flush()
    return [known[address] for address in fresh]


@operation(needs=Permission.INCIDENT_COMMAND)
def take_off_guest(incident: Incident, guest_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a guest off the After Action: it leaves their calendar. Raises Conflict."""
    guest = db.session.get(ReviewGuest, guest_id)
    if guest is None or guest.incident_id != incident.id or guest.off_at:
        raise Conflict("They are taken off already.")
    guest.off_at = now
    review = the_review(incident, now)
    told = Outcome()
    if (at := scheduled_at(review)) and at > now:
        subject = f"{incident.reference} After Action: you are no longer invited"
        text = f"The After Action of {at:%-d %b %H:%M} UTC goes on without you."
        body = f"{guest_title(incident)}\n\n{text}".strip()
        act = f"{TAKEN_OFF}{incident.id}:{review.after_action_sequence}"
        sent = notify_guests(incident, Notice.REVIEW, act, [guest], subject=subject, body=body, now=now)
        told = Outcome(Counter(sent.values()))
    title = f"Taken off the After Action: {guest.address}"
    record(incident, EventKind.AFTER_ACTION_PEOPLE, title, detail=told.words, actor=actor, now=now)


def review_reach(incident: Incident, review: Review | None) -> dict[tuple[str, Addressee], Reach]:
    """What became of the draft and of the appointment as it stands, by act (DRAFT, AFTER_ACTION) and reader.

    One query, none before anybody did anything for the review.
    """
    if review is None:
        return {}
    acts = {
        f"{DRAFT}{incident.id}": DRAFT,
        f"{AFTER_ACTION}{incident.id}:{review.after_action_sequence}": AFTER_ACTION,
    }
    here = select(Delivery.act, Delivery.user_id, Delivery.guest_id, func.min(REACH)).where(
        Delivery.incident_id == incident.id, Delivery.act.in_(acts)
    )
    rows = db.session.execute(here.group_by(Delivery.act, Delivery.user_id, Delivery.guest_id))
    return {(acts[act], (user, guest)): Reach(reach) for act, user, guest, reach in rows}


def _account(typed: str) -> User | str:
    """The account of this e-mail or name; of an e-mail that none has, the address. Raises Invalid."""
    is_it = or_(User.email == typed.lower(), func.lower(User.name) == typed.lower())
    found = db.session.scalars(select(User).where(is_it, User.is_active.is_(True)).limit(2)).all()
    if len(found) == 1:
        return found[0]
    if not found and len(typed) <= 254 and ADDRESS.fullmatch(typed.lower()):
        return typed.lower()
    more = "Several accounts are called" if found else "No account has the e-mail or name"
    raise Invalid({"people": f"{more} {typed}{': give the e-mail.' if found else '.'}"})


# The reminder


def nudge_due(now: datetime) -> None:
    """Remind whoever was MIM of what is due. One query while nothing is."""
    due = select(Review.incident_id).where(Review.nudge_at <= now).order_by(Review.nudge_at)
    for number in db.session.scalars(due.limit(NUDGED_AT_ONCE)).all():
        incident = db.session.get(Incident, number)
        if incident is not None:
            nudge_mim(incident, actor=SYSTEM, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def nudge_mim(incident: Incident, *, actor: Actor, now: datetime) -> int:
    """Remind whoever was MIM that the After Action is not scheduled, or passed without a review.

    Returns the number of the reminder, 0 where it is not due. Raises NotFound where there is no review.
    """
    review = review_of(incident)
    if review is None:
        raise NotFound("There is no review.")
    if review.nudge_at is None or review.nudge_at > now:
        return 0
    review.nudges += 1
    plan_nudge(incident, review, now, nudged_at=now)
    at = scheduled_at(review)
    what = f"passed on {at:%-d %b %H:%M} UTC without a review" if at else "is not scheduled"
    left = f" The next reminder comes in {NUDGED_EVERY.days * 24} h." if review.nudge_at else ""
    subject = f"{incident.reference} After Action {what}"
    reason = need_now(incident, now).reason
    body = f"{incident.title}\n\nThe After Action {what}. {reason}{left}"
    act = f"review_nudge:{incident.id}:{review.after_action_sequence}:{review.nudges}"
    mims = was_mim(incident)
    notify(incident, Notice.REVIEW, act, mims, subject=subject, body=body, now=now)
    whom = ", ".join(user.name for user in mims) or "nobody with an account"
    audit(AuditKind.REVIEW_NUDGED, f"{subject}: {whom}", actor=actor, now=now)
    return review.nudges


def was_mim(incident: Incident) -> list[User]:
    """Who was MIM last, as an account; nobody where it was a name alone."""
    return _last(incident, CommandRole.MIM)


def leader_of(incident: Incident) -> list[User]:
    """The incident's leader as an account, else who was MIM last."""
    return _last(incident, CommandRole.LEADER) or was_mim(incident)


def _last(incident: Incident, role: CommandRole) -> list[User]:
    rows = (
        select(User)
        .join(CommandAssignment, CommandAssignment.user_id == User.id)
        .where(CommandAssignment.incident_id == incident.id, CommandAssignment.role == role)
        .where(User.is_active.is_(True))
        .order_by(CommandAssignment.id.desc())
        .limit(1)
    )
    return list(db.session.scalars(rows))
