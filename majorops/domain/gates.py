"""What must hold before an incident moves on (domain §4).

What refuses here also writes the sentence on the button.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from majorops.domain.enums import CheckState, IncidentStatus, Phase, Severity

CLEAN_WINDOW = timedelta(minutes=10)
STRICT = frozenset({Severity.CRITICAL, Severity.HIGH})


@dataclass(frozen=True)
class Situation:
    """All that the gates look at.

    `checks`: affected system → state of its validation. `window_started_at`: when the clean minutes began to
    count, None before validation. `after_action_at`: as the resolution milestone names it, None where it does
    not.
    """

    severity: Severity
    status: IncidentStatus
    phase: Phase
    window_started_at: datetime | None
    checks: dict[str, CheckState]
    has_resolution_milestone: bool = False
    after_action_at: datetime | None = None

    @property
    def is_strict(self) -> bool:
        """The ten-minute rule applies: Critical and High (guide, "The 10-minute rule")."""
        return self.severity in STRICT

    @property
    def confirmed(self) -> int:
        """How many affected systems are confirmed."""
        return sum(state is CheckState.CONFIRMED for state in self.checks.values())

    @property
    def window_opens_at(self) -> datetime | None:
        """When ten clean minutes will be over; None before validation."""
        return self.window_started_at and self.window_started_at + CLEAN_WINDOW


@dataclass(frozen=True)
class Blocker:
    """One closed gate, with the sentence on the button; `opens_at` None: time alone will not open it."""

    text: str
    opens_at: datetime | None = None


def advance_blockers(situation: Situation, to: Phase, now: datetime) -> list[Blocker]:
    """Why phase `to` may not be entered yet (domain §4, gates); empty when it may.

    Going back is no gate: it is refused always.
    """
    return validation_blockers(situation, now) if to is Phase.RESOLUTION else []


def status_blockers(situation: Situation, to: IncidentStatus, now: datetime) -> list[Blocker]:
    """Why status `to` may not be set yet (domain §4, gates); empty when it may.

    Each names one thing that is missing.
    """
    blockers: list[Blocker] = []
    if to is IncidentStatus.MONITORING and situation.phase < Phase.VALIDATION:
        blockers.append(Blocker("Monitoring needs phase 7 or 8."))
    if to is IncidentStatus.RESOLVED and situation.phase is not Phase.RESOLUTION:
        blockers.append(Blocker("Resolved needs phase 8."))
    blockers += validation_blockers(situation, now)
    if to is IncidentStatus.RESOLVED and situation.is_strict:
        if not situation.has_resolution_milestone:
            blockers.append(
                Blocker("Resolved needs a resolution milestone that names the After Action date.")
            )
        elif situation.after_action_at is None:
            blockers.append(Blocker("The resolution milestone names no After Action date."))
    return blockers


def validation_blockers(situation: Situation, now: datetime) -> list[Blocker]:
    """The ten-minute rule for Critical and High; empty when it holds, and for other severities.

    Ten minutes without a failed check, and every affected system confirmed (domain §4; guide, "The 10-minute
    rule").
    """
    if not situation.is_strict:
        return []
    severity, blockers = situation.severity.label, []
    opens_at = situation.window_opens_at
    if opens_at is None:
        blockers.append(Blocker(f"{severity} needs 10:00 of clean validation in phase 7."))
    elif now < opens_at:
        blockers.append(Blocker(f"{severity} needs 10:00 clean.", opens_at))
    if situation.confirmed < len(situation.checks):
        blockers.append(Blocker(f"{situation.confirmed}/{len(situation.checks)} systems confirmed."))
    return blockers


LAST_PHASE = "Phase 8 is the last one. Set the status to Resolved."


def symptoms_refusal(phase: Phase, is_resolved: bool) -> str:
    """Why symptoms cannot return now; empty when they can."""
    if phase < Phase.VALIDATION or is_resolved:
        return f"Symptoms return only in phase 7 or 8; the incident is in {phase.title}."
    return ""


def check_refusal(phase: Phase, is_resolved: bool) -> str:
    """Why no system is confirmed now; empty when it may be."""
    return "Systems are confirmed in phase 7 and 8." if phase < Phase.VALIDATION or is_resolved else ""


def not_yours(system: str) -> str:
    """Said to a responder about somebody else's system."""
    return f"{system} is not yours to confirm. Say it on the bridge."


def opens_at(blockers: list[Blocker]) -> datetime | None:
    """When waiting alone will open every gate; None if something else is missing too."""
    times = [blocker.opens_at for blocker in blockers if blocker.opens_at]
    return max(times) if times and len(times) == len(blockers) else None
