"""Digests: what was announced in a day or a week, to be told to those who chose that, if there was anything.

A digest is an announcement of announcements; the worker begins it by the clock.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, and_, func, or_, select

from majorops.db import db
from majorops.domain.access import SYSTEM, Actor
from majorops.domain.announcing import DIGEST, DIGEST_LONGEST, DIGEST_PERIOD, digest_act, digest_end
from majorops.domain.enums import Frequency, SubscriberState
from majorops.domain.events import AuditKind
from majorops.models import Announcement, Subscriber
from majorops.operations import audit, operation
from majorops.operations.announcements import announce


def begin_due_digests(now: datetime) -> None:
    """Begin the newest digest of each frequency that is due; nothing is written where nothing was said."""
    for frequency in DIGEST_PERIOD:
        end = digest_end(frequency, now)
        if not _has_begun(frequency, end) and _is_awaited(frequency) and _has_anything(frequency, end):
            begin_digest(frequency, end, actor=SYSTEM, now=now)


@operation(needs=None)
def begin_digest(frequency: Frequency, end: datetime, *, actor: Actor, now: datetime) -> None:
    """Announce the digest of what was said before `end`, once."""
    if not _has_begun(frequency, end):
        announce(digest_act(frequency, end), now)
        audit(AuditKind.DIGEST_BEGUN, digest_act(frequency, end), actor=actor, now=now)


def digest_window(act: str) -> tuple[Frequency, datetime, datetime]:
    """Frequency, begin and end of what the digest with this act tells of. Raises ValueError for no digest.

    It begins where the one before ended, as the worker may have stood still; without one, a day or a week
    before its end.
    """
    kind, name, day = act.split(":")
    if kind != DIGEST:
        raise ValueError(act)
    frequency = Frequency(name)
    end = digest_end(frequency, datetime.fromisoformat(f"{day}T23:59:00+00:00"))
    before = db.session.scalar(_digests(frequency).where(Announcement.act < act))
    if before is None:
        return frequency, end - DIGEST_PERIOD[frequency], end
    last = digest_end(frequency, datetime.fromisoformat(f"{before.rpartition(':')[2]}T23:59:00+00:00"))
    return frequency, max(last, end - DIGEST_LONGEST), end


def announced_between(start: datetime, end: datetime) -> Select[Announcement]:
    """A query for what was announced from `start` on and before `end`, the oldest first; no digests."""
    is_about = or_(Announcement.incident_id.is_not(None), Announcement.maintenance_id.is_not(None))
    between = and_(Announcement.at >= start, Announcement.at < end)
    return select(Announcement).where(between, is_about).order_by(Announcement.at, Announcement.id)


def _digests(frequency: Frequency) -> Select[str]:
    """The newest digest of this frequency; told by the name, which the index of acts is ordered by."""
    prefix = f"{DIGEST}:{frequency.value}:"
    own = and_(Announcement.act >= f"{prefix}0000", Announcement.act <= f"{prefix}9999")
    return select(func.max(Announcement.act)).where(own)


def _has_begun(frequency: Frequency, end: datetime) -> bool:
    act = digest_act(frequency, end)
    return db.session.scalar(select(Announcement.id).filter_by(act=act)) is not None


def _is_awaited(frequency: Frequency) -> bool:
    row = select(Subscriber.id).filter_by(state=SubscriberState.ACTIVE, frequency=frequency)
    return db.session.scalar(row.limit(1)) is not None


def _has_anything(frequency: Frequency, end: datetime) -> bool:
    start = digest_window(digest_act(frequency, end))[1]
    return db.session.scalar(announced_between(start, end).limit(1)) is not None
