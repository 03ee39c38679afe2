"""Operations on actions: added at a review, moved, done with evidence or dropped with a reason; reminders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from majorops.db import db
from majorops.domain.access import SYSTEM, Actor, Permission
from majorops.domain.actions import (
    OUTCOME_LONGEST,
    TEXT_LONGEST,
    due_refusal,
    left_open,
    left_turns_at,
    next_reminder,
    vague_verb,
)
from majorops.domain.enums import ActionKind, ActionState, Notice
from majorops.domain.errors import Asked, Conflict, Forbidden, Invalid
from majorops.domain.events import AuditKind, EventKind
from majorops.domain.text import count, reference, web_link
from majorops.models import ActionItem, AffectedSystem, Incident, ReviewText, User
from majorops.operations import audit, operation, record
from majorops.operations.after_action import leader_of
from majorops.operations.outbox import notify

ACTIONS_MOST = 100  # of one incident
REMINDED_AT_ONCE = 100
OPEN_MOST = 2_000  # incidents with open actions that are looked at
SHOWN = 3  # earlier incidents on a fireground


@dataclass(frozen=True)
class Planned:
    """An action as somebody typed it, each part cleaned; `due_on` None for no date."""

    text: str
    owner: str
    due_on: date | None
    kind: ActionKind | None
    tracker_url: str = ""


@operation(needs=Permission.TIMELINE_NOTE)
def add_action(
    incident: Incident, planned: Planned, *, actor: Actor, now: datetime, is_sure: bool = False
) -> ActionItem:
    """Add an action to an incident's review; its owner is told. Returns it.

    `is_sure`: they were asked about a verb that has no end. Raises Invalid with every field that is wrong,
    Asked, Conflict.
    """
    checked = _checked(planned, now, is_sure=is_sure)
    newest = select(func.max(ActionItem.number)).filter_by(incident_id=incident.id)
    number = 1 + (db.session.scalar(newest) or 0)
    if number > ACTIONS_MOST:
        raise Conflict(f"{incident.reference} has {ACTIONS_MOST} actions. Nobody ends that many.")
    item = ActionItem(
        incident_id=incident.id,
        number=number,
        first_due_on=checked.due_on,
        added_by=actor.name,
        added_at=now,
        is_practice=incident.is_drill,
        moves=0,
        changes=0,
    )
    _put(item, checked, now)
    db.session.add(item)
    db.session.flush()
    title = f"Action {item.reference}: {item.text}"
    detail = f"{item.owner_name}, due {item.due_on:%Y-%m-%d}, {item.kind.label.lower()}"
    record(incident, EventKind.ACTION_ITEM_ADDED, title, detail=detail, actor=actor, now=now)
    _tell_owner(incident, item, actor, now)
    return item


@dataclass(frozen=True)
class _Checked:
    text: str
    owner_name: str
    owner_id: int | None
    due_on: date
    kind: ActionKind
    tracker_url: str


def _checked(planned: Planned, now: datetime, *, is_sure: bool, before: ActionItem | None = None) -> _Checked:
    errors: dict[str, str] = {}
    if not planned.text:
        errors["text"] = "Say what will be done, with a verb that can be verified."
    elif len(planned.text) > TEXT_LONGEST:
        errors["text"] = f"At most {TEXT_LONGEST} characters; this has {len(planned.text)}."
    is_moved = before is None or planned.due_on != before.due_on
    if planned.due_on is None:
        errors["due_on"] = "Choose a day, such as 2026-12-08."
    elif is_moved and (refusal := due_refusal(planned.due_on, now.date())):
        errors["due_on"] = refusal
    if planned.kind is None:
        errors["kind"] = "Choose what it does: prevent, detect, respond or communicate."
    link = web_link(planned.tracker_url) if planned.tracker_url else ""
    if link is None or len(link) > 2_000:
        errors["tracker_url"] = "A link begins with https://."
    owner, sentence = _owner(planned.owner, before)
    if sentence:
        errors["owner"] = sentence
    if errors or planned.due_on is None or planned.kind is None:
        raise Invalid(errors)
    if (
        not is_sure
        and (before is None or before.text != planned.text)
        and (asked := vague_verb(planned.text))
    ):
        raise Asked(asked)
    name = owner.name if owner else planned.owner
    return _Checked(planned.text, name, owner.id if owner else None, planned.due_on, planned.kind, link or "")


def _owner(typed: str, before: ActionItem | None) -> tuple[User | None, str]:
    """The account of an owner, None for a name without one; and why it is no owner, empty where it is."""
    if not typed:
        return None, "Name one owner."
    if len(typed) > 120:
        return None, "At most 120 characters: one owner."
    if "," in typed or " and " in typed or "&" in typed:
        return None, "One owner: an action of two has none."
    is_it = or_(User.email == typed.lower(), func.lower(User.name) == typed.lower())
    found = db.session.scalars(select(User).where(is_it).order_by(User.is_active.desc()).limit(2)).all()
    active = [user for user in found if user.is_active]
    if len(active) > 1:
        return None, f"Several accounts are called {typed}: give the e-mail."
    if found and not active:
        stays = before is not None and before.owner_id == found[0].id
        return (found[0], "") if stays else (None, f"The account of {found[0].name} is switched off.")
    return (active[0] if active else None), ""


def _put(item: ActionItem, checked: _Checked, now: datetime) -> None:
    item.text, item.kind, item.tracker_url = checked.text, checked.kind, checked.tracker_url
    item.owner_name, item.owner_id = checked.owner_name, checked.owner_id
    item.due_on = checked.due_on
    item.remind_at = None if item.is_practice else next_reminder(checked.due_on, now)


@operation(needs=Permission.TIMELINE_NOTE)
def change_action(
    incident: Incident,
    number: int,
    planned: Planned,
    *,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
    is_sure: bool = False,
) -> ActionItem:
    """Change an open action. Moving its date is counted; a new owner is told.

    `seen`: how many changes the person saw. Raises Invalid, Asked, Conflict, Forbidden.
    """
    item = _open_item(incident, number, actor, seen)
    checked = _checked(planned, now, is_sure=is_sure, before=item)
    old = (item.text, item.owner_name, item.due_on, item.kind, item.tracker_url)
    owner_before, due_before = item.owner_id, item.due_on
    _put(item, checked, now)
    if old == (item.text, item.owner_name, item.due_on, item.kind, item.tracker_url):
        return item
    item.changes += 1
    what = []
    if item.due_on != due_before:
        item.moves += 1
        what.append(f"due {due_before:%Y-%m-%d} › {item.due_on:%Y-%m-%d}, moved {item.moves}×")
    if item.owner_name != old[1]:
        what.append(f"owner {old[1]} › {item.owner_name}")
    if item.text != old[0]:
        what.append(f"was: {old[0]}")
    title = f"Action {item.reference} changed: {item.text}"
    detail = "\n".join(what)
    record(incident, EventKind.ACTION_ITEM_CHANGED, title, detail=detail, actor=actor, now=now)
    if item.owner_id != owner_before:
        _tell_owner(incident, item, actor, now)
    return item


@operation(needs=Permission.TIMELINE_NOTE)
def end_action(
    incident: Incident,
    number: int,
    state: ActionState,
    outcome: str,
    *,
    actor: Actor,
    now: datetime,
    seen: int | None = None,
) -> None:
    """End an action: done, with the evidence, or dropped, with the reason.

    Raises Invalid, Conflict (it ended already), Forbidden (somebody else's).
    """
    item = _open_item(incident, number, actor, seen)
    if state is ActionState.OPEN:
        raise Invalid({"outcome": "Choose done or dropped."})
    is_done = state is ActionState.DONE
    if not outcome:
        asked = "Show the evidence: a link, a test, a number." if is_done else "Say why it is dropped."
        raise Invalid({"outcome": asked})
    if len(outcome) > OUTCOME_LONGEST:
        raise Invalid({"outcome": f"At most {OUTCOME_LONGEST:,} characters; this has {len(outcome):,}."})
    item.state, item.outcome, item.ended_at, item.ended_by = state, outcome, now, actor.name
    item.remind_at = None
    item.changes += 1
    kind = EventKind.ACTION_ITEM_DONE if is_done else EventKind.ACTION_ITEM_DROPPED
    title = f"Action {item.reference} {state.value}: {item.text}"
    record(incident, kind, title, detail=outcome, actor=actor, now=now)


def _open_item(incident: Incident, number: int, actor: Actor, seen: int | None) -> ActionItem:
    item = db.session.scalar(select(ActionItem).filter_by(incident_id=incident.id, number=number))
    if item is None:
        raise Invalid({"action": f"{incident.reference} has no action A{number}."})
    if refusal := action_refusal(item, actor):
        raise Forbidden(refusal)
    if item.state is not ActionState.OPEN:
        raise Conflict(f"{item.ended_by} ended it on {item.ended_at:%Y-%m-%d}: {item.state.value}.")
    if seen is not None and seen != item.changes:
        raise Conflict(
            f"{item.reference} was changed meanwhile. It says now: {item.text}, due {item.due_on}."
        )
    return item


def action_refusal(item: ActionItem, actor: Actor) -> str:
    """Why this person neither changes nor ends the action; empty when they may."""
    if actor.can(Permission.INCIDENT_COMMAND):
        return ""
    is_own = item.owner_id == actor.user_id if item.owner_id else item.owner_name == actor.name
    return "" if is_own else f"Only {item.owner_name} or a MIM changes this action."


def _tell_owner(incident: Incident, item: ActionItem, actor: Actor, now: datetime) -> None:
    if item.owner_id is None or item.owner_id == actor.user_id:
        return
    owner = db.session.get_one(User, item.owner_id)
    subject = f"{incident.reference} {item.reference} is yours, due {item.due_on:%-d %b}"
    body = (
        f"{item.text}\n\nFrom the review of {incident.title}. "
        "It ends done, with evidence, or dropped, with the reason."
    )
    act = f"action:{item.id}:{item.changes}"
    notify(incident, Notice.ACTION, act, [owner], subject=subject, body=body, now=now)


# Reminders


def remind_due(now: datetime) -> None:
    """Remind of actions that are due for it. One query while none is."""
    due = select(ActionItem.incident_id, ActionItem.number).where(ActionItem.remind_at <= now)
    rows = db.session.execute(due.order_by(ActionItem.remind_at).limit(REMINDED_AT_ONCE)).all()
    for incident_id, number in rows:
        incident = db.session.get(Incident, incident_id)
        if incident is not None:
            remind_of_action(incident, number, actor=SYSTEM, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def remind_of_action(incident: Incident, number: int, *, actor: Actor, now: datetime) -> bool:
    """Remind the owner and the incident's leader of one action; returns whether it was due for that.

    An owner who left is not told: the leader is, and reads that.
    """
    item = db.session.scalar(select(ActionItem).filter_by(incident_id=incident.id, number=number))
    if item is None or item.remind_at is None or item.remind_at > now:
        return False
    was_due, item.remind_at = item.remind_at, next_reminder(item.due_on, now)
    owner = db.session.get(User, item.owner_id) if item.owner_id else None
    people = [user for user in (owner, *leader_of(incident)) if user is not None and user.is_active]
    late = (now.date() - item.due_on).days
    how = (
        f"{count(late, 'day')} late"
        if late > 0
        else "due today"
        if late == 0
        else f"due {item.due_on:%-d %b}"
    )
    left = "" if owner is None or owner.is_active else f" {item.owner_name} left: name another owner."
    subject = f"{incident.reference} {item.reference} {how}: {item.text}"
    body = f"{item.text}\n\nOwner: {item.owner_name}. Due {item.due_on:%Y-%m-%d}, moved {item.moves}×.{left}"
    act = f"action_due:{item.id}:{was_due:%Y%m%d}"
    notify(incident, Notice.ACTION, act, people, subject=subject, body=body, now=now)
    audit(
        AuditKind.ACTION_ITEM_REMINDED, f"{incident.reference} {item.reference}, {how}", actor=actor, now=now
    )
    return True


# Reading


def actions_of(*numbers: int) -> list[ActionItem]:
    """The actions of these incidents with their owners, in the order of their numbers. One query."""
    rows = select(ActionItem).where(ActionItem.incident_id.in_(numbers))
    rows = rows.options(joinedload(ActionItem.owner))
    return list(db.session.scalars(rows.order_by(ActionItem.incident_id, ActionItem.number).limit(500)))


@dataclass(frozen=True)
class LeftBy:
    """What an earlier incident left open, as a sentence that says something else from `turns_at` on."""

    number: int
    sentence: str
    turns_at: datetime


def left_by_earlier(incident: Incident, today: date) -> list[LeftBy]:
    """Earlier incidents with the same system or the same cause that left actions open, the oldest due first.

    One query where nothing is open anywhere.
    """
    opened = (
        select(ActionItem.incident_id, func.count(ActionItem.id), func.min(ActionItem.due_on))
        .where(ActionItem.state == ActionState.OPEN, ActionItem.is_practice.is_(incident.is_drill))
        .group_by(ActionItem.incident_id)
        .limit(OPEN_MOST)
    )
    found = {number: (many, due) for number, many, due in db.session.execute(opened) if number != incident.id}
    if not found:
        return []
    alike = _alike(incident, list(found))
    first = sorted((found[number][1], number) for number in alike)[:SHOWN]
    return [
        LeftBy(number, left_open(reference(number), found[number][0], due, today), left_turns_at(due, today))
        for due, number in first
    ]


def _alike(incident: Incident, numbers: list[int]) -> set[int]:
    """Those of these incidents that share a system with this one, or that it repeats or continues."""
    systems = select(AffectedSystem.incident_id).where(
        AffectedSystem.incident_id.in_(numbers), AffectedSystem.name.in_(incident.system_names)
    )
    alike = set(db.session.scalars(systems))
    repeats = select(ReviewText.text).filter_by(incident_id=incident.id, name="repeat_of")
    named = db.session.scalar(repeats.order_by(ReviewText.version.desc()).limit(1)) or ""
    causes = {named, reference(incident.continues_id) if incident.continues_id else ""}
    return alike | {number for number in numbers if reference(number) in causes}
