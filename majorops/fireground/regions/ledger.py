"""The send ledger of an incident: one line for each act that told people something."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.enums import Notice
from majorops.domain.notices import Outcome, Reach
from majorops.fireground.view import View
from majorops.models import Announcement, Delivery, Incident
from majorops.models.delivery import REACH, READER

ACTS_SHOWN = 8
NAMED = 40  # recipients of the acts that are shown


@dataclass(frozen=True)
class Message:
    """To whom, by what, and what became of it."""

    recipient: str
    kind: str
    state: str


@dataclass(frozen=True)
class Act:
    """One act that told people something. `summary`: `2 told, 1 could not be reached`.

    `why`: why messages did not arrive, each reason once. `messages`: for who may command.
    """

    about: str
    at: datetime
    summary: str
    has_failed: bool
    why: tuple[str, ...]
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Ledger:
    """`title`: the folded line. The newest acts, newest first."""

    title: str
    acts: tuple[Act, ...]
    shows_messages: bool

    @property
    def has_failed(self) -> bool:
        """Somebody was not reached by one of the acts shown, or not yet: their message is tried again."""
        return any(act.has_failed for act in self.acts)


class _Sent(NamedTuple):
    """What became of what people are told of one act, and to whom it went."""

    at: datetime
    notice: Notice
    outcome: Outcome
    rows: list[Delivery]


def build(view: View) -> Ledger:
    """What the newest acts told people, to who may command by name too. Costs four queries at most."""
    sent = _sent(view.incident)
    acts = tuple(_act(it, view.may_command) for it in sent)
    return Ledger(_title(sent), acts, view.may_command)


def _act(sent: _Sent, shows_messages: bool) -> Act:
    people = sent.outcome.people
    rows = sent.rows if shows_messages else []
    return Act(
        about=sent.notice.label,
        at=sent.at,
        summary=sent.outcome.words,
        has_failed=any(people[reach] for reach in (Reach.RETRYING, Reach.FAILED, Reach.NO_CHANNEL)),
        why=tuple(dict.fromkeys(row.last_error for row in sent.rows if row.last_error)),
        messages=tuple(
            Message(row.recipient, row.kind.value if row.kind else "", row.state.label.lower())
            for row in rows
        ),
    )


def _announced(incident: Incident) -> list[_Sent]:
    """What subscribers were told, counted when it was queued.

    Never a line for each, and never who they are.
    """
    newest = select(Announcement).filter_by(incident_id=incident.id).order_by(Announcement.id.desc())
    return [
        _Sent(
            row.at,
            Notice.PUBLIC,
            Outcome(Counter({Reach.TOLD: row.reached - row.failed, Reach.FAILED: row.failed})),
            [],
        )
        for row in db.session.scalars(newest.limit(ACTS_SHOWN))
        if row.reached
    ]


def _sent(incident: Incident) -> list[_Sent]:
    """The newest acts, newest first. Four queries, whatever was sent."""
    newest = (
        select(
            Delivery.act, func.min(Delivery.created_at).label("at"), func.max(Delivery.notice).label("notice")
        )
        .where(Delivery.incident_id == incident.id)
        .group_by(Delivery.act)
        .order_by(func.max(Delivery.id).desc())
        .limit(ACTS_SHOWN)
    )
    found = {row.act: row for row in db.session.execute(newest)}
    acts = list(found)
    outside = _announced(incident)
    if not acts:
        return outside
    here = (Delivery.incident_id == incident.id, Delivery.act.in_(acts))
    counts: dict[str, Counter] = {act: Counter() for act in acts}
    best = func.min(REACH).label("reach")
    people = select(Delivery.act, *READER, best).where(*here).group_by(Delivery.act, *READER)
    one = people.subquery()
    rows_of = select(one.c.act, one.c.reach, func.count()).group_by(one.c.act, one.c.reach)
    for act, reach, number in db.session.execute(rows_of):
        counts[act][Reach(reach)] = number
    rows: dict[str, list[Delivery]] = {act: [] for act in acts}
    for row in db.session.scalars(select(Delivery).where(*here).order_by(Delivery.id.desc()).limit(NAMED)):
        rows[row.act].append(row)
    inside = [_Sent(found[act].at, found[act].notice, Outcome(counts[act]), rows[act]) for act in acts]
    return sorted(inside + outside, key=lambda act: act.at, reverse=True)[:ACTS_SHOWN]


def _title(acts: list[_Sent]) -> str:
    """The folded line: `7 messages to 3 people, 6 sent, 1 failed`, over all that is shown.

    Who was told of several acts is one person; where not every recipient was read, or nobody knows who they
    are, people are not counted.
    """
    total = sum((act.outcome.people for act in acts), Counter())
    rows = [row for act in acts for row in act.rows]
    is_known = len(rows) < NAMED and all(act.rows for act in acts)
    return Outcome(total).message_words(
        len({(row.user_id, row.brief_link_id, row.guest_id) for row in rows}) if is_known else None
    )
