"""Waiting for something that happens elsewhere: in a process, on a thread, on the way."""

from __future__ import annotations

import time
from collections.abc import Callable

NEVER = 600.0  # seconds that somebody hangs: longer than any test may take (pyproject.toml)
LIMIT = 100.0  # seconds; a busy machine is no failure, what never happens is


def wait_for(condition: Callable[[], object], what: str, *, limit: float = LIMIT) -> object:
    """Ask `condition` again and again until it holds; returns what it returned.

    Raises AssertionError, with `what` was waited for, after `limit` seconds.
    """
    end = time.monotonic() + limit
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {limit:.0f} s: {what}"
        time.sleep(0.01)
    return found
