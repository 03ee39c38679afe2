"""Earlier incidents like this one, why, and what they leave: while the incident runs."""

from __future__ import annotations

from dataclasses import dataclass

from majorops.fireground.view import View
from majorops.operations.actions import LeftBy, left_by_earlier
from majorops.operations.similar import Beside, beside, like_incident


@dataclass(frozen=True)
class Earlier:
    """One that this incident resembles: `course` as it went, `why`, and what is laid beside."""

    number: int
    title: str
    course: str
    why: str
    cause: str
    left: Beside


@dataclass(frozen=True)
class Similar:
    """At most three, the nearest first.

    `left`: earlier incidents with the same system or cause, and what each left to be done.
    """

    earlier: tuple[Earlier, ...]
    left: tuple[LeftBy, ...]


def build(view: View) -> Similar:
    """None of an incident that is over. Eight queries at most."""
    if view.incident.is_resolved:
        return Similar((), ())
    found = like_incident(view.incident, actor=view.actor)
    left = beside([like.case.number for like in found], actor=view.actor)
    return Similar(
        tuple(
            Earlier(
                like.case.number,
                like.case.title,
                like.course,
                like.why,
                like.case.cause,
                left[like.case.number],
            )
            for like in found
        ),
        tuple(left_by_earlier(view.incident, view.now.date())),
    )
