"""What can be done with the command team, as lines of the list of commands."""

from __future__ import annotations

from collections.abc import Iterator

from majorops.fireground import reads
from majorops.fireground.palette.command import Command, edit, to_place
from majorops.fireground.palette.keys import COMMAND, NOTE
from majorops.fireground.regions.team import why_not_offer
from majorops.fireground.view import View
from majorops.operations.exposure import exposure_of


def team(view: View) -> Iterator[Command]:
    """Take command, hand it over, pages, roles, release, exposure line."""
    if not reads.mim(view) or reads.why_not_take(view):
        yield Command("I have command", reads.why_not_take(view), endpoint="fireground.assume_command")
    yield from _handover(view)
    yield from _pages(view)
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


def _pages(view: View) -> Iterator[Command]:
    """Page for a vacant role; be on it, or stop, for each page that waits."""
    pages = reads.pages(view)
    paged = {page.role for page in pages}
    for role, held, _ in reads.team(view):
        if not held and role not in paged and reads.is_vacant(view, role):
            yield to_place(f"Page for {role.label}", view.why_not(COMMAND), f"page-{role.value}", "page_for")
    waiting = [(f": {page.role.label}", page.id, "") for page in pages] or [("", 0, "No page waits.")]
    for about, number, none in waiting:
        takes = {"page_id": number}
        refusal = view.why_not(NOTE) or none
        yield Command(f"I am on it{about}", refusal, endpoint="fireground.answer_page_of", takes=takes)
        refusal = view.why_not(COMMAND) or none
        yield Command(f"Stop paging{about}", refusal, endpoint="fireground.end_page_of", takes=takes)


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
