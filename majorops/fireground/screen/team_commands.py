"""What can be done with the command team, as lines of the list of commands."""

from __future__ import annotations

from collections.abc import Iterator

from majorops.fireground.screen.command import Fireground
from majorops.fireground.screen.keys import COMMAND
from majorops.fireground.screen.lines import Command, edit, to_place


def team(f: Fireground) -> Iterator[Command]:
    """Take command, hand it over, roles, release, exposure line."""
    if not f.mim or f.why_not_take:
        yield Command("I have command", f.why_not_take, endpoint="fireground.take_command")
    yield from _handover(f)
    for role, seat, _ in f.team:
        name = f"command.{role.value}"
        yield edit(f, name, f"Change {role.label}, {seat.name}" if seat else f"Assign {role.label}")
    if f.offers_release or not f.may_command:
        yield to_place("Release from the bridge", f.why_not(COMMAND, always=True), "release-name", "release")
    yield Command("Stand down everybody", f.why_not_stand_down, endpoint="fireground.stand_down")
    line = f.exposure.line
    yield Command(f"Publish exposure line {line}", f.why_not(COMMAND), endpoint="fireground.publish_exposure")


def _handover(f: Fireground) -> Iterator[Command]:
    yield to_place("Hand over command", f.why_not_offer, "handover-to", "offer_handover")
    offer = f.handover
    answers = (
        ("Accept command", "accept", f.why_not_answer),
        ("Decline command", "decline", f.why_not_answer),
        ("Withdraw the offer of command", "withdraw", f.why_not_withdraw),
    )
    for label, answer, refusal in answers if offer else answers[:1]:
        yield Command(
            label,
            refusal,
            endpoint="fireground.answer_handover",
            takes={"handover": offer.id if offer else 0},
            values={"answer": answer},
        )
