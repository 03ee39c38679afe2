"""The top bar: posture, who is here, the clock, who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from majorops.fireground.regions import presence
from majorops.fireground.view import View


@dataclass(frozen=True)
class Topbar:
    """What the bar shows; `actor`: the name of who is signed in."""

    number: int
    reference: str
    now: datetime
    actor: str
    presence: presence.Presence


def build(view: View) -> Topbar:
    """Costs no query."""
    incident = view.incident
    return Topbar(incident.id, incident.reference, view.now, view.actor.name, presence.build(view))
