"""The one nudge of the fireground: the next thing that must not be forgotten (domain §4, coach)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from majorops.domain.cadence import Cadence, CadenceState


@dataclass(frozen=True)
class Nudge:
    """`since` counts up from there, `until` counts down to it; `action` settles it: holding or write."""

    what: str
    why: str
    tone: str  # red, amber
    action: str
    since: datetime | None = None
    until: datetime | None = None


def nudge(cadence: Cadence | None) -> Nudge | None:
    """The first nudge that applies, or None."""
    if cadence is None or cadence.due_at is None:
        return None
    if cadence.state is CadenceState.OVERDUE:
        why = f"Was due {cadence.due_at:%H:%M:%S}."
        return Nudge("Update overdue", why, "red", "holding", since=cadence.due_at)
    if cadence.is_soon:
        why = f"Promised {cadence.due_at:%H:%M:%S}."
        return Nudge("Update due in", why, "amber", "write", until=cadence.due_at)
    return None
