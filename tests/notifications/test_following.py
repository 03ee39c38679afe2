"""Following one incident until it is resolved, and what the pages of a subscription say of it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.enums import Frequency, Severity, SubscriberState, Visibility
from majorops.models import Delivery, Subscriber, SubscriberIncident
from majorops.notifications.links import CONFIRM, MANAGE, link_token
from majorops.operations import edit, subscriptions, updates
from majorops.operations.announcements import reach
from majorops.operations.catalogue import add_system
from tests.counting import queries
from tests.notifications.conftest import BASE, get, links, many, post, subscriber, texts, to

FORM = "/subscribe?incident=1"


@pytest.fixture
def settings(settings):
    return settings | {"WEBHOOK_PRIVATE": True, "BASE_URL": BASE}


def follow(reader, mails, worker, address="vic@example.org") -> Subscriber:
    given = {"kind": "email", "address": address, "scope": "incident", "incident": "1"}
    assert post(reader, "/subscribe", **given).status_code == 200
    worker.drain()
    assert "updates of INC-001, until it is resolved" in to(mails, address)[-1]
    page = get(reader, links(to(mails, address)[-1], "confirm")).text
    assert "INC-001" in page
    assert post(reader, links(to(mails, address)[-1], "confirm")).status_code == 200
    db.session.rollback()
    return db.session.scalar(select(Subscriber).filter_by(address=address))


def manage(app, row: Subscriber) -> str:
    return f"/subscribe/{MANAGE}/{link_token(app.secret_key, MANAGE, row)}"


def state() -> SubscriberState:
    db.session.rollback()
    return db.session.scalar(select(Subscriber.state))


def test_one_incident_to_its_end_and_nothing_else(app, reader, mails, worker, cast, clock):
    incident = cast.open(severity=Severity.LOW)
    assert "/subscribe?incident=1" in get(reader, "/incidents/1").text
    assert "Only INC-001" in get(reader, FORM).text
    row = follow(reader, mails, worker)
    assert (row.wants_all, row.system_names, row.incident_numbers) == (False, [], [1])
    assert sum(reach(incident).values()) == 1
    cast.open(title="another one", severity=Severity.LOW)
    who = {"actor": cast.maya, "now": clock()}
    updates.publish_update(incident, "Cards fail.", visibility=Visibility.PUBLIC, **who)
    worker.drain()
    assert "This is the last message" not in to(mails, "vic@example.org")[-1]
    cast.resolve(incident)
    worker.drain()
    mine = to(mails, "vic@example.org")
    assert len(mine) == 3
    assert "another one" not in str(mine)
    assert "This is the last message about INC-001" in mine[-1]
    assert state() is SubscriberState.LEFT
    assert db.session.scalar(select(func.count(SubscriberIncident.id))) == 0
    page = get(reader, manage(app, db.session.scalar(select(Subscriber)))).text
    assert "Nothing more is sent to vic@example.org." in page
    assert "Subscribe to everything" in page
    assert get(reader, FORM).status_code == 410
    assert "/subscribe?incident=1" not in get(reader, "/incidents/1").text


def test_who_hears_of_more_goes_on_hearing_it(app, reader, mails, worker, cast):
    add_system(name="cdn", is_public=True, actor=cast.ada, now=cast.clock())
    incident = cast.open(severity=Severity.LOW)
    row = subscriber(reader, mails, worker, scope="systems", systems=["cdn"])
    follow(reader, mails, worker)
    assert (row.system_names, row.incident_numbers) == (["cdn"], [1])
    cast.resolve(incident)
    worker.drain()
    assert state() is SubscriberState.ACTIVE
    assert row.incident_numbers == []


def test_who_wants_everything_and_follows_is_told_once(reader, mails, worker, cast, clock):
    incident = cast.open(severity=Severity.LOW)
    subscriber(reader, mails, worker)
    follow(reader, mails, worker)
    worker.drain()
    before = len(to(mails, "vic@example.org"))
    updates.publish_update(incident, "x", visibility=Visibility.PUBLIC, actor=cast.maya, now=clock())
    worker.drain()
    assert len(to(mails, "vic@example.org")) == before + 1


def test_a_digest_does_not_hold_back_what_is_followed(reader, mails, worker, cast, clock):
    incident = cast.open(severity=Severity.LOW)
    subscriber(reader, mails, worker, frequency="daily")
    follow(reader, mails, worker)
    before = len(to(mails, "vic@example.org"))
    updates.publish_update(incident, "x", visibility=Visibility.PUBLIC, actor=cast.maya, now=clock())
    cast.open(title="not followed")
    worker.drain()
    assert len(to(mails, "vic@example.org")) == before + 1


@pytest.mark.parametrize("why", ["resolved", "private", "never"])
def test_what_is_over_or_not_public_is_one_page(app, reader, mails, worker, cast, clock, why):
    incident = cast.open(severity=Severity.LOW)
    given = {"kind": "email", "address": "vic@example.org", "scope": "incident", "incident": "1"}
    post(reader, "/subscribe", **given)
    worker.drain()
    link = links(to(mails, "vic@example.org")[-1], "confirm")
    if why == "resolved":
        cast.resolve(incident)
    if why == "private":
        edit.edit_field(incident, "is_public", "no", actor=cast.maya, now=clock())
    if why == "never":
        row = db.session.scalar(select(Subscriber))
        link = f"/subscribe/{CONFIRM}/{link_token(app.secret_key, CONFIRM, row, 77)}"
    for answer in (get(reader, link), post(reader, link)):
        assert answer.status_code in (400, 410)
        assert "payments" not in answer.text
    assert "This incident is over" in get(reader, link).text
    assert state() is SubscriberState.WAITING
    number = "77" if why == "never" else "1"
    assert get(reader, f"/subscribe?incident={number}").status_code == 410


def test_what_was_followed_of_what_is_long_over_ends_whatever_became_of_the_last_message(
    reader, mails, worker, cast, clock
):
    incident = cast.open(severity=Severity.LOW)
    follow(reader, mails, worker)
    mails.mode = "busy"
    cast.resolve(incident)
    clock.tick(minutes=60)
    assert subscriptions.end_resolved(before=clock(), actor=cast.ada, now=clock()) == 1
    assert state() is SubscriberState.LEFT


class TestThePagesOfASubscription:
    def test_leaving_is_said_and_saving_does_not_pretend(self, app, reader, mails, worker):
        row = subscriber(reader, mails, worker)
        page = post(reader, manage(app, row), act="leave").text
        assert "<h1>Unsubscribed</h1>" in page
        assert 'value="save"' not in page
        answer = reader.post(manage(app, row), base_url=BASE, data={"act": "save", "scope": "all"})
        assert answer.status_code == 409
        assert "Not saved: this subscription has ended." in answer.text
        assert "<h1>Unsubscribed</h1>" in answer.text
        assert state() is SubscriberState.LEFT

    def test_one_key_begins_it_again_as_it_was(self, app, reader, mails, worker, cast, clock):
        add_system(name="cdn", is_public=True, actor=cast.ada, now=clock())
        row = subscriber(reader, mails, worker, scope="systems", systems=["cdn"], frequency="daily")
        post(reader, manage(app, row), act="leave")
        assert "Subscribe again" in get(reader, manage(app, row)).text
        assert "<h1>Subscribed</h1>" in post(reader, manage(app, row), act="again").text
        assert state() is SubscriberState.ACTIVE
        assert (row.system_names, row.frequency) == (["cdn"], Frequency.DAILY)

    def test_a_bounced_one_says_so_and_begins_again(self, app, reader, mails, worker, cast, clock):
        row = subscriber(reader, mails, worker)
        subscriptions.note_bounce(row, True, actor=cast.ada, now=clock())
        assert "did not take our messages" in get(reader, manage(app, row)).text
        post(reader, manage(app, row), act="again")
        assert (state(), row.failures) == (SubscriberState.ACTIVE, 0)

    def test_one_that_was_never_confirmed_is_not_begun_by_that_key(self, app, reader, mails, clock):
        post(reader, "/subscribe", kind="email", address="vic@example.org")
        db.session.rollback()
        row = db.session.scalar(select(Subscriber))
        assert "Not confirmed yet" in get(reader, manage(app, row)).text
        assert post(reader, manage(app, row), act="again").status_code == 409
        assert state() is SubscriberState.WAITING

    def test_what_is_chosen_is_saved_and_said(self, app, reader, mails, worker, cast, clock):
        for name in ("cdn", "dns"):
            add_system(name=name, is_public=True, actor=cast.ada, now=clock())
        row = subscriber(reader, mails, worker)
        given = {"act": "save", "scope": "systems", "frequency": "weekly", "language": "de"}
        none = post(reader, manage(app, row), **given)
        assert none.status_code == 422
        assert "Choose at least one system" in none.text
        saved = post(reader, manage(app, row), **given, systems=["dns", "nonsense"])
        assert "Saved. This is how it is now." in saved.text
        db.session.rollback()
        assert (row.wants_all, row.system_names) == (False, ["dns"])
        assert (row.frequency, row.language) == (Frequency.WEEKLY, "de")
        post(reader, manage(app, row), act="save", scope="all", systems=["dns"])
        db.session.rollback()
        assert (row.wants_all, row.system_names) == (True, [])

    def test_nothing_at_all_is_no_choice(self, app, reader, mails, worker, cast):
        cast.open()
        row = follow(reader, mails, worker)
        answer = post(reader, manage(app, row), act="save", scope="none")
        assert answer.status_code == 422
        assert "Choose what to hear of, or unsubscribe." in answer.text
        assert row.incident_numbers == [1]

    def test_an_old_link_to_confirm_does_not_say_that_a_left_one_is_subscribed(
        self, app, reader, mails, worker
    ):
        row = subscriber(reader, mails, worker)
        link = links(texts(mails)[-1], "confirm")
        post(reader, manage(app, row), act="leave")
        assert "<h1>Unsubscribed</h1>" in get(reader, link).text
        assert "<h1>Unsubscribed</h1>" in post(reader, link).text
        assert state() is SubscriberState.LEFT

    def test_in_german(self, app, reader, mails, worker):
        row = subscriber(reader, mails, worker, language="de")
        page = f"/de{manage(app, row)}"
        assert "Wovon Sie hören" in get(reader, page).text
        assert "Abbestellt" in post(reader, page, act="leave").text
        assert "Nicht gespeichert: Dieses Abonnement ist beendet." in post(reader, page, act="save").text


def test_who_is_subscribed_and_asks_again_gets_the_link_to_change_it(reader, mails, worker):
    subscriber(reader, mails, worker)
    post(reader, "/subscribe", kind="email", address="vic@example.org")
    worker.drain()
    last = to(mails, "vic@example.org")[-1]
    assert "It gets them already; nothing was changed." in last
    assert get(reader, links(last, "manage")).status_code == 200


def test_following_costs_no_query_more_for_each_subscriber(app, worker, mails, cast, clock):
    incident = cast.open(severity=Severity.LOW)
    who = {"actor": cast.maya, "now": clock()}

    def cost(kind: str) -> int:
        updates.publish_update(incident, kind, visibility=Visibility.PUBLIC, **who)
        with app.app_context(), queries() as sent:
            worker._fan_out()
        return len(sent)

    many(5, clock())
    cost("that it was opened")
    few = cost("one")
    many(300, clock(), wants_all=False, kind="webhook")
    rows = db.session.scalars(select(Subscriber.id).filter_by(wants_all=False)).all()
    db.session.execute(
        SubscriberIncident.__table__.insert(),
        [{"subscriber_id": number, "incident_id": incident.id} for number in rows],
    )
    db.session.commit()
    assert cost("two") == few
    made = select(func.count(Delivery.id)).where(Delivery.announcement_id.is_not(None))
    assert db.session.scalar(made) >= 310
