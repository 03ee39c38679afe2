"""Devices: a browser of a person that gets push messages, switched on there and nowhere else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from majorops.db import db
from majorops.domain.access import Actor
from majorops.domain.enums import ChannelKind, DeliveryState
from majorops.domain.errors import Forbidden, Invalid
from majorops.domain.events import AuditKind
from majorops.domain.push import address_problem, joined
from majorops.domain.text import clean_line
from majorops.models import Channel, Delivery, User
from majorops.operations import audit, operation
from majorops.operations.own_notices import check_room

SIGNED_OUT = "signed out there"
GONE = "the push service says that it is gone"
UNREADABLE = "This browser did not say how to reach it. Reload the page and press again."


@operation(needs=None)
def add_device(*, address: str, key: str, auth: str, name: str, actor: Actor, now: datetime) -> Channel:
    """Switch push messages on for a browser of the person who acts.

    `address`, `key`, `auth`: what the browser gave (a PushSubscription). A browser tells one person: whoever
    had it before has it no more. The same browser a second time is the same device, with its newest keys.
    Raises Invalid, Forbidden.
    """
    user = db.session.get(User, actor.user_id) if actor.user_id else None
    if user is None:
        raise Forbidden("Only accounts are told anything.")
    if problem := address_problem(address):
        raise Invalid({"device": problem})
    try:
        secret = joined(key, auth)
    except ValueError:
        raise Invalid({"device": UNREADABLE}) from None
    name = clean_line(name)[:80] or "Unknown browser"
    for other in db.session.scalars(select(Channel).filter_by(kind=ChannelKind.PUSH, address=address)):
        if other.user_id == user.id:
            return _kept(other, secret, name, actor=actor, now=now)
        _remove(other, f"{user.name} switched it on", actor=actor, now=now)
    check_room(user.id, "device")
    device = Channel(
        user_id=user.id, user=user, kind=ChannelKind.PUSH, address=address, secret=secret, name=name
    )
    db.session.add(device)
    db.session.flush()
    audit(AuditKind.CHANNEL_ADDED, str(device), actor=actor, now=now)
    return device


def _kept(device: Channel, secret: str, name: str, *, actor: Actor, now: datetime) -> Channel:
    if (device.secret, device.name, device.is_active) != (secret, name, True):
        device.secret, device.name, device.is_active = secret, name, True
        audit(AuditKind.CHANNEL_CHANGED, str(device), detail="on", actor=actor, now=now)
    return device


@operation(needs=None)
def remove_left_device(channel_id: int, *, actor: Actor, now: datetime) -> None:
    """Whoever signed out of this browser is told nothing more there; nothing where it is gone already."""
    device = _device(channel_id)
    if device is not None and device.user_id == actor.user_id:
        _remove(device, SIGNED_OUT, actor=actor, now=now)


@operation(needs=None)
def remove_gone_device(channel_id: int, *, actor: Actor, now: datetime) -> None:
    """Forget a device that its push service does not know any more (404 or 410, RFC 8030, 7.3)."""
    device = _device(channel_id)
    if device is not None:
        _remove(device, GONE, actor=actor, now=now)


def devices_of(user_id: int | None) -> list[Channel]:
    """The devices of an account, the oldest first."""
    rows = select(Channel).filter_by(user_id=user_id, kind=ChannelKind.PUSH)
    return list(db.session.scalars(rows.order_by(Channel.id)))


def _device(channel_id: int) -> Channel | None:
    found = db.session.get(Channel, channel_id)
    return found if found is not None and found.kind is ChannelKind.PUSH else None


def _remove(device: Channel, why: str, *, actor: Actor, now: datetime) -> None:
    waiting = (Delivery.channel_id == device.id, Delivery.state == DeliveryState.PENDING)
    quiet = {"state": DeliveryState.QUIET, "last_error": f"Not sent: {why}."}
    db.session.execute(update(Delivery).where(*waiting).values(**quiet))
    audit(AuditKind.CHANNEL_REMOVED, str(device), detail=why, actor=actor, now=now)
    db.session.delete(device)
