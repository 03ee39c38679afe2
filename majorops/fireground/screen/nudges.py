"""What settles a nudge on the fireground: a place to go to, or a form that is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace

from majorops.domain.coach import Nudge


@dataclass(frozen=True)
class Settling:
    """The key beside a nudge.

    `place`, `choose`, `press`: see commands.py; `send`: a form's path on the incident. `{}` stands for
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


def settling(nudge: Nudge) -> Settling:
    """The key that settles this nudge."""
    it = SETTLING[nudge.action]
    subject = str(nudge.subject).replace("_", "-")
    return replace(it, place=it.place.replace("{}", subject), send=it.send.replace("{}", subject))
