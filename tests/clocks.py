"""A test lives either by the fake clock, which it moves, or by the machine's, which every process reads:
never by one against the other. Tests that start a process of ours are marked `machine_clock`, and their
cast lives by it too.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess

from majorops import clock as module

# Fixtures whose tests have a process of ours beside them.
WITH_PROCESSES = frozenset({"server", "open_page", "work", "pair", "provider"})
REFUSAL = (
    "this test stands in the fake clock, and a process reads the machine's: mark it pytest.mark.machine_clock"
)


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now = datetime(2026, 11, 23, 14, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def tick(self, **delta) -> datetime:
        self.now += timedelta(**delta)
        return self.now


class MachineClock:
    """The machine's clock, for the cast of a test that starts a process. Nobody moves it."""

    def __call__(self) -> datetime:
        return module.now()

    def tick(self, **delta) -> datetime:
        raise RuntimeError("the machine's clock cannot be moved: give the acts their times yourself")


def stand_still(monkeypatch) -> Clock:
    """Everything in this process reads the clock that is returned; starting a process of ours is refused."""
    clock = Clock()
    monkeypatch.setattr(module, "now", clock)
    popen = subprocess.Popen.__init__

    def refuse_start(self) -> None:
        raise RuntimeError(REFUSAL)

    def guarded(self, args, *rest, **options) -> None:
        if not isinstance(args, str) and str(next(iter(args))) == sys.executable:
            raise RuntimeError(REFUSAL)
        popen(self, args, *rest, **options)

    monkeypatch.setattr(BaseProcess, "start", refuse_start)
    monkeypatch.setattr(subprocess.Popen, "__init__", guarded)
    return clock
