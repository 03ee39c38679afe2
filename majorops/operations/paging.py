"""Paging somebody for a role of an incident, until somebody is on it.

Each call, what became of its message, and the answer stand on the timeline with their seconds.
"""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM, Actor, Permission
from majorops.domain.enums import CommandRole, DeliveryState, Notice
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import EventKind
from majorops.domain.notices import Reach
from majorops.domain.paging import Call, following, on_call, span_words, wait_of
from majorops.models import Delivery, Incident, Page, Rota, User
from majorops.operations import operation, record
from majorops.operations.command import assign, holder
from majorops.operations.outbox import notify
from majorops.operations.people import find_account

AT_ONCE = 50  # pages in one look of the worker
ON_ITS_WAY = (DeliveryState.PENDING, DeliveryState.SENDING)


@operation(needs=Permission.INCIDENT_COMMAND)
def page_role(incident: Incident, role: CommandRole, *, actor: Actor, now: datetime, whom: str = "") -> Page:
    """Page whoever is on call for a role, or `whom`: an account by name or address. Returns the page.

    Raises Invalid where nobody is on call or there is no such account, Conflict while the role is paged.
    """
    if open_page(incident, role):
        raise Conflict(f"{role.label} is paged already.")
    rota = rota_for(incident, role)
    user = _named(whom) if whom else _on_call(rota, now)
    if user is None:
        raise Invalid({"whom": f"Nobody is on call for {role.label}. Name who is paged."})
    row = Page(
        incident_id=incident.id,
        role=role,
        rota_id=rota.id if rota else None,
        begun_by=actor.name,
        begun_at=now,
        call=Call.FIRST,
        whom=user.name,
        user_id=user.id,
        called_at=now,
        answered_by="",
        reached_call=0,
    )
    db.session.add(row)
    db.session.flush()
    _call(incident, row, Call.FIRST, user, actor=actor, now=now)
    return row


@operation(needs=Permission.TIMELINE_NOTE)
def answer_page(incident: Incident, page_id: int, *, actor: Actor, now: datetime) -> None:
    """ "I am on it": who presses answers, whoever was called, and takes the role if it is vacant.

    Command alone is taken by its own key. Raises Invalid, Conflict.
    """
    row = _open(incident, page_id)
    row.answered_by, row.ended_at, row.next_at = actor.name, now, None
    title = f"{actor.name} is on it: {row.role.label}, {span_words(now - row.begun_at)} after the page"
    record(incident, EventKind.PAGE_ANSWERED, title, detail=_arrived(row), actor=actor, now=now)
    if row.role is not CommandRole.MIM and not holder(incident, row.role) and not incident.is_resolved:
        assign(incident, row.role, actor.name, user_id=actor.user_id, actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def end_page(incident: Incident, page_id: int, *, actor: Actor, now: datetime) -> None:
    """Call nobody any more. Raises Invalid, Conflict."""
    row = _open(incident, page_id)
    row.ended_at, row.next_at = now, None
    title = f"Page for {row.role.label} ended, {span_words(now - row.begun_at)} after it began"
    record(incident, EventKind.PAGE_ENDED, title, actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def call_next(incident: Incident, page_id: int, *, actor: Actor, now: datetime) -> bool:
    """Call the next one of a page whose time is up; returns whether something was done.

    Behind the last one the record says that nobody answered, and who has command is told.
    """
    row = db.session.get(Page, page_id, populate_existing=True)
    if row is None or row.ended_at or row.next_at is None or row.next_at > now:
        return False
    people = _people(incident, row, now)
    following_call = following(row.call, people)
    if following_call is None:
        row.next_at = None
        _tell_nobody_answered(incident, row, actor, now)
        return True
    _call(incident, row, following_call, people[following_call], actor=actor, now=now)
    return True


@operation(needs=Permission.INCIDENT_COMMAND)
def lapse_page(incident: Incident, page_id: int, *, actor: Actor, now: datetime) -> None:
    """Call nobody any more to an incident that is over."""
    row = db.session.get_one(Page, page_id)
    row.ended_at, row.next_at = now, None
    title = f"Page for {row.role.label} ended: the incident is resolved"
    record(incident, EventKind.PAGE_ENDED, title, actor=actor, now=now)


def call_due(now: datetime) -> None:
    """Call on for every page whose time is up, and say what became of the messages. One query for none."""
    open_ones = select(Page.id, Page.incident_id, Page.next_at).where(Page.ended_at.is_(None))
    for number, incident_id, next_at in db.session.execute(open_ones.order_by(Page.id).limit(AT_ONCE)).all():
        incident = db.session.get_one(Incident, incident_id)
        note_reached(incident, number, now)
        if incident.is_resolved:
            lapse_page(incident, number, actor=SYSTEM, now=now)
        elif next_at is not None and next_at <= now:
            call_next(incident, number, actor=SYSTEM, now=now)


def note_reached(incident: Incident, page_id: int, now: datetime) -> None:
    """Have the record say, once, what became of the newest call's message, as soon as that is settled."""
    row = db.session.get_one(Page, page_id)
    if row.reached_call != row.call and _reached(row):
        record_reached(incident, page_id, actor=SYSTEM, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def record_reached(incident: Incident, page_id: int, *, actor: Actor, now: datetime) -> None:
    """Say what became of the message of a page's newest call."""
    row = db.session.get_one(Page, page_id)
    row.reached_call = row.call.value
    record(incident, EventKind.PAGE_REACHED, _reached(row), actor=actor, now=now)


# Reading


def open_pages(incident_id: int) -> list[Page]:
    """The pages of an incident that nobody answered, in their order. One query."""
    rows = select(Page).where(Page.incident_id == incident_id, Page.ended_at.is_(None))
    return sorted(db.session.scalars(rows), key=lambda row: row.id)


def open_page(incident: Incident, role: CommandRole) -> Page | None:
    """The page for this role that nobody answered; None for none."""
    return next((row for row in open_pages(incident.id) if row.role is role), None)


def rota_for(incident: Incident, role: CommandRole) -> Rota | None:
    """The rota of a role: that of a system which the incident names, else the one for all systems."""
    found = list(db.session.scalars(select(Rota).filter_by(role=role, is_active=True)))
    named = incident.system_names
    own = sorted((row for row in found if row.system in named), key=lambda row: named.index(row.system))
    return next(iter([*own, *(row for row in found if not row.system)]), None)


def who_is_on_call(incident: Incident, role: CommandRole, now: datetime) -> str:
    """The name of whoever would be paged for a role; empty for nobody."""
    user = _on_call(rota_for(incident, role), now)
    return user.name if user else ""


# Steps


def _on_call(rota: Rota | None, now: datetime, *, deputy: bool = False) -> User | None:
    shift = on_call(rota.all_shifts, now, deputy=deputy) if rota else None
    if shift is None:
        return None
    try:
        return find_account(shift.person)
    except ValueError:
        return None


def _named(whom: str) -> User:
    try:
        return find_account(whom)
    except ValueError as problem:
        raise Invalid({"whom": str(problem)}) from None


def _people(incident: Incident, row: Page, now: datetime) -> dict[Call, User]:
    """Whom each further call would be for; no entry where there is nobody."""
    leader = holder(incident, CommandRole.LEADER)
    found = {
        Call.AGAIN: row.user,
        Call.DEPUTY: _on_call(row.rota, now, deputy=True),
        Call.LEADER: db.session.get(User, leader.user_id) if leader and leader.user_id else None,
    }
    return {call: user for call, user in found.items() if user is not None and user.is_active}


def _call(incident: Incident, row: Page, call: Call, user: User, *, actor: Actor, now: datetime) -> None:
    row.call, row.whom, row.user_id, row.called_at = call, user.name, user.id, now
    row.next_at = now + wait_of(incident.alarm_level, current_app.config["PAGE_MINUTES"])
    subject = f"{incident.reference} {row.begun_by} pages you: {row.role.label}"
    body = f"{incident.title}\n\nPress I am on it on the fireground, until {row.next_at:%H:%M} UTC."
    reach = notify(incident, Notice.PAGE, _act(row), [user], subject=subject, body=body, now=now)
    title = f"{call.label}: {user.name} for {row.role.label}"
    detail = "" if reach.get(user.id) is Reach.QUEUED else "No channel reaches them: call by phone."
    record(incident, EventKind.PAGED, title, detail=detail, actor=actor, now=now)


def _act(row: Page) -> str:
    return f"page:{row.id}:{row.call.value}"


def _tell_nobody_answered(incident: Incident, row: Page, actor: Actor, now: datetime) -> None:
    title = f"Nobody answered the page for {row.role.label} in {span_words(now - row.begun_at)}"
    record(incident, EventKind.PAGE_UNANSWERED, title, actor=actor, now=now)
    mim = holder(incident, CommandRole.MIM)
    user = db.session.get(User, mim.user_id) if mim and mim.user_id else None
    if user is not None:
        act = f"page:{row.id}:unanswered"
        body = f"{incident.title}\n\nCall by phone, or page somebody else."
        subject = f"{incident.reference} {title}"
        notify(incident, Notice.PAGE, act, [user], subject=subject, body=body, now=now)


def _reached(row: Page) -> str:
    """What became of the newest call's messages, as an entry; empty while one is on its way."""
    sent = db.session.scalars(select(Delivery).filter_by(act=_act(row))).all()
    if not sent or any(one.state in ON_ITS_WAY for one in sent):
        return ""
    arrived = [one for one in sent if one.state is DeliveryState.SENT and one.sent_at]
    if not arrived:
        why = next((one.last_error for one in sent if one.last_error), "")
        return f"Page to {row.whom} did not arrive. {why}".strip()[:300]
    first = min(arrived, key=lambda one: one.sent_at or one.created_at)
    took = span_words((first.sent_at or row.called_at) - row.called_at)
    return f"Page to {row.whom} delivered by {first.kind.label if first.kind else 'nothing'} after {took}"


def _arrived(row: Page) -> str:
    words = _reached(row)
    return f"{words}." if words else ""


def _open(incident: Incident, page_id: int) -> Page:
    row = db.session.get(Page, page_id, populate_existing=True)
    if row is None or row.incident_id != incident.id:
        raise Invalid({"page": "There is no such page."})
    if row.ended_at:
        who = f"{row.answered_by} is on it" if row.answered_by else "It was ended"
        raise Conflict(f"{who} since {row.ended_at:%H:%M:%S} UTC.")
    return row
