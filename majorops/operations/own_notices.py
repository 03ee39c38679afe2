"""How a person is told, by that person: their channels, what they follow, their language and quiet hours."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import ChannelKind, DeliveryState, Followed
from majorops.domain.errors import Forbidden, Invalid, NotFound
from majorops.domain.events import AuditKind
from majorops.domain.notices import BRIEFED
from majorops.domain.quiet_hours import clock_words, time_zones
from majorops.domain.weekly import next_monday
from majorops.i18n import LANGUAGES
from majorops.models import Channel, Delivery, User
from majorops.operations import audit, operation
from majorops.operations.delivery import TOOK, account_of, change_channel, put_channel
from majorops.operations.outbox import roles_that_want

MOST_CHANNELS = 10
REMOVED = "Not sent: the channel was removed."


@operation(needs=None)
def save_notices(
    *,
    follows: Followed,
    language: str,
    time_zone: str,
    quiet_from: int | None,
    quiet_until: int | None,
    wants_digest: bool | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep what the person who acts chose for themselves (`models.account.User`).

    `wants_digest`: the weekly one, None for as it is. It goes by the time zone that is chosen here. Raises
    Invalid, Forbidden.
    """
    user = _own(actor)
    problems = {}
    if language not in LANGUAGES:
        problems["language"] = "Choose one of the languages."
    if time_zone not in time_zones():
        problems["time_zone"] = "Use a time zone such as Europe/Berlin or UTC."
    if (quiet_from is None) != (quiet_until is None):
        empty = "quiet_from" if quiet_from is None else "quiet_until"
        problems[empty] = "Quiet hours have a beginning and an end. Leave both empty for none."
    elif quiet_from is not None and quiet_from == quiet_until:
        problems["quiet_until"] = "They end at another time than they begin."
    if problems:
        raise Invalid(problems)
    chosen: dict[str, object] = {
        "follows": follows,
        "language": language,
        "time_zone": time_zone,
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
    }
    is_wanted = user.digest_at is not None if wants_digest is None else wants_digest
    if is_wanted != (user.digest_at is not None) or time_zone != user.time_zone:
        chosen["digest_at"] = next_monday(now, time_zone) if is_wanted else None
    if changed := [name for name, value in chosen.items() if getattr(user, name) != value]:
        for name in changed:
            setattr(user, name, chosen[name])
        audit(AuditKind.NOTICES_CHANGED, user.email, detail=notices_words(user), actor=actor, now=now)


def notices_words(user: User) -> str:
    """What the person chose, in one line."""
    quiet = "no quiet hours"
    if user.quiet_from is not None and user.quiet_until is not None:
        quiet = f"quiet {clock_words(user.quiet_from)} to {clock_words(user.quiet_until)}"
    digest = "; weekly digest" if user.digest_at else ""
    return f"{user.follows.label}; {user.language}; {user.time_zone}; {quiet}{digest}"


@operation(needs=None)
def add_own_channel(*, kind: ChannelKind, address: str, actor: Actor, now: datetime) -> Channel:
    """A way to reach the person who acts. Raises Invalid, Forbidden."""
    user = _own(actor)
    check_room(user.id, "address")
    return put_channel(user, kind, address, actor=actor, now=now)


def check_room(user_id: int, field: str) -> None:
    """Part of an operation that adds a channel. Raises Invalid, at `field`, where there are enough."""
    if (db.session.scalar(select(func.count(Channel.id)).filter_by(user_id=user_id)) or 0) >= MOST_CHANNELS:
        raise Invalid({field: f"At most {MOST_CHANNELS} channels and devices. Remove one first."})


@operation(needs=None)
def save_own_channel(
    channel_id: int, *, address: str, is_active: bool, actor: Actor, now: datetime
) -> Channel:
    """Change the address of one's own channel, switch it off or on. Raises Invalid, NotFound."""
    channel = own_channel(channel_id, actor)
    change_channel(channel, address, is_active, actor=actor, now=now)
    return channel


@operation(needs=None)
def remove_own_channel(channel_id: int, *, actor: Actor, now: datetime) -> None:
    """Forget one's own channel; what waits for it is not sent. Raises NotFound."""
    channel = own_channel(channel_id, actor)
    waiting = update(Delivery).where(
        Delivery.channel_id == channel.id, Delivery.state == DeliveryState.PENDING
    )
    db.session.execute(waiting.values(state=DeliveryState.QUIET, last_error=REMOVED))
    audit(AuditKind.CHANNEL_REMOVED, str(channel), actor=actor, now=now)
    db.session.delete(channel)


@operation(needs=None)
def record_own_test(way: Channel | User, problem: str, *, actor: Actor, now: datetime) -> None:
    """Keep what came of a test by this channel, or by the e-mail address of this account.

    `problem`: why it did not arrive; empty when it did. Raises Forbidden.
    """
    if isinstance(way, User) and way.id != actor.user_id:
        raise Forbidden("This is somebody else's address.")
    if isinstance(way, Channel) and way.user_id != actor.user_id and actor.refusal(Permission.DATA_MANAGE):
        raise Forbidden("This is somebody else's channel.")
    if problem:
        way.unreached_at, way.unreached_why = now, problem[:500]
    else:
        way.reached_at = now
    subject = way.email if isinstance(way, User) else str(way)
    audit(AuditKind.DELIVERY_TESTED, subject, detail=problem or TOOK, actor=actor, now=now)


def own_channel(channel_id: int, actor: Actor) -> Channel:
    """One's own channel. Raises NotFound, also for somebody else's."""
    channel = db.session.get(Channel, channel_id) if channel_id < 2**31 else None
    if channel is None or channel.user_id != actor.user_id:
        raise NotFound("There is no such channel of yours.")
    return channel


def own_channels(actor: Actor) -> list[Channel]:
    """The channels of the person who acts but for devices (`operations/devices.py`), the oldest first."""
    mine = select(Channel).where(Channel.user_id == actor.user_id, Channel.kind != ChannelKind.PUSH)
    return list(db.session.scalars(mine.order_by(Channel.id)))


def is_briefed(user: User) -> bool:
    """The person's role is told of milestones, updates or the resolution."""
    return any(user.role in roles_that_want(notice) for notice in BRIEFED)


def _own(actor: Actor) -> User:
    if actor.user_id is None:
        raise Forbidden("Only accounts are told anything.")
    return account_of(actor)
