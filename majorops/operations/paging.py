"""Paging somebody for a role of an incident, until somebody is on it.

Each call, what became of its message, and the answer stand on the timeline with their seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex

from flask import current_app
from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from majorops.db import db
from majorops.domain.access import SYSTEM, Actor, Permission
from majorops.domain.enums import ChannelKind, CommandRole, DeliveryState, IncidentStatus, Notice, PagerKind
from majorops.domain.errors import Conflict, Invalid, NotFound
from majorops.domain.events import EventKind
from majorops.domain.notices import Reach
from majorops.domain.pagers import KEY_PREFIX, PagerAct
from majorops.domain.paging import Call, following, on_call, span_words, wait_of
from majorops.domain.text import clean_line
from majorops.models import Delivery, Incident, Page, Rota, User
from majorops.operations import operation, record
from majorops.operations.command import assign, holder
from majorops.operations.outbox import notify, notify_pager
from majorops.operations.people import find_account

log = logging.getLogger(__name__)

AT_ONCE = 200  # pages in one look of the worker
PAGER_WAIT = timedelta(seconds=40)  # longer than any conversation (notifications/net.py)


@operation(needs=Permission.INCIDENT_COMMAND)
def page_role(incident: Incident, role: CommandRole, *, actor: Actor, now: datetime, whom: str = "") -> Page:
    """Page whoever is on call for a role, or `whom`: an account by name or address. Returns the page.

    Raises Invalid where nobody is on call or there is no such account, Conflict while the role is paged.
    """
    if open_page(incident, role):
        raise Conflict(f"{role.label} is paged already.")
    first = _named(whom, role) if whom else on_call_for(incident, role, now)
    if first.user is None and first.pager is None:
        raise Invalid({"whom": f"{first.problem} Name who is paged."})
    row = Page(
        incident_id=incident.id,
        role=role,
        rota_id=first.rota.id if first.rota else None,
        begun_by=actor.name,
        begun_at=now,
        call=Call.FIRST,
        whom="",
        called_at=now,
        answered_by="",
        reached_call=0,
        pager_name=first.pager.label if first.pager else "",
        pager_key=f"{KEY_PREFIX}{token_hex(12)}" if first.pager else None,
        pager_is_open=first.pager is not None and not incident.is_drill,
    )
    db.session.add(row)
    db.session.flush()
    _call(incident, row, Call.FIRST, first.user, actor=actor, now=now)
    return row


@operation(needs=Permission.TIMELINE_NOTE)
def answer_page(
    incident: Incident, page_id: int, *, takes_role: bool = True, actor: Actor, now: datetime
) -> None:
    """ "I am on it": who presses answers, whoever was called, and takes the role if it is vacant.

    Command alone is taken by its own key. `takes_role`: not where a program answers. Raises Invalid,
    Conflict.
    """
    row = _open(incident, page_id)
    _answer(incident, row, actor.name, takes_role=takes_role, actor=actor, now=now)
    _ask_pager(incident, row, PagerAct.ACKNOWLEDGE, f"{actor.name} is on it", now)


@operation(needs=Permission.TIMELINE_NOTE)
def answer_outside(incident: Incident, page_id: int, name: str, *, actor: Actor, now: datetime) -> None:
    """Somebody of this name acknowledged the page in the pager outside; they take the role if it is vacant.

    Nothing where the page has ended.
    """
    row = db.session.get_one(Page, page_id, populate_existing=True)
    if not row.ended_at:
        _answer(incident, row, clean_line(name)[:80] or actor.name, actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def end_page(incident: Incident, page_id: int, *, actor: Actor, now: datetime) -> None:
    """Call nobody any more. Raises Invalid, Conflict."""
    row = _open(incident, page_id)
    row.ended_at, row.next_at = now, None
    title = f"Page for {row.role.label} ended, {span_words(now - row.begun_at)} after it began"
    record(incident, EventKind.PAGE_ENDED, title, actor=actor, now=now)
    _ask_pager(incident, row, PagerAct.RESOLVE, title, now)


@operation(needs=Permission.INCIDENT_COMMAND)
def call_next(incident: Incident, page_id: int, *, actor: Actor, now: datetime) -> bool:
    """Call the next one of a page whose time is up; returns whether something was done.

    Behind the last one the record says that nobody answered, and who has command is told.
    """
    row = db.session.get(Page, page_id, populate_existing=True)
    if row is None or not _is_up(row, now):
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
    """Call nobody any more to an incident that is over; nothing where the page ended before."""
    row = db.session.get_one(Page, page_id, populate_existing=True)
    if row.ended_at:
        return
    row.ended_at, row.next_at = now, None
    title = f"Page for {row.role.label} ended: the incident is resolved"
    record(incident, EventKind.PAGE_ENDED, title, actor=actor, now=now)
    _ask_pager(incident, row, PagerAct.RESOLVE, title, now)


@operation(needs=None)
def close_pager(incident: Incident, page_id: int, *, actor: Actor, now: datetime) -> None:
    """Tell the pager outside that the incident of an answered page is over, once; without an entry."""
    row = db.session.get_one(Page, page_id, populate_existing=True)
    if row.pager_is_open and row.ended_at:
        _ask_pager(incident, row, PagerAct.RESOLVE, f"{incident.reference} is resolved", now)


def call_due(now: datetime) -> None:
    """Call on for every page whose time is up, say what became of messages, end what is over.

    One query where nothing is to be done. What fails at one page does not stop the next ones.
    """
    is_over = Incident.status == IncidentStatus.RESOLVED
    is_due = or_(Page.next_at <= now, Page.reached_call < Page.call, is_over)
    waiting = select(Page.id, Page.incident_id).join(Page.incident).where(Page.ended_at.is_(None), is_due)
    for row in db.session.execute(waiting.order_by(Page.next_at).limit(AT_ONCE)).all():
        try:
            _go_on(row.id, row.incident_id, now)
        except SQLAlchemyError:
            raise
        except Conflict:  # it was resolved at this moment
            log.info("page %s: its incident is over", row.id)
        except Exception:
            log.exception("page %s", row.id)
    told = select(Page.id, Page.incident_id).join(Page.incident)
    told = told.where(Page.pager_is_open, Page.ended_at.is_not(None), is_over)
    for row in db.session.execute(told.limit(AT_ONCE)).all():
        close_pager(db.session.get_one(Incident, row.incident_id), row.id, actor=SYSTEM, now=now)


def _go_on(number: int, incident_id: int, now: datetime) -> None:
    incident = db.session.get_one(Incident, incident_id)
    note_reached(incident, number, now)
    if incident.is_resolved:
        lapse_page(incident, number, actor=SYSTEM, now=now)
    elif _is_up(db.session.get_one(Page, number), now):
        call_next(incident, number, actor=SYSTEM, now=now)


def _is_up(row: Page, now: datetime) -> bool:
    return row.ended_at is None and row.next_at is not None and row.next_at <= now


def note_reached(incident: Incident, page_id: int, now: datetime) -> None:
    """Have the record say, once, what became of the newest call's message, as soon as that is known."""
    row = db.session.get_one(Page, page_id)
    if row.reached_call != row.call and _reached(row):
        record_reached(incident, page_id, actor=SYSTEM, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def record_reached(incident: Incident, page_id: int, *, actor: Actor, now: datetime) -> None:
    """Say what became of the message of a page's newest call; nothing where that was said."""
    row = db.session.get_one(Page, page_id, populate_existing=True)
    if row.reached_call == row.call:
        return
    row.reached_call, row.outcome = row.call.value, _reached(row)
    record(incident, EventKind.PAGE_REACHED, row.outcome, actor=actor, now=now)


# Reading


def open_pages(incident_id: int) -> list[Page]:
    """The pages of an incident that nobody answered, in their order. One query."""
    rows = select(Page).where(Page.incident_id == incident_id, Page.ended_at.is_(None))
    return sorted(db.session.scalars(rows), key=lambda row: row.id)


def open_page(incident: Incident, role: CommandRole) -> Page | None:
    """The page for this role that nobody answered; None for none."""
    return next((row for row in open_pages(incident.id) if row.role is role), None)


def page_of(number: int) -> Page:
    """The page with this number. Raises NotFound."""
    row = db.session.get(Page, number) if number < 2**31 else None
    if row is None:
        raise NotFound("There is no such page.")
    return row


def page_by_key(key: str) -> Page | None:
    """The page that a pager outside knows by this key; None for none."""
    return db.session.scalar(select(Page).filter_by(pager_key=key))


@dataclass(frozen=True)
class OnCall:
    """Whom a page calls first: `user`, None for nobody and `problem` says why; `rota`: None for none."""

    user: User | None = None
    rota: Rota | None = None
    problem: str = ""

    @property
    def pager(self) -> PagerKind | None:
        """The service outside that is asked too."""
        return self.rota.pager_kind if self.rota else None


def on_call_for(incident: Incident, role: CommandRole, now: datetime) -> OnCall:
    """Who is on call for a role, by the first rota that says so: of a system which the incident names, in
    their order, else the one for all systems.
    """
    for rota in rotas_for(incident, role, rotas_in_use()):
        if (shift := on_call(rota.all_shifts, now)) is not None:
            try:
                return OnCall(user_on_call(shift.person), rota)
            except ValueError as problem:
                return OnCall(None, rota, f"On call for {role.label} is {shift.person}. {problem}")
        if rota.pager_kind is not None:
            return OnCall(None, rota, f"{rota.pager_kind.label} knows who is on call for {role.label}.")
    return OnCall(problem=f"Nobody is on call for {role.label}.")


def rotas_in_use() -> list[Rota]:
    """All rotas that are in use, by name. One query."""
    return list(db.session.scalars(select(Rota).filter_by(is_active=True).order_by(Rota.name)))


def rotas_for(incident: Incident, role: CommandRole, rotas: Iterable[Rota]) -> list[Rota]:
    """Those of `rotas` that an incident asks for a role, the first one first."""
    found = [row for row in rotas if row.role is role]
    named = incident.system_names
    own = sorted((row for row in found if row.system in named), key=lambda row: named.index(row.system))
    return [*own, *(row for row in found if not row.system)]


def said_on_call(incident: Incident, role: CommandRole, rotas: Iterable[Rota], now: datetime) -> str:
    """Who is on call for a role, as `rotas` have it, with the pager outside; empty for nobody. No query."""
    for rota in rotas_for(incident, role, rotas):
        shift = on_call(rota.all_shifts, now)
        names = [*([shift.person] if shift else []), *([rota.pager_kind.label] if rota.pager_kind else [])]
        if names:
            return ", ".join(names)
    return ""


def user_on_call(typed: str) -> User:
    """The account that a rota or a person names. Raises ValueError where it cannot be paged, with why."""
    user = find_account(typed)
    if not user.is_active:
        raise ValueError(f"The account of {user.name} is switched off.")
    if not user.actor.can(Permission.TIMELINE_NOTE):
        raise ValueError(f"{user.role.label} accounts cannot press I am on it: call {user.name} by phone.")
    return user


def is_page_over(act: str) -> bool:
    """Whether the page that a message with this act is about was answered or ended."""
    number = act.split(":")[1]
    return bool(db.session.scalar(select(Page.ended_at.is_not(None)).filter_by(id=int(number))))


# Steps


def _named(whom: str, role: CommandRole) -> OnCall:
    try:
        return OnCall(user_on_call(whom))
    except ValueError as problem:
        raise Invalid({"whom": str(problem)}) from None


def _deputy(rota: Rota | None, now: datetime) -> User | None:
    shift = on_call(rota.all_shifts, now, deputy=True) if rota and rota.is_active else None
    with suppress(ValueError):
        return user_on_call(shift.person) if shift else None
    return None


def _leader(incident: Incident, now: datetime) -> User | None:
    """Who holds Leader, whatever kind of account; nobody does: who is on call for it."""
    held = holder(incident, CommandRole.LEADER)
    if held is None:
        return on_call_for(incident, CommandRole.LEADER, now).user
    return db.session.get(User, held.user_id) if held.user_id else None


def _people(incident: Incident, row: Page, now: datetime) -> dict[Call, User]:
    """Whom each further call would be for; no entry where there is nobody, or it was just they."""
    found = {
        Call.AGAIN: row.user,
        Call.DEPUTY: _deputy(row.rota, now),
        Call.LEADER: _leader(incident, now),
    }
    is_there = {call: user for call, user in found.items() if user is not None and user.is_active}
    return {call: user for call, user in is_there.items() if call is Call.AGAIN or user.id != row.user_id}


def _call(
    incident: Incident, row: Page, call: Call, user: User | None, *, actor: Actor, now: datetime
) -> None:
    """Call a person, and with the first call the pager outside; `user` None: the pager alone."""
    row.call, row.user_id, row.called_at = call, user.id if user else None, now
    row.next_at = now + wait_of(incident.alarm_level, current_app.config["PAGE_MINUTES"])
    reached: list[str] = []
    names = [user.name] if user else []
    if user:
        subject = f"{incident.reference} {row.begun_by} pages you: {row.role.label}"
        body = f"{incident.title}\n\n{_how_to_answer(incident, row, user)}"
        reach = notify(incident, Notice.PAGE, _act(row), [user], subject=subject, body=body, now=now)
        reached.append(_not_queued(user.name, reach.get(user.id)))
    if row.pager_name and call is Call.FIRST:
        names.append(row.pager_name)
        subject = f"{incident.reference} {row.begun_by} pages {row.role.label}: {incident.title}"
        reach_of = notify_pager(incident, _act(row), row.pager_name, subject=subject, now=now)
        reached.append(_not_queued(row.pager_name, reach_of))
    row.whom = ", ".join(names)[:120]
    detail = " ".join(dict.fromkeys(filter(None, reached)))
    row.outcome = detail[:300]
    if all(reached):
        row.reached_call = call.value
    title = f"{call.label}: {row.whom} for {row.role.label}"
    record(incident, EventKind.PAGED, title, detail=detail, actor=actor, now=now)


def _how_to_answer(incident: Incident, row: Page, user: User) -> str:
    if user.actor.can(Permission.TIMELINE_NOTE):
        return f"Press I am on it on the fireground, until {row.next_at:%H:%M} UTC."
    return f"Call {_commander(incident) or row.begun_by} back: this account cannot answer here."


def _answer(
    incident: Incident, row: Page, name: str, *, takes_role: bool = True, actor: Actor, now: datetime
) -> None:
    row.answered_by, row.ended_at, row.next_at = name, now, None
    title = f"{name} is on it: {row.role.label}, {span_words(now - row.begun_at)} after the page"
    record(incident, EventKind.PAGE_ANSWERED, title, detail=_arrived(row), actor=actor, now=now)
    is_free = row.role is not CommandRole.MIM and not holder(incident, row.role)
    if takes_role and is_free and not incident.is_resolved:
        assign(incident, row.role, name, user_id=actor.user_id, actor=actor, now=now)


def _ask_pager(incident: Incident, row: Page, act: PagerAct, said: str, now: datetime) -> None:
    """Acknowledge or close the alert of a page in the pager outside.

    Behind what is on its way this moment: two requests to a service may overtake each other.
    """
    if not row.pager_is_open:
        return
    on_its_way = select(Delivery.id).filter_by(act=f"page:{row.id}:1", kind=ChannelKind.PAGER)
    is_first_sent = db.session.scalar(on_its_way.where(Delivery.state == DeliveryState.SENDING)) is None
    wait = timedelta() if is_first_sent else PAGER_WAIT
    asked = f"page:{row.id}:{act.value}"
    notify_pager(incident, asked, row.pager_name, subject=said, now=now, wait=wait)
    if act is PagerAct.RESOLVE:
        row_of = update(Page).where(Page.id == row.id).values(pager_is_open=False)
        db.session.execute(row_of, execution_options={"synchronize_session": "fetch"})


def _not_queued(name: str, reach: Reach | None) -> str:
    """Why no message goes to who is called; empty when one does."""
    match reach:
        case Reach.QUEUED:
            return ""
        case Reach.QUIET:
            return "A drill: nothing is sent."
        case Reach.NO_CHANNEL:
            return f"No channel reaches {name}: call by phone."
    return f"{name} gets no pages of this incident, by policy or because it is private: call by phone."


def _commander(incident: Incident) -> str:
    mim = holder(incident, CommandRole.MIM)
    return mim.name if mim else ""


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
    """What became of the newest call's messages, as an entry; empty while one was not tried yet."""
    sent = db.session.scalars(select(Delivery).filter_by(act=_act(row))).all()
    if not sent or any(_is_untried(one) for one in sent):
        return ""
    taken = [(one.sent_at, _way(one)) for one in sent if one.state is DeliveryState.SENT and one.sent_at]
    if taken:
        ways = [f"by {way} after {span_words(at - row.called_at)}" for at, way in sorted(taken)]
        return f"Page to {row.whom} delivered {', '.join(ways)}"[:300]
    if any(one.state in (DeliveryState.PENDING, DeliveryState.SENDING) for one in sent):
        return ""
    why = next((one.last_error for one in sent if one.last_error), "")
    return f"Page to {row.whom} did not arrive. {why}".strip()[:300]


def _is_untried(one: Delivery) -> bool:
    is_first = {DeliveryState.PENDING: one.attempts == 0, DeliveryState.SENDING: one.attempts == 1}
    return is_first.get(one.state, False)


def _way(one: Delivery) -> str:
    if one.kind is ChannelKind.PAGER:
        return one.recipient
    return one.kind.label if one.kind else "nothing"


def _arrived(row: Page) -> str:
    words = _reached(row) if row.reached_call != row.call else ""
    return f"{words}." if words else ""


def _open(incident: Incident, page_id: int) -> Page:
    row = db.session.get(Page, page_id, populate_existing=True)
    if row is None or row.incident_id != incident.id:
        raise Invalid({"page": "There is no such page."})
    if row.ended_at:
        who = f"{row.answered_by} is on it" if row.answered_by else "It was ended"
        raise Conflict(f"{who} since {row.ended_at:%H:%M:%S} UTC.")
    return row
