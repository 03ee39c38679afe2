"""What can be done with the command team, as lines of the list of commands."""

from __future__ import annotations

from collections.abc import Iterator

from majorops.fireground import reads
from majorops.fireground.palette.command import Command, edit, to_place
from majorops.fireground.palette.keys import COMMAND
from majorops.fireground.regions.team import why_not_offer
from majorops.fireground.view import View
from majorops.operations.exposure import exposure_of


def team(view: View) -> Iterator[Command]:
    """Take command, hand it over, roles, release, exposure line."""
    if not reads.mim(view) or reads.why_not_take(view):
        yield Command("I have command", reads.why_not_take(view), endpoint="fireground.assume_command")
    yield from _handover(view)
    for role, held, _ in reads.team(view):
        name = f"command.{role.value}"
        yield edit(view, name, f"Change {role.label}, {held.name}" if held else f"Assign {role.label}")
    always = view.why_not(COMMAND, always=True)
    if reads.offers_release(view) or not view.may_command:
        yield to_place("Release from the bridge", always, "release-name", "release")
    refusal = reads.why_not_stand_down(view)
    yield Command("Stand down everybody", refusal, endpoint="fireground.stand_down_all")
    label = f"Publish exposure line {exposure_of(view.incident).line}"
    yield Command(label, view.why_not(COMMAND), endpoint="fireground.post_exposure")


def _handover(view: View) -> Iterator[Command]:
    yield to_place("Hand over command", why_not_offer(view), "handover-to", "offer_command")
    offer = reads.handover(view)
    answers = (
        ("Accept command", "accept", reads.why_not_answer(view)),
        ("Decline command", "decline", reads.why_not_answer(view)),
        ("Withdraw the offer of command", "withdraw", reads.why_not_withdraw(view)),
    )
    for label, answer, refusal in answers if offer else answers[:1]:
        yield Command(
            label,
            refusal,
            endpoint="fireground.answer_offer",
            takes={"handover": offer.id if offer else 0},
            values={"answer": answer},
        )
