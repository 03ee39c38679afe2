"""Operations of subscribers. Most are done by strangers: they decide by a link, not by an account."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import delete, select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.announcing import BOUNCES
from majorops.domain.enums import ChannelKind, DeliveryState, Notice, SubscriberState
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import AuditKind
from majorops.models import Delivery, Subscriber, SubscriberSystem
from majorops.operations import audit, operation
from majorops.operations.delivery import check_address
from majorops.operations.throttle import count_failure, paused_until

KINDS = (ChannelKind.EMAIL, ChannelKind.WEBHOOK)
PAUSED = "Too many subscriptions from here. Try again in 15 minutes."
CONFIRM = "confirm"


@operation(needs=None)
def subscribe(
    *,
    kind: ChannelKind,
    address: str,
    systems: list[str],
    language: str,
    origin: str,
    actor: Actor,
    now: datetime,
) -> Subscriber:
    """Ask to be told: of everything, or of `systems`.

    `origin`: the network address that asks, which is limited.

    A new address waits until it has confirmed: a mail by its link, a webhook by answering. Who waits or
    left or bounced before begins anew; who is active is left alone, so that nobody can change somebody
    else's. Raises Invalid, Conflict.
    """
    if kind not in KINDS:
        raise Invalid({"kind": "Choose e-mail or webhook."})
    address = check_address(kind, address)
    address = address.lower() if kind is ChannelKind.EMAIL else address
    keys = [f"subscribe:{origin}", f"subscriber:{address[:250]}"]
    if paused_until(keys, now, lock=True):
        raise Conflict(PAUSED)
    count_failure(keys, now)
    row = db.session.scalar(select(Subscriber).filter_by(kind=kind, address=address))
    if row is not None and row.state is SubscriberState.ACTIVE:
        audit(AuditKind.SUBSCRIBER_AGAIN, str(row), actor=actor, now=now)
        return row
    if row is None:
        row = Subscriber(kind=kind, address=address, nonce=_nonce(), created_at=now)
        db.session.add(row)
    row.state, row.language, row.changed_at, row.failures = SubscriberState.WAITING, language, now, 0
    row.secret = secrets.token_urlsafe(32) if kind is ChannelKind.WEBHOOK else None
    _choose(row, systems)
    db.session.flush()
    _ask_to_confirm(row, now)
    audit(AuditKind.SUBSCRIBER_ASKED, str(row), actor=actor, now=now)
    return row


@operation(needs=None)
def confirm(row: Subscriber, *, actor: Actor, now: datetime) -> None:
    """Mark the address of a subscriber who waits as confirmed; in any other state nothing changes."""
    if row.state is SubscriberState.WAITING:
        row.state, row.changed_at = SubscriberState.ACTIVE, now
        audit(AuditKind.SUBSCRIBER_CONFIRMED, str(row), actor=actor, now=now)


@operation(needs=None)
def choose_systems(row: Subscriber, systems: list[str], *, actor: Actor, now: datetime) -> None:
    """Have a subscriber told of these systems alone; of everything where none is given."""
    _choose(row, systems)
    row.changed_at = now
    audit(AuditKind.SUBSCRIBER_CHANGED, str(row), actor=actor, now=now)


@operation(needs=None)
def leave(row: Subscriber, *, actor: Actor, now: datetime) -> None:
    """Tell a subscriber nothing more; what waits for them is not sent. A second time changes nothing."""
    if row.state is not SubscriberState.LEFT:
        row.state, row.changed_at = SubscriberState.LEFT, now
        audit(AuditKind.SUBSCRIBER_LEFT, str(row), actor=actor, now=now)


@operation(needs=None)
def note_bounce(row: Subscriber, is_gone: bool, *, actor: Actor, now: datetime) -> None:
    """Count a message that cannot be delivered, however often it is tried; it may end the subscription.

    `is_gone`: the receiver said so, and one is enough; else it takes two in a row.
    """
    row.failures += 1
    if row.state is SubscriberState.ACTIVE and (is_gone or row.failures >= BOUNCES):
        row.state, row.changed_at = SubscriberState.BOUNCED, now
    audit(AuditKind.SUBSCRIBER_BOUNCED, str(row), detail=f"{row.failures} in a row", actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def ask_again(row: Subscriber, *, actor: Actor, now: datetime) -> None:
    """Send the confirmation once more, to who waits or bounced. Raises Conflict."""
    if row.state in (SubscriberState.ACTIVE, SubscriberState.LEFT):
        raise Conflict(f"This subscriber is {row.state.label.lower()}.")
    row.state, row.failures, row.changed_at = SubscriberState.WAITING, 0, now
    _ask_to_confirm(row, now)
    audit(AuditKind.SUBSCRIBER_ASKED, str(row), actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def erase_subscriber(row: Subscriber, *, actor: Actor, now: datetime) -> None:
    """Delete an address and all messages to it, as the person asked. The audit keeps its number and kind."""
    db.session.execute(delete(Delivery).where(Delivery.subscriber_id == row.id))
    audit(AuditKind.SUBSCRIBER_ERASED, str(row), actor=actor, now=now)
    db.session.delete(row)


def _choose(row: Subscriber, systems: list[str]) -> None:
    row.wants_all = not systems
    row.systems = [SubscriberSystem(name=name) for name in dict.fromkeys(systems)]


def _ask_to_confirm(row: Subscriber, now: datetime) -> None:
    """The message that only this address can read; notifications/public.py makes its text when it goes."""
    row.nonce = _nonce()
    act = f"{CONFIRM}:{row.id}:{row.nonce}"
    db.session.add(
        Delivery(
            key=secrets.token_hex(32),
            notice=Notice.PUBLIC,
            act=act,
            recipient=f"Subscriber {row.id}",
            subscriber_id=row.id,
            kind=row.kind,
            address=row.address,
            subject="",
            body="",
            state=DeliveryState.PENDING,
            next_at=now,
            created_at=now,
        )
    )


def _nonce() -> str:
    return secrets.token_hex(8)
