"""Asks with their clocks, and the causes that are out of the question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from majorops.db import db
from majorops.domain.events import EventKind
from majorops.domain.timebox import tone, turns_at
from majorops.fireground import reads
from majorops.fireground.view import Form, View
from majorops.models import Ask, TimelineEvent


@dataclass(frozen=True)
class OpenAsk:
    """An ask without an answer.

    `asker`: who asks, of a question from a brief; empty for what was asked on the fireground. `turns_at`:
    when it looks otherwise by time alone, None for never.
    """

    id: int
    whom: str
    what: str
    asker: str
    is_parked: bool
    due_at: datetime
    tone: str
    turns_at: datetime | None

    @property
    def is_late(self) -> bool:
        """Its time is up, whether it was parked or not."""
        return self.tone == "red"

    def __str__(self) -> str:
        return f"{self.whom}: {self.what}"


@dataclass(frozen=True)
class RuledOut:
    """A cause that was eliminated: why, and by whom and when that was logged."""

    cause: str
    why: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Asks:
    """Open asks and ruled-out causes.

    `is_over`: the incident is resolved, nothing is due any more.
    """

    address: str
    form: Form
    now: datetime
    is_over: bool
    can_answer: bool
    can_command: bool
    open: tuple[OpenAsk, ...]
    ruled_out: tuple[RuledOut, ...]


def build(view: View) -> Asks:
    """Open asks, the first due first, and ruled-out causes, the newest first; at most 20 of each."""
    return Asks(
        address=view.address,
        form=view.form,
        now=view.now,
        is_over=view.incident.is_resolved,
        can_answer=view.may_note,
        can_command=view.can_command,
        open=tuple(_open(ask, view.now) for ask in reads.asks(view)),
        ruled_out=_ruled_out(view),
    )


def _open(ask: Ask, now: datetime) -> OpenAsk:
    """As a timebox looks; a parked one is quiet until its time is up."""
    minutes = int((ask.due_at - ask.asked_at).total_seconds() // 60)
    shown = tone(ask.due_at, minutes, now)
    return OpenAsk(
        id=ask.id,
        whom=ask.whom,
        what=ask.what,
        asker=ask.asker if ask.asked_from else "",
        is_parked=bool(ask.parked),
        due_at=ask.due_at,
        tone="" if ask.parked and shown != "red" else shown,
        turns_at=turns_at(ask.due_at, minutes, now),
    )


def _ruled_out(view: View) -> tuple[RuledOut, ...]:
    """Causes that were eliminated and not brought back, newest first."""
    strikes = aliased(TimelineEvent)
    rows = (
        select(TimelineEvent)
        .outerjoin(strikes, strikes.corrects_id == TimelineEvent.id)
        .where(TimelineEvent.incident_id == view.incident.id, TimelineEvent.kind == EventKind.CAUSE_RULED_OUT)
        .where(strikes.id.is_(None))
        .order_by(TimelineEvent.seq.desc())
        .limit(reads.SHOWN)
    )
    return tuple(
        RuledOut(row.title.removeprefix("Ruled out: "), row.detail, row.actor_name, row.at)
        for row in db.session.scalars(rows)
    )
