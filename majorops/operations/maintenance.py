"""Operations on scheduled maintenance: plan it, move it on, say how it goes.

Outside incidents: the audit keeps who did it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NotRequired, TypedDict, Unpack

from sqlalchemy import Select, select, update

from majorops.db import changed_rows, db
from majorops.domain.access import SYSTEM, Actor, Permission
from majorops.domain.enums import MaintenanceStatus, Repeat
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import AuditKind
from majorops.domain.maintenance import (
    AHEAD_OR_RUNNING,
    OVER,
    due,
    move_refusal,
    next_occurrence,
    occurrence,
    repeat_errors,
    time_errors,
)
from majorops.models import Maintenance, MaintenanceUpdate
from majorops.operations import audit, operation
from majorops.operations.announcements import MOVED, PLANNED, WORKS, announce

WORDS = {
    MaintenanceStatus.RUNNING: "Maintenance has begun.",
    MaintenanceStatus.VERIFYING: "The work is done and is being verified.",
    MaintenanceStatus.DONE: "Maintenance is done.",
    MaintenanceStatus.CANCELLED: "Maintenance is cancelled.",
}
TWICE = timedelta(minutes=1)
LONGEST_TEXT = 5_000
STAYS_THE_SAME = (
    "title",
    "body",
    "systems",
    "is_automatic",
    "is_public",
    "repeats",
    "repeat_every",
    "repeat_from",
    "repeat_to",
)


class Plan(TypedDict):
    """What is planned. Texts are cleaned values; times in UTC."""

    title: str
    starts_at: datetime | None
    ends_at: datetime | None
    body: NotRequired[str]
    systems: NotRequired[Sequence[str]]
    is_automatic: NotRequired[bool]  # begins and ends by the clock
    is_public: NotRequired[bool]
    repeats: NotRequired[Repeat]
    repeat_every: NotRequired[int | None]  # weeks or months


@operation(needs=Permission.MAINTENANCE_MANAGE)
def plan_maintenance(*, actor: Actor, now: datetime, **plan: Unpack[Plan]) -> Maintenance:
    """Plan maintenance; sent twice within a minute it is planned once. Raises Invalid: every wrong field."""
    columns = _checked(plan, now)
    if twin := _planned_just_now(plan["title"], plan["starts_at"], plan["ends_at"], now):
        return twin
    row = Maintenance(**columns, created_at=now, changed_at=now)
    _set_series(row)
    _plan(row, actor, now)
    return row


@operation(needs=Permission.MAINTENANCE_MANAGE)
def change_maintenance(
    row: Maintenance, *, actor: Actor, now: datetime, expected: str | None = None, **plan: Unpack[Plan]
) -> None:
    """Change what was planned, as long as it is not over.

    `expected`: the version that the person saw. Shown to the public only now, it is announced now; new times
    are said in public, and told to whoever was told the former ones. Of what comes again they are those of
    this occurrence alone, unless how it comes again changes too. Raises Invalid, Conflict.
    """
    _hold(row)
    if row.status in OVER:
        raise Conflict(f"It is {row.status.label.lower()}. Plan a new one.")
    given = _checked(plan, now)
    if expected is not None and expected != row.version:
        raise Conflict(
            f"Changed meanwhile, at {row.changed_at:%H:%M:%S} UTC. It now says: {row.title}, {row.span}."
        )
    before = {name: getattr(row, name) for name, value in given.items() if getattr(row, name) != value}
    if not before:
        return
    old_span = row.span
    for name, value in given.items():
        setattr(row, name, value)
    row.changed_at = now
    if before.keys() & {"repeats", "repeat_every"}:
        _set_series(row)
    elif row.follow_at:
        row.follow_at = row.ends_at
    if "is_public" in before and row.is_public:
        announce(f"{PLANNED}:{row.id}", now, maintenance_id=row.id)
    elif before.keys() & {"starts_at", "ends_at"}:
        _say(row, f"New time: {row.span}. It was {old_span}.", now, act=MOVED)
    was = "\n".join(f"{name} was: {value}" for name, value in before.items())
    audit(AuditKind.MAINTENANCE_CHANGED, row.title, actor=actor, now=now, detail=was)


@operation(needs=Permission.MAINTENANCE_MANAGE)
def move_maintenance(
    row: Maintenance, to: MaintenanceStatus, *, actor: Actor, now: datetime, text: str = ""
) -> None:
    """Begin, verify, finish or cancel it.

    `text`: what people read; else one plain sentence. Raises Conflict, Invalid.
    """
    _hold(row)
    if len(text) > LONGEST_TEXT:
        raise Invalid({"text": f"At most {LONGEST_TEXT:,} characters; this has {len(text):,}."})
    if refusal := move_refusal(row.status, to):
        raise Conflict(refusal)
    _move(row, to, text or WORDS[to], actor, now)


@operation(needs=Permission.MAINTENANCE_MANAGE)
def post_maintenance_update(row: Maintenance, text: str, *, actor: Actor, now: datetime) -> None:
    """Say how it goes. The same text within a minute is one update. Raises Invalid (no text, too long)."""
    _hold(row)
    if not text or len(text) > LONGEST_TEXT:
        raise Invalid({"text": f"Write what people should know, at most {LONGEST_TEXT:,} characters."})
    last = db.session.scalar(
        select(MaintenanceUpdate)
        .filter_by(maintenance_id=row.id)
        .order_by(MaintenanceUpdate.id.desc())
        .limit(1)
    )
    if last and last.body == text and last.status is row.status and now - last.at < TWICE:
        return
    _say(row, text, now)
    row.changed_at = now
    audit(AuditKind.MAINTENANCE_UPDATED, row.title, actor=actor, now=now)


@operation(needs=Permission.MAINTENANCE_MANAGE)
def run_maintenance(*, actor: Actor, now: datetime) -> int:
    """Bring about what the clock calls for; two workers at once do it once. Returns how many moved."""
    moved = 0
    for row in db.session.scalars(_waiting()).all():
        to = due(row.status, row.is_automatic, row.starts_at, row.ends_at, now)
        same = update(Maintenance).where(Maintenance.id == row.id, Maintenance.status == row.status)
        if to and changed_rows(same.values(status=row.status)):
            _move(row, to, WORDS[to], actor, now)
            moved += 1
    return moved


@operation(needs=Permission.MAINTENANCE_MANAGE)
def plan_next_occurrences(*, actor: Actor, now: datetime) -> int:
    """Plan the next occurrence of what comes again and is over or past its end; two workers plan it once.

    Returns how many were planned.
    """
    planned = 0
    for row in db.session.scalars(_to_follow(now)).all():
        claim = update(Maintenance).where(Maintenance.id == row.id, Maintenance.follow_at.is_not(None))
        if row.repeat_from and row.repeat_to and changed_rows(claim.values(follow_at=None)):
            rule = (row.repeats, row.repeat_every)
            number = next_occurrence(row.repeat_from, *rule, row.occurrence, now)
            starts_at = occurrence(row.repeat_from, *rule, number)
            ends_at = starts_at + (row.repeat_to - row.repeat_from)
            same = {name: getattr(row, name) for name in STAYS_THE_SAME}
            times = {"starts_at": starts_at, "ends_at": ends_at, "follow_at": ends_at}
            made = Maintenance(**same, **times, occurrence=number, created_at=now, changed_at=now)
            _plan(made, actor, now)
            planned += 1
    return planned


def run_due(now: datetime) -> None:
    """Look whether the clock calls for anything, and only then write."""
    rows = db.session.scalars(_waiting()).all()
    if any(due(row.status, row.is_automatic, row.starts_at, row.ends_at, now) for row in rows):
        run_maintenance(actor=SYSTEM, now=now)
    if db.session.scalar(_to_follow(now).limit(1)) is not None:
        plan_next_occurrences(actor=SYSTEM, now=now)


def _to_follow(now: datetime) -> Select[Maintenance]:
    return select(Maintenance).where(Maintenance.follow_at <= now)


def _set_series(row: Maintenance) -> None:
    """Begin to count occurrences with this one; nothing follows where it does not come again."""
    is_repeating = row.repeats is not Repeat.NEVER
    row.repeat_from, row.repeat_to = (row.starts_at, row.ends_at) if is_repeating else (None, None)
    row.occurrence, row.follow_at = 0, row.ends_at if is_repeating else None


def _plan(row: Maintenance, actor: Actor, now: datetime) -> None:
    db.session.add(row)
    db.session.flush()
    if row.is_public:
        announce(f"{PLANNED}:{row.id}", now, maintenance_id=row.id)
    audit(AuditKind.MAINTENANCE_PLANNED, row.title, actor=actor, now=now)


def _hold(row: Maintenance) -> None:
    """Read it afresh and hold its row: people and the clock act one after another."""
    db.session.refresh(row, with_for_update=True)


def _planned_just_now(
    title: str, starts_at: datetime | None, ends_at: datetime | None, now: datetime
) -> Maintenance | None:
    same = select(Maintenance).filter_by(title=title, starts_at=starts_at, ends_at=ends_at)
    return db.session.scalars(same.where(Maintenance.created_at > now - TWICE).limit(1)).first()


def _waiting() -> Select[Maintenance]:
    return select(Maintenance).where(
        Maintenance.status.in_(AHEAD_OR_RUNNING), Maintenance.is_automatic.is_(True)
    )


def _move(row: Maintenance, to: MaintenanceStatus, text: str, actor: Actor, now: datetime) -> None:
    row.status, row.changed_at = to, now
    if to is MaintenanceStatus.RUNNING:
        row.started_at = row.started_at or now
    if to in OVER:
        row.ended_at = now
        row.follow_at = row.follow_at and min(row.follow_at, now)
    _say(row, text, now)
    audit(AuditKind(f"maintenance.{to.value}"), row.title, actor=actor, now=now)


def _say(row: Maintenance, text: str, now: datetime, act: str = WORKS) -> None:
    update = MaintenanceUpdate(maintenance_id=row.id, status=row.status, body=text, at=now)
    db.session.add(update)
    db.session.flush()
    if row.is_public:
        announce(f"{act}:{update.id}", now, maintenance_id=row.id)


def _checked(plan: Plan, now: datetime) -> dict[str, object]:
    """The columns of what is planned. Raises Invalid with every wrong field."""
    title, body = plan["title"], plan.get("body", "")
    repeats, every = plan.get("repeats", Repeat.NEVER), plan.get("repeat_every", 1)
    errors = time_errors(plan["starts_at"], plan["ends_at"], now)
    errors |= repeat_errors(repeats, every, plan["starts_at"], plan["ends_at"])
    if not title or len(title) > 200:
        errors["title"] = "Say what is maintained, in one line of at most 200 characters."
    if len(body) > LONGEST_TEXT:
        errors["body"] = f"At most {LONGEST_TEXT:,} characters; this has {len(body):,}."
    if errors:
        raise Invalid(errors)
    return {
        "title": title,
        "body": body,
        "starts_at": plan["starts_at"],
        "ends_at": plan["ends_at"],
        "systems": ", ".join(plan.get("systems", ())),
        "is_automatic": plan.get("is_automatic", True),
        "is_public": plan.get("is_public", True),
        "repeats": repeats,
        "repeat_every": every if repeats is not Repeat.NEVER else 1,
    }
