"""The outbox: messages are rows written in the transaction of the act they tell of.

The worker sends them later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256

from flask import current_app
from sqlalchemy import insert, select

from majorops.db import db
from majorops.domain.enums import AccountRole, ChannelKind, DeliveryState, Notice
from majorops.domain.notices import DEFAULTS, NO_MAIL, Reach
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
) -> dict[int, Reach]:
    """Queue one message to each channel of each of `people`; part of an operation.

    Returns what that is to each person, by account: queued, without a channel, or kept quiet. Nobody is
    told before the worker says so.

    `act` names what happened (`alarm:42:3`), once and for all: the same act to the same address is
    one message, however often it is asked for. A drill stays quiet; who has no channel is kept in
    the ledger as such.
    """
    wanting = roles_that_want(notice)
    told = [user for user in dict.fromkeys(people) if user.role in wanting]
    rows: dict[str, dict[str, object]] = {}
    people_reached: dict[int, Reach] = {}
    for user, channel in _channels(told):
        kind, address = (channel.kind, channel.address) if channel else (None, "")
        key = sha256(f"{act} {user.id} {kind} {address}".encode()).hexdigest()
        state, why = _state(incident, channel)
        people_reached[user.id] = min(people_reached.get(user.id, Reach.QUIET), REACH_OF[state])
        rows[key] = {
            "key": key,
            "incident_id": incident.id,
            "notice": notice,
            "act": act,
            "recipient": user.name,
            "user_id": user.id,
            "channel_id": channel.id if channel else None,
            "kind": kind,
            "address": address,
            "subject": subject[:300],
            "body": body,
            "state": state,
            "last_error": why,
            "next_at": now,
            "created_at": now,
        }
    known = set(db.session.scalars(select(Delivery.key).where(Delivery.act == act)))
    if fresh := [row for key, row in rows.items() if key not in known]:
        db.session.execute(insert(Delivery), fresh)  # at once: objects would go one by one
    return people_reached


REACH_OF = {
    DeliveryState.PENDING: Reach.QUEUED,
    DeliveryState.NO_CHANNEL: Reach.NO_CHANNEL,
    DeliveryState.QUIET: Reach.QUIET,
}


def _state(incident: Incident, channel: Channel | None) -> tuple[DeliveryState, str]:
    """How a message begins, with why it will not be sent.

    Without a mail server e-mail is no channel, and the record says so at once; only where another
    process delivers its own settings decide.
    """
    if incident.is_drill:
        return DeliveryState.QUIET, "A drill: nothing is sent."
    if channel is None:
        return DeliveryState.NO_CHANNEL, "Every channel of this person is switched off."
    settings = current_app.config
    if channel.kind is ChannelKind.EMAIL and settings["WORKER"] and not settings["SMTP_URL"]:
        return DeliveryState.NO_CHANNEL, NO_MAIL
    return DeliveryState.PENDING, ""


def roles_that_want(notice: Notice) -> set[AccountRole]:
    """The roles whose accounts get this kind of notice: by the policies, else by default."""
    policies = dict(
        db.session.execute(select(NoticePolicy.role, NoticePolicy.is_on).filter_by(notice=notice)).all()
    )
    return {role for role in AccountRole if policies.get(role, notice in DEFAULTS[role])}


def _channels(people: list[User]) -> Iterator[tuple[User, Channel | None]]:
    """Each person with each active channel.

    The account's e-mail for who never chose one; None for who switched all off.
    """
    chosen: dict[int, list[Channel]] = {user.id: [] for user in people}
    for channel in db.session.scalars(
        select(Channel).where(Channel.user_id.in_(chosen)).order_by(Channel.id)
    ):
        chosen[channel.user_id].append(channel)
    for user in people:
        mail = Channel(user_id=user.id, kind=ChannelKind.EMAIL, address=user.email)
        active = [channel for channel in chosen[user.id] if channel.is_active]
        if chosen[user.id] and not active:
            yield user, None
        for channel in active or ([] if chosen[user.id] else [mail]):
            yield user, channel
