"""Command on its way: the two people read the same brief, everybody else one line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from majorops.domain.handover import Line
from majorops.fireground import reads
from majorops.fireground.view import Form, View
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
class Handover:
    """The offer of command, None for none.

    `offers_take`: nobody has command, this person may take it, and no nudge says so.
    """

    address: str
    form: Form
    offer: Offer | None
    offers_take: bool


def build(view: View) -> Handover:
    """The open offer as this person sees it; the brief costs nine queries, for the two people only."""
    offer = _offer(view)
    return Handover(view.address, view.form, offer, offer is None and _offers_take(view))


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
