"""The bar of the eight phases: what was gone through or skipped, where the incident is (domain §4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from majorops.domain.enums import Phase


@dataclass(frozen=True)
class Step:
    """A phase of the bar; `state`: done, skipped, current or future."""

    phase: Phase
    state: str  # done, skipped, current, future


def steps(current: Phase, entered: Iterable[Phase], is_over: bool) -> list[Step]:
    """The eight phases in order.

    `entered`: those that the record says were entered, phase 1 is where every incident begins;
    `is_over`: the incident is resolved, so nothing is current any more.
    """
    gone_through = {Phase.ALERT, *entered}

    def state(phase: Phase) -> str:
        if phase > current:
            return "future"
        if phase == current and not is_over:
            return "current"
        return "done" if phase in gone_through else "skipped"

    return [Step(phase, state(phase)) for phase in Phase]
