"""What came of a message by the way that it took, for the way's owner; and e-mail where a channel fails."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from majorops.db import db
from majorops.domain.enums import ChannelKind, DeliveryState, Notice
from majorops.models import Channel, Delivery, User
from majorops.operations.reader import texts, when

# Tries of a channel, about twenty seconds, until the same goes by e-mail as well: it is tried for an hour and
# a half, and an alarm cannot wait for that.
PATIENCE = 3
GIVEN_UP = frozenset({DeliveryState.FAILED, DeliveryState.NO_CHANNEL})


def note(
    row: Delivery, problem: str, settings: dict[str, Any], now: datetime, *, is_gone: bool = False
) -> None:
    """Keep what came of a message to an account on its channel; the caller commits.

    `problem`: why it did not arrive, empty when it did; `is_gone`: the channel is about to be removed. What a
    channel did not take goes by e-mail, once for each act and person. When it is given up the owner of the
    channel is told, once until it works again.
    """
    way: Channel | User | None = row.channel or (row.user if row.kind is ChannelKind.EMAIL else None)
    if way is None:
        return
    if not problem:
        way.reached_at = now
        return
    way.unreached_at, way.unreached_why = now, problem[:500]
    if row.channel is None or row.user is None or not settings["SMTP_URL"]:
        return
    if row.state in GIVEN_UP or row.attempts >= PATIENCE:
        _send_by_mail(row, row.channel, row.user, problem, now)
    if row.state in GIVEN_UP:
        _tell_owner(row.channel, row.user, problem, now, is_gone=is_gone)


def _send_by_mail(row: Delivery, channel: Channel, user: User, problem: str, now: datetime) -> None:
    known = select(Delivery.id).where(
        Delivery.act == row.act,
        Delivery.user_id == user.id,
        Delivery.kind == ChannelKind.EMAIL,
        Delivery.state.not_in(GIVEN_UP),
    )
    if db.session.scalar(known.limit(1)):
        return
    why = texts(user.language)("inside.instead", channel=channel.label, why=problem)
    # The key that the outbox gives to this act, person and address: it is one message, whoever asks for it.
    key = f"{row.act} {user.id} {ChannelKind.EMAIL} {user.email}"
    text = {"subject": row.subject, "body": f"{row.body}\n\n{why}"}
    about = {"incident_id": row.incident_id, "publication_id": row.publication_id, "notice": row.notice}
    _add(user, key, now, act=row.act, **about, **text)


def _tell_owner(channel: Channel, user: User, problem: str, now: datetime, *, is_gone: bool) -> None:
    if channel.kind is ChannelKind.EMAIL and channel.address == user.email:
        return  # no mail says that mail fails
    t, name = texts(user.language), channel.label
    failed = t("inside.fails", channel=name, at=when(now, t, user.time_zone), why=problem)
    body = f"{failed}\n{t('inside.gone' if is_gone else 'inside.mend')}"
    act = f"channel:{channel.id}"
    key = f"{act} {channel.address} {channel.reached_at}"  # one time of failing
    _add(user, key, now, act=act, notice=Notice.CHANNEL, subject=t("inside.failing", channel=name), body=body)


def _add(user: User, key: str, now: datetime, **values: Any) -> None:
    row = {
        "key": sha256(key.encode()).hexdigest(),
        "recipient": user.name,
        "user_id": user.id,
        "kind": ChannelKind.EMAIL,
        "address": user.email,
        "state": DeliveryState.PENDING,
        "next_at": now,
        "created_at": now,
        **values,
    }
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    # Two channels of one person may fail at the same moment.
    db.session.execute(dialect.insert(Delivery).values(**row).on_conflict_do_nothing(index_elements=["key"]))
