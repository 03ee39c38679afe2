"""The bar of the eight phases (domain §4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from majorops.domain.enums import Severity
from majorops.domain.phases import Step
from majorops.fireground.reads import phase_steps, time_in_phase
from majorops.fireground.view import View


@dataclass(frozen=True)
class Phases:
    """All eight phases, each with its state; `time_in_phase` ends with the incident."""

    severity: Severity
    steps: tuple[Step, ...]
    entered_at: datetime
    time_in_phase: timedelta


def build(view: View) -> Phases:
    """The bar of an incident; costs one query at most."""
    incident = view.incident
    return Phases(
        severity=incident.severity,
        steps=tuple(phase_steps(view)),
        entered_at=incident.phase_entered_at,
        time_in_phase=time_in_phase(view),
    )
