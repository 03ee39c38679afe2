"""The promised next update and its badge (guide, "Cadence commitment"): one rule for every screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from majorops.domain.vocab import IncidentStatus

SOON = timedelta(minutes=5)
HOLDING_TEXT = "Recovery track in progress. Next update in 15 minutes."
HOLDING_MINUTES = 15


class CadenceState(StrEnum):
    UNSET = "unset"
    DUE = "due"
    OVERDUE = "overdue"


@dataclass(frozen=True)
class Cadence:
    """`left` is the time until `due_at`, negative when overdue; both None when nothing was promised."""

    state: CadenceState
    due_at: datetime | None = None
    left: timedelta | None = None

    @property
    def is_soon(self) -> bool:
        return self.state is CadenceState.DUE and self.left <= SOON


def cadence(status: IncidentStatus, due_at: datetime | None, now: datetime) -> Cadence | None:
    """The badge of an incident, or None once it is resolved: nothing more is promised then."""
    if status is IncidentStatus.RESOLVED:
        return None
    if due_at is None:
        return Cadence(CadenceState.UNSET)
    state = CadenceState.OVERDUE if now >= due_at else CadenceState.DUE
    return Cadence(state, due_at, due_at - now)


def promise_after(
    standing: datetime | None, public_standing: bool, new: datetime | None, is_public: bool
) -> datetime | None:
    """The promise that the fireground shows after a publication with the promise `new` (None: makes none).

    An internal publication cannot answer what was promised to the public: while a public promise stands,
    the badge inside would otherwise be calmer than the one outside.
    """
    if new is None or (public_standing and not is_public):
        return standing
    return new
