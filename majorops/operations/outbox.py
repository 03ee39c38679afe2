"""The outbox: messages are rows written in the transaction of the act they tell of; the worker sends them later."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select

from majorops.db import db
from majorops.domain.notices import DEFAULTS
from majorops.domain.vocab import AccountRole, ChannelKind, DeliveryState, Notice
from majorops.models import Channel, Delivery, Incident, NoticePolicy, User


def audience(roles: Iterable[AccountRole]) -> list[User]:
    """Active accounts of these roles, by name."""
    rows = (
        select(User).where(User.role.in_(list(roles)), User.is_active.is_(True)).order_by(User.name, User.id)
    )
    return list(db.session.scalars(rows))


def notify(
    incident: Incident,
    notice: Notice,
    act: str,
    people: Iterable[User],
    *,
    subject: str,
    body: str,
    now: datetime,
) -> int:
    """Queue one message to each channel of each of `people`; part of a verb. Returns how many people are told.

    `act` names what happened (`alarm:42:3`), once and for all: the same act to the same address is one message,
    however often it is asked for. A drill stays quiet; who has no channel is kept in the ledger as such.
    """
    told = [user for user in dict.fromkeys(people) if wants(user.role, notice)]
    channels = _channels(told)
    for user in told:
        for channel in channels[user.id]:
            _queue(incident, notice, act, user, channel, subject=subject, body=body, now=now)
    return len(told)


def wants(role: AccountRole, notice: Notice) -> bool:
    """Whether accounts of this role get this kind of notice: the policy's word, else the default."""
    policy = db.session.scalar(select(NoticePolicy.is_on).filter_by(role=role, notice=notice))
    return notice in DEFAULTS[role] if policy is None else policy


def _channels(people: list[User]) -> dict[int, list[Channel | None]]:
    """Each person's active channels; the account's e-mail for who never chose one; None for who switched all off."""
    rows = select(Channel).where(Channel.user_id.in_([user.id for user in people])).order_by(Channel.id)
    chosen: dict[int, list[Channel]] = {user.id: [] for user in people}
    for channel in db.session.scalars(rows):
        chosen[channel.user_id].append(channel)
    found: dict[int, list[Channel | None]] = {}
    for user in people:
        active = [channel for channel in chosen[user.id] if channel.is_active]
        mail = Channel(user_id=user.id, kind=ChannelKind.EMAIL, address=user.email)
        found[user.id] = active or ([None] if chosen[user.id] else [mail])
    return found


def _queue(
    incident: Incident,
    notice: Notice,
    act: str,
    user: User,
    channel: Channel | None,
    *,
    subject: str,
    body: str,
    now: datetime,
) -> None:
    kind, address = (channel.kind, channel.address) if channel else (None, "")
    key = sha256(f"{act} {user.id} {kind} {address}".encode()).hexdigest()
    if db.session.scalar(select(Delivery.id).filter_by(key=key)):
        return
    state = DeliveryState.QUIET if incident.is_drill else DeliveryState.PENDING
    db.session.add(
        Delivery(
            key=key,
            incident_id=incident.id,
            notice=notice,
            act=act,
            recipient=user.name,
            user_id=user.id,
            channel_id=channel.id if channel else None,
            kind=kind,
            address=address,
            subject=subject[:300],
            body=body,
            state=state if channel else DeliveryState.NO_CHANNEL,
            last_error="A drill: nothing is sent." if incident.is_drill else "",
            next_at=now,
            created_at=now,
        )
    )
