"""Which messages are due, and how long one waits for its next try."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_

from majorops.domain.enums import DeliveryState
from majorops.models import Delivery

LEASE = timedelta(seconds=30)  # longer than any conversation: whoever holds a message longer is dead
# Between the tries, in seconds; after the last one the message is given up, one and a half hours later.
PAUSES = (5, 15, 45, 120, 300, 600, 900, 900, 900, 900, 900)
LONGEST = timedelta(seconds=1.5 * max(PAUSES))


def is_due(now: datetime) -> ColumnElement[bool]:
    """Waiting and due, or claimed by a worker that is dead.

    A time further ahead than any pause was written before the clock was set back: it counts as past, but for
    the end of somebody's quiet hours.
    """
    waits = and_(
        Delivery.state == DeliveryState.PENDING,
        or_(Delivery.next_at <= now, and_(Delivery.next_at > now + LONGEST, Delivery.held_until.is_(None))),
    )
    left = or_(Delivery.claimed_until <= now, Delivery.claimed_until > now + LONGEST)
    return or_(waits, and_(Delivery.state == DeliveryState.SENDING, left))


def is_for_people(now: datetime) -> ColumnElement[bool]:
    """Due, and to somebody who has a part in the response: subscribers can be thousands."""
    return and_(Delivery.subscriber_id.is_(None), is_due(now))


def pause(attempts: int) -> timedelta:
    """How long to wait after this many tries (from 1), a fifth more or less.

    What failed together does not come back together.
    """
    seconds = PAUSES[min(attempts, len(PAUSES)) - 1]
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 (no secret)
