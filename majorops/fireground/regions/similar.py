"""Earlier incidents like this one, why, and what they leave: while the incident runs."""

from __future__ import annotations

from dataclasses import dataclass

from majorops.fireground.view import View
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
    """At most three, the nearest first."""

    earlier: tuple[Earlier, ...]


def build(view: View) -> Similar:
    """None of an incident that is over. Seven queries at most."""
    found = [] if view.incident.is_resolved else like_incident(view.incident, actor=view.actor)
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
        )
    )
