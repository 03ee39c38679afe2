"""The times that one press offers for the After Action, in UTC."""

from datetime import UTC, datetime

import pytest

from majorops.domain.after_action import OFFERED, WITHIN, offered_at

DAYS = [
    datetime(2026, 3, 1, 0, 0, 0, 1, tzinfo=UTC),
    datetime(2028, 2, 28, 23, 59, 59, tzinfo=UTC),
    datetime(2030, 12, 31, 23, 59, 50, tzinfo=UTC),
]


@pytest.mark.parametrize("now", DAYS)
def test_after_action_chips_lie_ahead_within_72_hours(now):
    for choice in OFFERED:
        assert now < offered_at(choice, now) <= now + WITHIN
    tomorrow = offered_at("tomorrow", now)
    assert (tomorrow.hour, tomorrow.minute, tomorrow.second) == (10, 0, 0)
    assert (tomorrow.date() - now.date()).days == 1
    assert offered_at("", now) is offered_at("never", now) is None
