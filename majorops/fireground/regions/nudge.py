"""The one nudge, and what settles it: a place to go to, or a form that is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from majorops.domain.access import Permission
from majorops.domain.coach import Nudge
from majorops.fireground.reads import holding_update, next_nudge_at, standing_nudges
from majorops.fireground.view import Form, View


@dataclass(frozen=True)
class Settling:
    """The key beside a nudge.

    `place`, `choose`, `press`: see Command; `send`: a form's path on the incident. `{}` stands for
    the nudge's subject.
    """

    label: str
    place: str = ""
    choose: str = ""
    press: bool = False
    send: str = ""
    other: str = ""  # the label of a second key, and the place that it opens
    other_place: str = ""


SETTLING: dict[str, Settling] = {
    "called": Settling("Told by phone", send="/called"),
    "late": Settling(
        "That is right",
        send="/late",
        other="Edit Problem began",
        other_place="f-detected-at-value f-detected-at-input",
    ),
    "command": Settling("I have command", send="/command"),
    "holding": Settling("Post holding update", send="/updates/holding"),
    "extend": Settling("Extend", "track-{}-more"),
    "close_timebox": Settling("Close timebox", send="/timeboxes/{}/end"),
    "open_track": Settling("Open track", "open-track"),
    "milestone": Settling("Cut milestone", "composer-body", "kind-milestone"),
    "advance": Settling("Advance", "advance-key status-key"),
    "write": Settling("Write update", "composer-body", "kind-update"),
    "bridge": Settling("Paste bridge URL", "f-bridge-url-value f-bridge-url-input", press=True),
    "ask": Settling("Answer", "answer-{}"),
    "assign": Settling("Assign", "f-command-{}-value f-command-{}-input", press=True),
    "resolution": Settling("Write resolution", "composer-body", "kind-resolution"),
}


@dataclass(frozen=True)
class Slot:
    """The place of the one nudge.

    `shown` is the first that holds, None for none; `waiting` are the others; `next_at`: when that changes by
    time alone. `settling` is None for who may not command. `holding`: what the key of a holding update posts,
    to whom. `can_mend`: this person may change how people are reached, and that is what failed.
    """

    address: str
    form: Form
    now: datetime
    next_at: datetime | None
    shown: Nudge | None
    waiting: tuple[Nudge, ...]
    settling: Settling | None
    holding: str
    can_mend: bool


def build(view: View) -> Slot:
    """The most urgent nudge that holds now and was not set aside (domain §4, coach)."""
    every = standing_nudges(view)
    shown = every[0] if every else None
    action = shown.action if shown else ""
    return Slot(
        address=view.address,
        form=view.form,
        now=view.now,
        next_at=next_nudge_at(view),
        shown=shown,
        waiting=tuple(every[1:]),
        settling=_settling(shown) if shown and view.can_command else None,
        holding=str(holding_update(view)) if action == "holding" else "",
        can_mend=action == "called" and view.actor.can(Permission.DATA_MANAGE),
    )


def _settling(nudge: Nudge) -> Settling:
    it = SETTLING[nudge.action]
    subject = str(nudge.subject).replace("_", "-")
    return replace(it, place=it.place.replace("{}", subject), send=it.send.replace("{}", subject))
