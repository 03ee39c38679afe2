"""The dock of a phone: what opens the sheets."""

from __future__ import annotations

from dataclasses import dataclass

from majorops.domain.enums import Phase
from majorops.fireground.view import View


@dataclass(frozen=True)
class Dock:
    """What the dock shows; `can_update`: this person may write an update now."""

    phase: Phase
    can_update: bool


def build(view: View) -> Dock:
    """Costs no query."""
    return Dock(view.incident.phase, view.can_command)
