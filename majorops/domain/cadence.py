"""The promised next update and its badge (guide, "Cadence commitment"): one rule for every screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from majorops.domain.enums import IncidentStatus, Visibility

SOON = timedelta(minutes=5)
HOLDING_MINUTES = 15
HOLDING_TEXTS = {
    True: f"Recovery track in progress. Next update in {HOLDING_MINUTES} minutes.",
    False: f"Work continues. Next update in {HOLDING_MINUTES} minutes.",
}
"""What the holding milestone says: the guide's words ("If your ETA slips") only while a
recovery track runs.
"""


@dataclass(frozen=True)
class Holding:
    """What one press of *Post holding update* posts, and to whom."""

    visibility: Visibility
    text: str

    def __str__(self) -> str:
        return f"{self.visibility.value}: “{self.text}”"


def holding(is_meant_public: bool, has_running_track: bool) -> Holding:
    """The holding milestone of an incident: public where the public page shows it, or will."""
    visibility = Visibility.PUBLIC if is_meant_public else Visibility.INTERNAL
    return Holding(visibility, HOLDING_TEXTS[has_running_track])


class CadenceState(StrEnum):
    """How the promise stands: none made, due, overdue, or ended by the resolution milestone."""

    UNSET = "unset"
    DUE = "due"
    OVERDUE = "overdue"
    ENDED = "ended"


@dataclass(frozen=True)
class Cadence:
    """The badge of an incident: `left` is the time until `due_at`, negative when overdue.

    Both are None when nothing is promised: not yet, or not any more (`ended`, after the resolution
    milestone).
    """

    state: CadenceState
    due_at: datetime | None = None
    left: timedelta | None = None

    @property
    def turns_at(self) -> datetime | None:
        """When the badge says something else by time alone, or None."""
        if self.state is not CadenceState.DUE or self.due_at is None or self.left is None:
            return None
        return self.due_at - SOON if self.left > SOON else self.due_at

    @property
    def is_soon(self) -> bool:
        """The update is due within five minutes; False when it is overdue."""
        return self.state is CadenceState.DUE and self.left is not None and self.left <= SOON


@dataclass(frozen=True)
class Said:
    """What a publication did to the promise.

    It made one for `due_at`, or, being the resolution milestone, ended it.
    """

    due_at: datetime | None
    is_public: bool
    is_resolution: bool


def cadence(
    status: IncidentStatus, due_at: datetime | None, now: datetime, *, is_final: bool = False
) -> Cadence | None:
    """The badge of an incident at `now`, or None once it is resolved: nothing more is promised then.

    `is_final`: the resolution milestone came, and nothing is promised after it.
    """
    if status is IncidentStatus.RESOLVED:
        return None
    if due_at is None:
        return Cadence(CadenceState.ENDED if is_final else CadenceState.UNSET)
    state = CadenceState.OVERDUE if now >= due_at else CadenceState.DUE
    return Cadence(state, due_at, due_at - now)


def standing_promise(said: Iterable[Said]) -> tuple[datetime | None, bool]:
    """The promise that stands after these publications, and whether a resolution milestone ended it.

    `said`: oldest first. An internal publication cannot answer, or end, what was promised to the public:
    while a public promise stands, the badge inside would otherwise be calmer than the one outside.
    """
    due_at, is_final, is_outside = None, False, False
    for one in said:
        if is_outside and not one.is_public:
            continue
        if one.is_resolution:
            due_at, is_final, is_outside = None, True, False
        elif one.due_at:
            due_at, is_final, is_outside = one.due_at, False, one.is_public
    return due_at, is_final
