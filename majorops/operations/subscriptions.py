"""Operations of subscribers. Most are done by strangers: they decide by a link, not by an account."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import delete, select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.announcing import BOUNCES, digest_end
from majorops.domain.chat import chat_of
from majorops.domain.enums import (
    ChannelKind,
    DeliveryState,
    Frequency,
    IncidentStatus,
    Notice,
    SubscriberState,
)
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import AuditKind
from majorops.models import Delivery, Incident, Subscriber, SubscriberIncident, SubscriberSystem
from majorops.operations import audit, operation
from majorops.operations.delivery import check_address
from majorops.operations.throttle import count_failure, forget_failures, paused_until

KINDS = (ChannelKind.EMAIL, ChannelKind.WEBHOOK)
PAUSED = "Too many subscriptions from here. Try again in 15 minutes."
CONFIRM = "confirm"
ENDED = "This subscription has ended. Nothing was saved."
IS_OVER = "This incident is over: nothing more is said about it."
NOTHING = "Choose what to hear of, or unsubscribe."
ONLY_EACH = "A webhook gets each update; digests are for e-mail, Slack and Teams."
ENDS_AT_ONCE = 500


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
    frequency: Frequency = Frequency.EACH,
    incident: int | None = None,
) -> Subscriber:
    """Ask to be told: of everything, of `systems`, or of the one incident with this number.

    `origin`: the network address that asks, which is limited.

    A new address waits until it has confirmed: a mail and a chat channel by a link, which whoever can read it
    may press, a webhook by answering. Who waits or left or bounced before begins anew; of who is active
    nothing changes but by such a link, so that nobody can change somebody else's. Raises Invalid, Conflict.
    """
    if kind not in KINDS:
        raise Invalid({"kind": "Choose e-mail or webhook."})
    address = check_address(kind, address)
    address = address.lower() if kind is ChannelKind.EMAIL else address
    _check_frequency(kind, address, frequency)
    keys = [f"subscribe:{origin}", _count_of(address)]
    if paused_until(keys, now, lock=True):
        raise Conflict(PAUSED)
    count_failure(keys, now)
    row = db.session.scalar(select(Subscriber).filter_by(kind=kind, address=address))
    if row is not None and row.state is SubscriberState.ACTIVE:
        if confirms_by_link(row):
            _ask_to_confirm(row, now, incident)
        audit(AuditKind.SUBSCRIBER_AGAIN, str(row), actor=actor, now=now)
        return row
    if row is None:
        row = Subscriber(kind=kind, address=address, nonce=_nonce(), created_at=now)
        db.session.add(row)
    row.state, row.language, row.changed_at, row.failures = SubscriberState.WAITING, language, now, 0
    row.frequency = frequency
    row.secret = None if confirms_by_link(row) else secrets.token_urlsafe(32)
    row.incidents = []
    _choose(row, wants_all=not systems and incident is None, systems=systems)
    row.nonce = _nonce()
    db.session.flush()
    _ask_to_confirm(row, now, incident)
    audit(AuditKind.SUBSCRIBER_ASKED, str(row), actor=actor, now=now)
    return row


@operation(needs=None)
def confirm(row: Subscriber, *, actor: Actor, now: datetime, incident: int | None = None) -> None:
    """Mark the address of a subscriber who waits as confirmed; who left or bounced stays so.

    `incident`: what the address asked to follow. Raises Conflict where that is over, or not public any more.
    """
    follows = incident is not None and incident not in row.incident_numbers
    if row.state not in (SubscriberState.WAITING, SubscriberState.ACTIVE):
        return
    if incident is not None and not _running([incident]):
        raise Conflict(IS_OVER)
    if row.state is SubscriberState.WAITING:
        row.state, row.changed_at, row.digest_since = SubscriberState.ACTIVE, now, _since(row, now)
        audit(AuditKind.SUBSCRIBER_CONFIRMED, str(row), actor=actor, now=now)
    if incident is not None and follows:
        row.incidents.append(SubscriberIncident(incident_id=incident))
        row.changed_at = now
        audit(AuditKind.SUBSCRIBER_CHANGED, str(row), actor=actor, now=now)


@operation(needs=None)
def change_subscription(
    row: Subscriber,
    *,
    wants_all: bool,
    systems: list[str],
    incidents: list[int],
    frequency: Frequency,
    language: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Have an active subscriber told of everything or of these systems, how often and in which language.

    `incidents`: of those that it follows, what it goes on following. Raises Conflict where the subscription
    is not active, Invalid (nothing chosen; a digest for a webhook).
    """
    if row.state is not SubscriberState.ACTIVE:
        raise Conflict(ENDED)
    _check_frequency(row.kind, row.address, frequency)
    followed = [one for one in row.incidents if one.incident_id in incidents]
    if not (wants_all or systems or followed):
        raise Invalid({"scope": NOTHING})
    if frequency is not row.frequency:
        is_new = row.frequency is Frequency.EACH
        told_until = now if is_new else digest_end(row.frequency, now)
        row.frequency, row.digest_since = frequency, None if frequency is Frequency.EACH else told_until
    row.incidents, row.language, row.changed_at = followed, language, now
    _choose(row, wants_all=wants_all, systems=systems)
    audit(AuditKind.SUBSCRIBER_CHANGED, str(row), actor=actor, now=now)


@operation(needs=None)
def resume(row: Subscriber, *, actor: Actor, now: datetime) -> None:
    """Begin an ended subscription again, as it was; of everything where all that it chose is over.

    Whoever has the link has read a message to the address: that confirms it. An active one stays as it is.
    Raises Conflict for one that never was confirmed.
    """
    if row.state is SubscriberState.WAITING:
        raise Conflict("This subscription is not confirmed yet.")
    if row.state is SubscriberState.ACTIVE:
        return
    running = _running(row.incident_numbers)
    row.incidents = [one for one in row.incidents if one.incident_id in running]
    row.wants_all = row.wants_all or row.wants_nothing
    row.state, row.changed_at, row.failures = SubscriberState.ACTIVE, now, 0
    row.digest_since = _since(row, now)
    audit(AuditKind.SUBSCRIBER_RESUMED, str(row), actor=actor, now=now)


@operation(needs=None)
def end_followed(row: Subscriber, incident: int, *, actor: Actor, now: datetime) -> None:
    """End what a subscriber follows with the last message of it; the subscription, where that was all."""
    if incident in row.incident_numbers:
        row.incidents = [one for one in row.incidents if one.incident_id != incident]
        _end_if_empty(row, now)
        audit(AuditKind.SUBSCRIBER_ENDED, str(row), actor=actor, now=now)


@operation(needs=None)
def end_resolved(*, before: datetime, actor: Actor, now: datetime) -> int:
    """End what was followed of incidents that were resolved before, whatever became of the last message.

    Returns how many, at most ENDS_AT_ONCE: the rest is left to the next call.
    """
    over = (
        select(Subscriber, SubscriberIncident.incident_id)
        .join(SubscriberIncident, SubscriberIncident.subscriber_id == Subscriber.id)
        .join(Incident, Incident.id == SubscriberIncident.incident_id)
        .where(Incident.resolved_at < before)
        .limit(ENDS_AT_ONCE)
    )
    rows = db.session.execute(over).all()
    for row, number in rows:
        end_followed(row, number, actor=actor, now=now)
    return len(rows)


def _end_if_empty(row: Subscriber, now: datetime) -> None:
    if row.wants_nothing and row.state is SubscriberState.ACTIVE:
        row.state, row.changed_at = SubscriberState.LEFT, now


def _running(numbers: list[int]) -> set[int]:
    """Those of the incidents that the public knows and that are not over."""
    rows = db.session.scalars(select(Incident).where(Incident.id.in_(numbers))).all()
    return {row.id for row in rows if row.is_shown and row.status is not IncidentStatus.RESOLVED}


def _since(row: Subscriber, now: datetime) -> datetime | None:
    return None if row.frequency is Frequency.EACH else now


def confirms_by_link(row: Subscriber) -> bool:
    """People read what is sent there, and one of them presses the link; a webhook confirms by answering."""
    return row.kind is ChannelKind.EMAIL or chat_of(row.address) is not None


def _check_frequency(kind: ChannelKind, address: str, frequency: Frequency) -> None:
    if kind is ChannelKind.WEBHOOK and chat_of(address) is None and frequency is not Frequency.EACH:
        raise Invalid({"frequency": ONLY_EACH})


@operation(needs=None)
def leave(row: Subscriber, *, actor: Actor, now: datetime) -> None:
    """Tell a subscriber nothing more; what waits for them is not sent. A second time changes nothing.

    How often this address was asked is forgotten: whoever leaves has read what it was sent.
    """
    if row.state is not SubscriberState.LEFT:
        forget_failures([_count_of(row.address)])
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
    row.nonce = _nonce()
    _ask_to_confirm(row, now)
    audit(AuditKind.SUBSCRIBER_ASKED, str(row), actor=actor, now=now)


@operation(needs=Permission.DATA_MANAGE)
def erase_subscriber(row: Subscriber, *, actor: Actor, now: datetime) -> None:
    """Delete an address and all messages to it, as the person asked. The audit keeps its number and kind."""
    db.session.execute(delete(Delivery).where(Delivery.subscriber_id == row.id))
    forget_failures([_count_of(row.address)])
    audit(AuditKind.SUBSCRIBER_ERASED, str(row), actor=actor, now=now)
    db.session.delete(row)


def _count_of(address: str) -> str:
    """The key by which it is counted how often an address is asked to confirm."""
    return f"subscriber:{address[:250]}"


def _choose(row: Subscriber, *, wants_all: bool, systems: list[str]) -> None:
    row.wants_all = wants_all
    known = {one.name: one for one in row.systems}
    names = [] if wants_all else dict.fromkeys(systems)
    row.systems = [known.get(name) or SubscriberSystem(name=name) for name in names]


def _ask_to_confirm(row: Subscriber, now: datetime, incident: int | None = None) -> None:
    """The message that only this address can read; notifications/public.py makes its text when it goes."""
    act = f"{CONFIRM}:{row.id}:{row.nonce}" + (f":{incident}" if incident else "")
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
