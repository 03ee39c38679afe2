"""The tiles at the foot: what a glance must tell (guide, "At a glance")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from majorops.domain import measures
from majorops.domain.cadence import Cadence
from majorops.domain.enums import ExternalImpact, Phase
from majorops.domain.gates import STRICT
from majorops.fireground.reads import cadence, update_count
from majorops.fireground.view import View

OUTSIDE = {
    ExternalImpact.YES: "external",
    ExternalImpact.LIKELY: "external, likely",
    ExternalImpact.NO: "internal",
}


@dataclass(frozen=True)
class Tiles:
    """The five tiles.

    `amber`, `red`: seconds until the duration turns, while it runs. `customers` is None where unknown.
    """

    duration: timedelta
    duration_colour: str
    opened_at: datetime
    is_resolved: bool
    amber: int
    red: int
    impact: timedelta
    impact_from: datetime
    is_impact_over: bool
    customers: int | None
    is_approximate: bool
    outside: str
    phase: Phase
    updates: int
    cadence: Cadence | None


def build(view: View) -> Tiles:
    """The tiles as of now; the durations are those of `domain.measures`."""
    incident, now = view.incident, view.now
    amber, red = view.thresholds[incident.severity in STRICT]
    duration = measures.total_duration(incident.opened_at, incident.resolved_at, now)
    impact_from = measures.impact_started_at(incident.issue_time, incident.detected_at)
    impact_to = measures.impact_ended_at(incident.resolve_time, incident.resolved_at)
    return Tiles(
        duration=duration,
        duration_colour=measures.duration_colour(duration, (amber, red)),
        opened_at=incident.opened_at,
        is_resolved=incident.is_resolved,
        amber=amber * 60,
        red=red * 60,
        impact=measures.impact_duration(impact_from, impact_to, now),
        impact_from=impact_from,
        is_impact_over=impact_to is not None,
        customers=incident.customer_count,
        is_approximate=incident.customer_count_is_approximate,
        outside=OUTSIDE.get(incident.external_impact, ""),
        phase=incident.phase,
        updates=update_count(view),
        cadence=cadence(view),
    )
