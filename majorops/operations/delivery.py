"""Operations on delivery of messages.

A message that is sent once more, how a person is reached, which role gets which notice.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.addresses import webhook_problem
from majorops.domain.chat import chat_problem
from majorops.domain.enums import AccountRole, ChannelKind, DeliveryState, Notice
from majorops.domain.errors import Conflict, Invalid
from majorops.domain.events import AuditKind
from majorops.domain.text import clean_line, web_link
from majorops.models import AuditEntry, Channel, Delivery, NoticePolicy, User
from majorops.operations import audit, operation
from majorops.operations.apprise_address import apprise_problem
from majorops.operations.outbox import roles_that_want
from majorops.operations.people import find_account

AGAIN = frozenset({DeliveryState.FAILED, DeliveryState.NO_CHANNEL})


@operation(needs=Permission.DATA_MANAGE)
def send_again(delivery: Delivery, *, actor: Actor, now: datetime) -> None:
    """Put a message that was given up, or had no channel, back into the outbox, with all its tries.

    Raises Conflict.
    """
    if refusal := again_refusal(delivery):
        raise Conflict(refusal)
    delivery.state, delivery.attempts, delivery.next_at = DeliveryState.PENDING, 0, now
    audit(AuditKind.DELIVERY_AGAIN, str(delivery), detail=delivery.subject, actor=actor, now=now)


def again_refusal(delivery: Delivery) -> str:
    """Why this message is not sent again; empty when it can be."""
    if delivery.state not in AGAIN:
        return f"Only what failed or had no channel is sent again; this one: {delivery.state.label.lower()}."
    return "" if delivery.kind else "The person has no channel. Add one; the next message takes it."


@operation(needs=Permission.DATA_MANAGE)
def add_channel(*, email: str, kind: ChannelKind, address: str, actor: Actor, now: datetime) -> Channel:
    """A way to reach an account; `email`: the account, as `find_account` takes it.

    A webhook gets a secret that signs its messages. Raises Invalid.
    """
    try:
        user = find_account(email)
    except ValueError as problem:
        raise Invalid({"email": str(problem)}) from None
    return put_channel(user, kind, address, actor=actor, now=now)


def put_channel(user: User, kind: ChannelKind, address: str, *, actor: Actor, now: datetime) -> Channel:
    """Add a channel; part of an operation that says whose. Raises Invalid."""
    address = _free_address(user.id, kind, address)
    secret = secrets.token_urlsafe(32) if kind is ChannelKind.WEBHOOK else None
    channel = Channel(user_id=user.id, user=user, kind=kind, address=address, secret=secret)
    db.session.add(channel)
    db.session.flush()
    audit(AuditKind.CHANNEL_ADDED, str(channel), actor=actor, now=now)
    return channel


def _free_address(user_id: int, kind: ChannelKind, typed: str) -> str:
    address = check_address(kind, typed)
    if db.session.scalar(select(Channel.id).filter_by(user_id=user_id, kind=kind, address=address)):
        raise Invalid({"address": "This person has this channel already."})
    return address


@operation(needs=Permission.DATA_MANAGE)
def save_channel(channel: Channel, *, address: str, is_active: bool, actor: Actor, now: datetime) -> None:
    """Change the address, switch off or on again. Raises Invalid."""
    change_channel(channel, address, is_active, actor=actor, now=now)


def change_channel(channel: Channel, typed: str, is_active: bool, *, actor: Actor, now: datetime) -> None:
    """As `save_channel`; part of an operation that says who may.

    With another address it is forgotten what came of the old one.
    """
    address = typed if typed == channel.address else check_address(channel.kind, typed)
    if (address, is_active) == (channel.address, channel.is_active):
        return
    if address != channel.address:
        channel.address = _free_address(channel.user_id, channel.kind, address)
        channel.reached_at, channel.unreached_at, channel.unreached_why = None, None, ""
    channel.is_active = is_active
    audit(AuditKind.CHANNEL_CHANGED, str(channel), detail="on" if is_active else "off", actor=actor, now=now)


def check_address(kind: ChannelKind, typed: str) -> str:
    """The address as it is kept. Raises Invalid at `address`."""
    address = clean_line(typed)
    if kind is ChannelKind.PAGER:
        raise Invalid({"address": "A pager belongs to a rota, not to a person."})
    if len(address) > 1000:
        raise Invalid({"address": f"At most 1,000 characters; this has {len(address):,}."})
    name, _, host = address.partition("@")
    if kind is ChannelKind.EMAIL and not (name and "." in host and " " not in address and "@" not in host):
        raise Invalid({"address": "Use an e-mail address such as name@example.org."})
    if kind is ChannelKind.WEBHOOK and (web_link(address) is None or not address.isascii()):
        raise Invalid({"address": "Use an address that begins with http:// or https://"})
    if kind is ChannelKind.WEBHOOK and (problem := webhook_problem(address) or chat_problem(address)):
        raise Invalid({"address": problem})
    if kind is ChannelKind.PUSH:
        raise Invalid({"address": "A device is switched on in its own browser, under Devices."})
    if kind is ChannelKind.APPRISE and (problem := apprise_problem(address)):
        raise Invalid({"address": problem})
    return address


@operation(needs=Permission.DATA_MANAGE)
def set_policy(
    role: AccountRole, notice: Notice, is_on: bool, *, actor: Actor, now: datetime
) -> NoticePolicy:
    """Decide whether accounts of a role get a kind of notice.

    Raises Invalid where that is the case already.
    """
    if (role in roles_that_want(notice)) is is_on:
        raise Invalid({"is_on": "That is how it is already."})
    policy = db.session.scalar(select(NoticePolicy).filter_by(role=role, notice=notice))
    if policy is None:
        policy = NoticePolicy(role=role, notice=notice)
        db.session.add(policy)
    policy.is_on = is_on
    word = "on" if is_on else "off"
    audit(AuditKind.POLICY_CHANGED, f"{role.label}: {notice.label}, {word}", actor=actor, now=now)
    db.session.flush()
    return policy


TOOK = "taken by the mail server"
TESTS_SHOWN, TESTS_AMONG = 5, 200


@operation(needs=Permission.DATA_MANAGE)
def record_test(address: str, problem: str, *, actor: Actor, now: datetime) -> None:
    """Keep that a test message was sent, and what became of it.

    `problem`: why it did not arrive; empty when it did.
    """
    audit(AuditKind.DELIVERY_TESTED, address, detail=problem or TOOK, actor=actor, now=now)


def newest_tests() -> list[AuditEntry]:
    """The five newest test messages, newest first, of the 200 newest audit entries: the audit only grows."""
    last = select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(TESTS_AMONG).subquery()
    rows = (
        select(AuditEntry)
        .join(last, last.c.id == AuditEntry.id)
        .where(AuditEntry.kind == AuditKind.DELIVERY_TESTED)
    )
    return list(db.session.scalars(rows.order_by(AuditEntry.id.desc()).limit(TESTS_SHOWN)))


def account_of(actor: Actor) -> User:
    """The account that acts."""
    return db.session.get_one(User, actor.user_id)


def unreachable(has_mail: bool) -> list[User]:
    """Active accounts whom no message would reach now, by name; `has_mail`: there is a mail server.

    Every channel is switched off, or is e-mail and there is no mail server.
    """
    usable = [Channel.is_active.is_(True)] + ([] if has_mail else [Channel.kind != ChannelKind.EMAIL])
    reached: ColumnElement[bool] = exists().where(Channel.user_id == User.id, *usable)
    if has_mail:  # who never chose a channel gets e-mail
        chose = exists().where(Channel.user_id == User.id, Channel.kind != ChannelKind.PUSH)
        reached = reached | ~chose
    rows = select(User).where(User.is_active.is_(True), ~reached).order_by(User.name, User.id)
    return list(db.session.scalars(rows))
