"""A test message to one's own address, and the sentence that says what became of it."""

from __future__ import annotations

from flask import current_app, flash

from majorops import clock
from majorops.domain.access import Actor
from majorops.notifications.selftest import send_test
from majorops.operations.delivery import record_test


def try_out(actor: Actor, address: str) -> None:
    """Send this person a test and keep what became of it; the next page says so."""
    problem = send_test(address, current_app.config)
    record_test(address, problem, actor=actor, now=clock.now())
    if problem:
        flash(f"The test to {address} did not arrive. {problem}", "error")
    else:
        flash(f"The mail server took the test to {address}. Look whether it lies in the inbox.", "done")
