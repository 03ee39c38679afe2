"""Command on its way: the two people read the same brief, everybody else one line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from majorops.domain.access import Permission
from majorops.domain.handover import Line
from majorops.fireground import reads
from majorops.fireground.view import Form, View
from majorops.models import Page
from majorops.operations.handover import command_brief


@dataclass(frozen=True)
class Offer:
    """An offer of command that waits for its answer.

    `brief`: empty but for the two people; `brief_stale_at`: when its clocks are read again.
    """

    id: int
    from_name: str
    to_name: str
    offered_at: datetime
    brief: tuple[Line, ...]
    brief_stale_at: datetime
    can_answer: bool
    can_withdraw: bool


@dataclass(frozen=True)
class Paged:
    """A page that waits for somebody to be on it.

    `is_mine`: this person is called by it; `next_at`: when the next one is called, None for nobody further;
    `outcome`: what became of the newest call's messages, empty while nobody knows.
    """

    id: int
    role: str
    whom: str
    begun_by: str
    called_at: datetime
    next_at: datetime | None
    outcome: str
    is_mine: bool
    can_end: bool


@dataclass(frozen=True)
class Handover:
    """The offer of command, None for none, and the pages that nobody answered.

    `offers_take`: nobody has command, this person may take it, and no nudge says so; `can_answer`: this
    person may be on it.
    """

    address: str
    form: Form
    offer: Offer | None
    offers_take: bool
    pages: tuple[Paged, ...]
    can_answer: bool


def build(view: View) -> Handover:
    """The open offer as this person sees it; the brief costs nine queries, for the two people only."""
    offer = _offer(view)
    return Handover(
        view.address,
        view.form,
        offer,
        offer is None and _offers_take(view),
        tuple(_paged(view, row) for row in reads.pages(view)),
        not view.why_not(Permission.TIMELINE_NOTE),
    )


def _paged(view: View, row: Page) -> Paged:
    return Paged(
        id=row.id,
        role=row.role.label,
        whom=row.whom,
        begun_by=row.begun_by,
        called_at=row.called_at,
        next_at=row.next_at,
        outcome=row.outcome,
        is_mine=row.user_id == view.actor.user_id,
        can_end=view.can_command,
    )


def _offer(view: View) -> Offer | None:
    offer = reads.handover(view)
    if offer is None:
        return None
    is_one_of_two = view.actor.user_id in (offer.user_id, offer.from_id)
    return Offer(
        id=offer.id,
        from_name=offer.from_name,
        to_name=offer.to_name,
        offered_at=offer.offered_at,
        brief=command_brief(view.incident, view.now) if is_one_of_two else (),
        brief_stale_at=view.now + timedelta(minutes=1),
        can_answer=not reads.why_not_answer(view),
        can_withdraw=not reads.why_not_withdraw(view),
    )


def _offers_take(view: View) -> bool:
    if reads.mim(view) or reads.why_not_take(view):
        return False
    nudges = reads.standing_nudges(view)
    return not (nudges and nudges[0].action == "command")
