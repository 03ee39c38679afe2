"""The dock of a phone: what opens the sheets."""

from __future__ import annotations

from dataclasses import dataclass

from majorops.domain.enums import Phase
from majorops.fireground.view import View


@dataclass(frozen=True)
class Dock:
    phase: Phase
    can_update: bool


def build(view: View) -> Dock:
    return Dock(view.incident.phase, view.can_command)
