"""The weekly digest by mail: to each person who wants it, Monday 08:00 in their zone, once.

When theirs goes next stands at the account (`digest_at`), so that the worker's look costs one query, and
two workers, or one that starts anew, never send it twice. The mail is written when it goes, of what is
true then (`notifications/weekly.py`); the outbox holds numbers and times alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Mapped

from majorops.db import db
from majorops.domain.access import SYSTEM, Actor, Permission
from majorops.domain.enums import (
    ActionState,
    ChannelKind,
    DeliveryState,
    IncidentStatus,
    Notice,
    ReviewState,
    Severity,
)
from majorops.domain.events import AuditKind
from majorops.domain.quiet_hours import clock_words, quiet_until
from majorops.domain.review import need_of
from majorops.domain.text import reference
from majorops.domain.weekly import (
    LATE,
    WEEK,
    Line,
    Section,
    due_words,
    next_monday,
    review_due,
    section,
    span_words,
    summary,
    week_before,
)
from majorops.models import ActionItem, Delivery, Incident, Review, ReviewText, User
from majorops.operations import audit, operation
from majorops.operations.owner_notices import has_mail
from majorops.projections.rules import IS_PRIVATE

ACT = "week"
AT_ONCE = 50  # people in one look
READ_MOST = 1_000  # rows of a part that are counted
PAST = timedelta(days=90)  # how far back a review that nobody ends is told of


def send_due(now: datetime) -> None:
    """Send the digests that are due. One query while none is."""
    due = select(User.id).where(User.digest_at <= now, User.is_active.is_(True)).order_by(User.digest_at)
    for number in db.session.scalars(due.limit(AT_ONCE)).all():
        send_week(number, actor=SYSTEM, now=now)


@operation(needs=Permission.DATA_MANAGE)
def send_week(number: int, *, actor: Actor, now: datetime) -> bool:
    """Queue the digest of one account and plan its next; returns whether there is one to be sent.

    None goes where there is nothing to say, where it is LATE, or to who may not read incidents.
    """
    user = db.session.get(User, number, with_for_update=True, populate_existing=True)
    if user is None or user.digest_at is None or user.digest_at > now:
        return False
    at, user.digest_at = user.digest_at, next_monday(now, user.time_zone)
    said = summary(week_of(user, at)) if user.actor.can(Permission.INCIDENT_READ) else ""
    is_sent = bool(said) and has_mail() and now - at <= LATE
    if is_sent:
        db.session.add(_mail(user, at, said, now))
    what = said if is_sent else "nothing sent"
    audit(AuditKind.WEEK_TOLD, user.email, detail=f"{at:%Y-%m-%d}: {what}", actor=actor, now=now)
    return is_sent


def _mail(user: User, at: datetime, said: str, now: datetime) -> Delivery:
    act = f"{ACT}:{user.id}:{at:%Y-%m-%dT%H:%M}"
    row = Delivery(
        key=sha256(act.encode()).hexdigest(),
        notice=Notice.DIGEST,
        act=act,
        recipient=user.name,
        user_id=user.id,
        kind=ChannelKind.EMAIL,
        address=user.email,
        subject=f"Your week: {said}",
        body=span_words(at, user.time_zone),
        state=DeliveryState.PENDING,
        next_at=now,
        created_at=now,
    )
    end = quiet_until(now, user.quiet_from, user.quiet_until, user.time_zone)
    if end is not None and user.quiet_until is not None:
        row.next_at = row.held_until = end
        row.last_error = f"Quiet hours until {clock_words(user.quiet_until)} {user.time_zone}."
    return row


def week_told(act: str) -> datetime:
    """The Monday that the digest with this act is of. Raises ValueError for no such act."""
    kind, _, at = act.split(":", 2)
    if kind != ACT:
        raise ValueError(act)
    return datetime.fromisoformat(f"{at}+00:00")


def week_of(user: User, at: datetime) -> list[Section]:
    """What the digest of a Monday tells this person, without what is empty. Six queries.

    Duplicates count nowhere, private incidents and drills apart; nobody is told what is due in a drill.
    """
    start = week_before(at, user.time_zone)
    opened = _incidents(Incident.opened_at, start, at)
    is_over = Incident.status == IncidentStatus.RESOLVED
    resolved = _incidents(Incident.resolved_at, start, at, is_over)
    told = [("Opened", opened), ("Resolved", resolved)]
    parts = [
        section(verb, verb.lower(), "/admin/incidents", _lines(rows, is_private=False, is_drill=False))
        for verb, rows in told
    ]
    parts += [_reviews(at), *_actions(user, at)]
    for heading, name, is_drill in (("Private incidents", "private", False), ("Drills", "in drills", True)):
        kind = {"is_private": not is_drill, "is_drill": is_drill}
        lines = [line for verb, rows in told for line in _lines(rows, f"{verb}: ", **kind)]
        parts.append(section(heading, name, "/admin/incidents", lines))
    return [part for part in parts if part.lines]


@dataclass(frozen=True)
class _Row:
    number: int
    title: str
    severity: Severity
    is_drill: bool
    is_private: bool


def _incidents(
    column: ColumnElement[datetime] | Mapped[datetime] | Mapped[datetime | None],
    start: datetime,
    end: datetime,
    *more: ColumnElement[bool],
) -> list[_Row]:
    known = (Incident.id, Incident.title, Incident.severity, Incident.is_drill, IS_PRIVATE)
    rows = select(*known).where(*more, column >= start, column < end, Incident.merged_into_id.is_(None))
    found = db.session.execute(rows.order_by(column.desc()).limit(READ_MOST))
    return [_Row(*row) for row in found]


def _lines(rows: list[_Row], before: str = "", *, is_private: bool, is_drill: bool) -> list[Line]:
    """Of these incidents those of one kind; a private drill is a drill."""
    return [
        Line(f"{before}{reference(one.number)} {one.severity.label}: {one.title}", _page(one.number))
        for one in rows
        if one.is_drill == is_drill and (is_drill or one.is_private == is_private)
    ]


def _page(number: int) -> str:
    return f"/admin/incidents/{number}"


def _reviews(at: datetime) -> Section:
    """Reviews of the last 90 days that wait for something within a week, the longest overdue first."""
    of, repeats = (
        Review,
        (
            select(ReviewText.text)
            .where(ReviewText.incident_id == Incident.id, ReviewText.name == "repeat_of")
            .order_by(ReviewText.version.desc())
            .limit(1)
            .scalar_subquery()
        ),
    )
    columns = (
        Incident.id,
        Incident.title,
        Incident.severity,
        Incident.opened_at,
        Incident.resolved_at,
        of.state,
        of.after_action_at,
        of.after_action_off_at,
        of.held_at,
        of.published_at,
        repeats.label("repeats"),
    )
    rows = (
        select(*columns)
        .join(of, of.incident_id == Incident.id)
        .where(Incident.status == IncidentStatus.RESOLVED, Incident.resolved_at >= at - PAST)
        .where(Incident.is_drill.is_(False), Incident.merged_into_id.is_(None))
        .where(of.state != ReviewState.REVIEWED)
    )
    found = []
    for row in db.session.execute(rows):
        need = need_of(
            row.severity,
            row.resolved_at - row.opened_at,
            has_customer_impact=False,
            repeats=row.repeats or "",
        )
        due = review_due(
            row.state,
            is_required=need.is_required,
            resolved_at=row.resolved_at,
            scheduled_at=row.after_action_at if row.after_action_off_at is None else None,
            held_at=row.held_at,
            published_at=row.published_at,
        )
        if due and due[1].date() < (at + WEEK).date():
            found.append((due[1], row.id, f"{row.title}: {due[0]}"))
    lines = [
        Line(f"{reference(number)} {text}, {due_words(due.date(), at.date())}", f"{_page(number)}/review")
        for due, number, text in sorted(found)
    ]
    late = sum(due.date() < at.date() for due, _, _ in found)
    return section("Reviews due", "review{s} due", "/admin/reviews", lines, late)


def _actions(user: User, at: datetime) -> list[Section]:
    """What is due within a week or overdue: this person's own first."""
    item, today = ActionItem, at.date()
    due = select(item).where(item.state == ActionState.OPEN, item.due_on < today + WEEK)
    due = due.where(item.is_practice.is_(False)).order_by(item.due_on, item.id).limit(READ_MOST)
    others = or_(item.owner_id.is_(None), item.owner_id != user.id)
    return [
        _section_of(
            "Your actions due", "action{s} of yours due", "mine", due.where(item.owner_id == user.id), today
        ),
        _section_of("Actions of others due", "action{s} of others due", "open", due.where(others), today),
    ]


def _section_of(heading: str, name: str, show: str, rows: Select[ActionItem], today: date) -> Section:
    found = list(db.session.scalars(rows))
    lines = [
        Line(
            f"{reference(one.incident_id)} {one.reference} {one.text}, {due_words(one.due_on, today)}"
            + ("" if show == "mine" else f", {one.owner_name}"),
            f"{_page(one.incident_id)}/review#action-{one.number}",
        )
        for one in found
    ]
    late = sum(one.due_on < today for one in found)
    return section(heading, name, f"/admin/actions?show={show}", lines, late)
