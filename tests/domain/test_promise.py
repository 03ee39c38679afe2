"""A text that names another time than its promise is found, and one that names the same is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from majorops.domain.cadence import HOLDING_MINUTES, HOLDING_TEXTS
from majorops.domain.promise import named_update, promise_question

NOW = datetime(2026, 11, 23, 14, 41, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "minutes", "question"),
    [
        ("Rollback runs. Next update in 15 minutes.", 15, ""),
        ("Rollback runs. Next update in 15 minutes.", 20, "The text says 15 minutes, the promise says 20."),
        ("next status update within about 30 min", 15, "The text says 30 minutes, the promise says 15."),
        ("Next update follows in 1 hour.", 60, ""),
        ("Next update in 2h.", 30, "The text says 2 h, the promise says 30."),
        ("Next update by 14:56 UTC.", 15, ""),
        ("Next update by 14:56:07.", 15, ""),
        ("Next update at 15:30 UTC.", 15, "The text says 15:30 UTC, the promise says 14:56 UTC."),
        ("Next update at 15:30 CET.", 15, ""),
        ("Next update at 99:99.", 15, ""),
        ("Last update was at 14:10. Rollback done in 30 minutes.", 15, ""),
        ("Next update when the rollback is done. It takes 40 minutes.", 15, ""),
        ("Next update in 15 minutes.", None, "The text says 15 minutes, nothing is promised."),
        ("No time here.", None, ""),
    ],
)
def test_a_text_that_names_another_time_than_its_promise(text, minutes, question):
    eta = None if minutes is None else NOW + timedelta(minutes=minutes)
    assert promise_question(text, eta, NOW) == question


def test_a_clock_time_after_midnight_is_tomorrow():
    now = datetime(2026, 12, 31, 23, 50, tzinfo=UTC)
    assert named_update("Next update by 00:10 UTC.", now).at == datetime(2027, 1, 1, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", HOLDING_TEXTS.values())
def test_the_holding_text_names_its_own_promise(text):
    assert named_update(text, NOW).at == NOW + timedelta(minutes=HOLDING_MINUTES)
