"""Subscribers: who is asked to confirm, who is left alone, whom a public update reaches."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from majorops.db import Base, db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import ChannelKind, DeliveryState, SubscriberState
from majorops.domain.errors import Conflict, Invalid
from majorops.models import AuditEntry, Delivery, Subscriber
from majorops.operations import subscriptions
from majorops.operations.announcements import reach


@pytest.fixture
def who(app, clock) -> dict:
    return {"actor": SYSTEM, "now": clock()}


def subscribe(who, address="v@example.org", **given) -> Subscriber:
    given = {"kind": ChannelKind.EMAIL, "systems": [], "language": "en", "origin": "192.0.2.1", **given}
    return subscriptions.subscribe(address=address, **given, **who)


def active(who, address: str, **given) -> Subscriber:
    row = subscribe(who, address, **given)
    subscriptions.confirm(row, **who)
    return row


def kinds() -> list[str]:
    return list(db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)))


def asked() -> int:
    return len(db.session.scalars(select(Delivery).filter_by(state=DeliveryState.PENDING)).all())


def test_only_mail_and_webhooks_subscribe(who):
    with pytest.raises(Invalid) as refused:
        subscribe(who, "slack://x", kind=ChannelKind.APPRISE)
    assert refused.value.errors == {"kind": "Choose e-mail or webhook."}


def test_a_stranger_changes_nothing_of_who_is_active(who):
    row = active(who, "v@example.org", systems=["cdn"])
    assert subscribe(who, "V@Example.org", systems=["dns"], language="fr") is row
    assert (row.state, row.system_names, row.language) == (SubscriberState.ACTIVE, ["cdn"], "en")
    assert asked() == 2  # that it is subscribed already, with the link to change it
    assert kinds()[-1] == "subscriber.again"


@pytest.mark.parametrize(
    ("times", "address", "origin"),
    [(3, "v@example.org", "192.0.2.{}"), (20, "v{}@example.org", "192.0.2.1")],
    ids=["of one address from anywhere", "of any address from one place"],
)
def test_subscriptions_are_limited(who, clock, times, address, origin):
    for n in range(times):
        subscribe(who, address.format(n), origin=origin.format(n))
    with pytest.raises(Conflict, match=r"Too many subscriptions from here\. Try again in 15 minutes\."):
        subscribe(who, address.format(times), origin=origin.format(times))
    subscribe({**who, "now": clock.tick(minutes=15)}, address.format(times), origin=origin.format(times))


def test_an_address_that_bounces_is_told_nothing_more_until_it_is_asked_again(who):
    gone, twice = (active(who, address) for address in ("gone@example.org", "twice@example.org"))
    subscriptions.note_bounce(gone, True, **who)
    subscriptions.note_bounce(twice, False, **who)
    assert (gone.state, twice.state) == (SubscriberState.BOUNCED, SubscriberState.ACTIVE)
    with pytest.raises(Conflict, match="This subscriber is active"):
        subscriptions.ask_again(twice, **who)
    subscriptions.note_bounce(twice, False, **who)
    assert twice.state is SubscriberState.BOUNCED
    before = asked()
    subscriptions.ask_again(twice, **who)
    assert (twice.state, twice.failures, asked()) == (SubscriberState.WAITING, 0, before + 1)
    subscriptions.leave(twice, **who)
    with pytest.raises(Conflict, match="This subscriber is unsubscribed"):
        subscriptions.ask_again(twice, **who)


def test_whom_a_public_update_reaches(cast, who):
    cast.list_systems("payments-api", "ledger-db")
    incident = cast.open(systems=["payments-api", "ledger-db"])
    assert reach(incident) == {}
    hook = {"kind": ChannelKind.WEBHOOK, "systems": ["ledger-db"]}
    active(who, "https://hooks.example.org/1", **hook)
    active(who, "all@example.org")
    active(who, "both@example.org", systems=["ledger-db", "payments-api"])
    active(who, "other@example.org", systems=["cdn"])
    subscribe(who, "waits@example.org")
    assert reach(incident) == {ChannelKind.WEBHOOK: 1, ChannelKind.EMAIL: 2}
    incident.is_public = False
    assert reach(incident) == {}


def kept_of(address: str) -> list[str]:
    """The columns of all tables in which an address stands."""
    found = []
    for table in Base.metadata.sorted_tables:
        rows = db.session.execute(select(table)).mappings().all()
        found += [f"{table}.{name}" for row in rows for name, value in row.items() if address in str(value)]
    return found


@pytest.mark.parametrize("is_active", [True, False])
def test_of_an_erased_address_no_table_keeps_anything(who, cast, is_active):
    row = (active if is_active else subscribe)(who, "v@example.org")
    subscribe(who, "v@example.org")
    subscribe(who, "other@example.org")
    subscriptions.erase_subscriber(row, actor=cast.ada, now=who["now"])
    assert kept_of("v@example.org") == []
    assert "sign_in_throttle.key" in kept_of("other@example.org")


def test_who_leaves_is_counted_no_more(who):
    row = active(who, "v@example.org")
    subscriptions.leave(row, **who)
    assert "sign_in_throttle.key" not in kept_of("v@example.org")
