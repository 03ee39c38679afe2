"""Subscribers: asked twice, told once, never of anything internal, and gone when they say so."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from werkzeug import Response

from majorops.db import db
from majorops.domain.enums import ChannelKind, DeliveryState, Severity, SubscriberState, Visibility
from majorops.models import Announcement, Delivery, Subscriber, TimelineEvent
from majorops.notifications.due import is_for_people
from majorops.notifications.links import MANAGE, link_token
from majorops.notifications.public import BATCH
from majorops.notifications.worker import people_wait
from majorops.operations import edit, maintenance, phase, subscriptions, timeline, updates
from majorops.operations.announcements import reach
from tests.counting import queries
from tests.notifications.conftest import BASE, get, links, many, post, subscriber, texts


@pytest.fixture
def settings(settings):
    return settings | {"WEBHOOK_PRIVATE": True, "BASE_URL": BASE}


def test_asked_twice_then_told_of_each_public_update_once(reader, mails, worker, cast, clock):
    vic = subscriber(reader, mails, worker)
    assert vic.state is SubscriberState.ACTIVE
    incident = cast.open()
    worker.drain()
    eta = clock() + timedelta(minutes=20)
    given = {"visibility": Visibility.PUBLIC, "next_update_eta": eta, "actor": cast.maya, "now": clock()}
    updates.publish_milestone(incident, "Card payments fail.", **given)
    updates.publish_update(incident, "INTERNAL suspicion", actor=cast.maya, now=clock())
    worker.drain()
    worker.drain()
    mine = [text for text in texts(mails) if "vic@" in text]
    assert len(mine) == 3
    assert "Subject: INC-001 Critical: prod-payments-api not responding" in mine[1]
    assert "Subject: INC-001 Milestone 1: prod-payments-api not responding" in mine[2]
    assert "Card payments fail." in mine[2]
    assert f"{BASE}/incidents/1" in mine[2]
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in mine[2]
    assert "INTERNAL" not in "".join(mine)
    assert "Maya" not in "".join(mine)


def test_a_scanner_that_follows_every_link_confirms_and_ends_nothing(reader, mails, worker):
    post(reader, "/subscribe", kind="email", address="vic@example.org")
    worker.drain()
    link = links(texts(mails)[-1], "confirm")
    assert get(reader, link).status_code == 200
    assert reader.head(link, base_url=BASE).status_code == 200
    db.session.rollback()
    row = db.session.scalar(select(Subscriber))
    assert row.state is SubscriberState.WAITING
    post(reader, link)
    manage = (
        links(get(reader, link).text.replace('href="', f'href="{BASE}'), "manage").rstrip('"').split('"')[0]
    )
    assert get(reader, manage).status_code == 200
    db.session.rollback()
    assert db.session.scalar(select(Subscriber.state)) is SubscriberState.ACTIVE


def test_one_click_needs_no_cookie_and_what_waits_is_not_sent(app, reader, mails, worker, cast, clock):
    subscriber(reader, mails, worker)
    cast.open()
    worker.drain()
    link = re.search(rf"List-Unsubscribe: <{BASE}(\S+?)>", texts(mails)[-1].replace("\n ", ""))[1]
    cast.open(title="second")
    with app.app_context():
        worker._fan_out()
    answer = app.test_client().post(link, base_url=BASE, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    count = len(mails.mails)
    worker.drain()
    assert not [text for text in texts(mails)[count:] if "vic@" in text]
    assert app.test_client().post(link, base_url=BASE).status_code == 200  # twice is once


@pytest.mark.parametrize("purpose", ["confirm", "manage"])
def test_forged_expired_and_replaced_links_are_one_page(reader, mails, worker, clock, purpose, monkeypatch):
    forged = get(reader, f"/subscribe/{purpose}/WyJjb25maXJtIiwxLCJ4Il0.forged")
    assert forged.status_code == 410
    post(reader, "/subscribe", kind="email", address="vic@example.org")
    worker.drain()
    old = links(texts(mails)[-1], "confirm")
    clock.tick(minutes=20)
    post(reader, "/subscribe", kind="email", address="vic@example.org")
    assert get(reader, old).status_code == 410
    assert get(reader, old).text.count("<h1>") == forged.text.count("<h1>")
    assert post(reader, old).status_code in (400, 410)
    other = old.replace("/confirm/", f"/{purpose}/")
    assert get(reader, other).status_code == 410


def test_the_form_answers_the_same_for_known_and_unknown(reader, mails, worker):
    subscriber(reader, mails, worker)
    known = post(reader, "/subscribe", kind="email", address="vic@example.org")
    new = post(reader, "/subscribe", kind="email", address="new@example.org")
    strip = lambda text: re.sub(r'value="[^"]*"|\d\d:\d\d:\d\d|T[\d:]+Z', "", text)  # noqa: E731
    assert (known.status_code, strip(known.text)) == (new.status_code, strip(new.text))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"kind": "email", "address": "nonsense"}, "Use an e-mail address"),
        ({"kind": "webhook", "address": "ftp://x"}, "begins with http"),
        ({"kind": "apprise", "address": "json://x"}, "Choose e-mail or webhook"),
        ({"kind": "", "address": "a@b.cd"}, "Choose e-mail or webhook"),
    ],
)
def test_bad_input_is_said_at_its_field_and_kept(reader, mails, given, sentence):
    answer = post(reader, "/subscribe", **given)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert given["address"] in answer.text


def test_a_program_that_fills_the_hidden_field_and_a_crowd_from_one_address_get_nowhere(reader, mails, clock):
    assert post(reader, "/subscribe", kind="email", address="a@b.cd", homepage="x").status_code == 200
    assert db.session.scalar(select(func.count(Subscriber.id))) == 0
    codes = [post(reader, "/subscribe", kind="email", address=f"a{n}@b.cd").status_code for n in range(22)]
    assert codes == [200] * 20 + [429] * 2
    clock.tick(minutes=16)
    codes = [post(reader, "/subscribe", kind="email", address="same@b.cd").status_code for _ in range(4)]
    assert codes == [200] * 3 + [429]


def test_only_the_systems_that_were_chosen(reader, mails, worker, cast, clock):
    from majorops.operations.catalogue import add_system

    for name in ("payments-api", "cdn"):
        add_system(name=name, is_public=True, actor=cast.ada, now=clock())
    row = subscriber(reader, mails, worker, systems=["cdn", "never-heard-of"])
    assert row.system_names == ["cdn"]
    first, second = cast.open(severity=Severity.LOW), cast.open(title="cdn", systems=["cdn"])
    assert (reach(first), reach(second)) == ({}, {ChannelKind.EMAIL: 1})
    worker.drain()
    subjects = [text for text in texts(mails) if "vic@" in text and "INC-" in text]
    assert len(subjects) == 1
    assert "INC-002" in subjects[0]


def test_drills_private_withdrawn_and_hidden_meanwhile_go_to_nobody(app, mails, worker, cast, clock):
    many(3, clock())
    cast.open(is_drill=True)
    incident = cast.open()
    who = {"actor": cast.maya, "now": clock()}
    edit.edit_field(incident, "is_public", "no", **who)
    worker.drain()
    assert not mails.mails or not [t for t in texts(mails) if "s0@" in t]
    edit.edit_field(incident, "is_public", "yes", **who)
    worker.drain()
    sent = len([t for t in texts(mails) if "s0@" in t])
    update = updates.publish_update(incident, "A leak.", visibility=Visibility.PUBLIC, **who)
    with app.app_context():
        worker._fan_out()
    seq = next(
        e.seq for e in db.session.scalars(select(timeline.TimelineEvent)) if e.publication_id == update.id
    )
    timeline.set_visibility(incident, seq, Visibility.INTERNAL, **who)
    worker.drain()
    assert len([t for t in texts(mails) if "s0@" in t]) == sent
    assert "A leak." not in "".join(texts(mails))
    quiet = (
        select(func.count(Delivery.id))
        .filter_by(state=DeliveryState.QUIET)
        .where(Delivery.subscriber_id.is_not(None))
    )
    assert db.session.scalar(quiet) == 3


def test_resolution_is_one_message(mails, worker, cast, clock):
    many(1, clock())
    incident = cast.open(severity=Severity.LOW)
    cast.bring_to(incident, 8)
    who = {"actor": cast.maya, "now": clock()}
    from majorops.domain.enums import IncidentStatus

    phase.change_status(incident, IncidentStatus.RESOLVED, **who)
    acts = list(db.session.scalars(select(Announcement.act)))
    assert acts == ["opened:1", "resolved:1"]


def test_a_webhook_is_on_when_it_answers_and_gets_statuspages_shape(reader, mails, worker, cast, httpserver):
    httpserver.expect_request("/hook", method="POST").respond_with_data()
    answer = post(reader, "/subscribe", kind="webhook", address=httpserver.url_for("/hook"))
    db.session.rollback()
    row = db.session.scalar(select(Subscriber))
    assert row.secret in answer.text
    worker.drain()
    db.session.rollback()
    assert db.session.scalar(select(Subscriber.state)) is SubscriberState.ACTIVE
    cast.open()
    worker.drain()
    request, _ = httpserver.log[-1]
    sent = request.json
    assert set(sent) == {"meta", "page", "incident"}
    assert set(sent["meta"]) == {"unsubscribe", "documentation"}
    assert sent["page"]["status_indicator"] == "critical"
    assert sent["incident"]["name"] == "INC-001 prod-payments-api not responding"
    assert request.headers["X-MajorOps-Signature"].startswith("sha256=")


def test_an_address_that_bounces_gets_nothing_more(mails, worker, cast, clock):
    many(1, clock())
    mails.mode = "refuses"
    cast.open()
    worker.drain()
    db.session.rollback()
    assert db.session.scalar(select(Subscriber.state)) is SubscriberState.BOUNCED
    assert db.session.scalar(select(Announcement.failed)) == 1
    cast.open(title="next")
    worker.drain()
    assert db.session.scalar(select(func.count(Delivery.id)).where(Delivery.subscriber_id.is_not(None))) == 1


def test_ten_thousand_subscribers_cost_the_mim_nothing_and_are_reached_once(app, worker, cast, clock):
    incident = cast.open()
    who = {"actor": cast.maya, "now": clock()}
    with queries() as few:
        updates.publish_update(incident, "One.", visibility=Visibility.PUBLIC, **who)
    many(10_000, clock())
    with queries() as lots:
        updates.publish_update(incident, "Two.", visibility=Visibility.PUBLIC, **who)
    assert len(lots) <= len(few)
    with app.app_context():
        worker._fan_out()
        worker._fan_out()
    db.session.rollback()
    query = select(Announcement.reached).order_by(Announcement.id.desc()).limit(1)
    assert db.session.scalar(query) == 10_000
    rows = select(func.count(Delivery.id), func.count(Delivery.key.distinct())).where(
        Delivery.announcement_id.is_not(None)
    )
    total, distinct = db.session.execute(rows).one()
    assert total == distinct == 30_000


def test_people_are_told_before_thousands_of_subscribers(app, worker, mails, cast, clock):
    incident = cast.open()
    worker.drain()
    many(600, clock())
    who = {"actor": cast.maya, "now": clock()}
    updates.publish_update(incident, "Cards fail.", visibility=Visibility.PUBLIC, **who)
    with app.app_context():
        worker._fan_out()
    promise = {"next_update_eta": clock() + timedelta(minutes=20)}
    updates.publish_milestone(incident, "The pool is full.", visibility=Visibility.INTERNAL, **promise, **who)
    mails.mails.clear()
    with app.app_context():
        assert people_wait()
        for_people = db.session.scalar(select(func.count(Delivery.id)).where(is_for_people(clock())))
        for _ in range(for_people):
            worker.deliver(worker._take())
        assert not people_wait()
        assert not worker._take().incident
    assert for_people
    assert not [text for text in texts(mails) if "To: s" in text]


def test_the_next_hundreds_wait_while_people_do(app, worker, cast, clock):
    incident = cast.open()
    many(3 * BATCH, clock())
    who = {"actor": cast.maya, "now": clock()}
    updates.publish_update(incident, "Cards fail.", visibility=Visibility.PUBLIC, **who)
    with app.app_context():
        assert people_wait()
        worker._tick()
        queued = select(func.count(Delivery.id)).where(Delivery.subscriber_id.is_not(None))
        assert db.session.scalar(queued) == 0
        for number in db.session.scalars(select(Delivery.id).where(is_for_people(clock()))).all():
            worker._set_aside(number, "test")
        worker._tick()
        assert db.session.scalar(queued) == 6 * BATCH


def test_maintenance_is_told_too(mails, worker, cast, clock):
    many(1, clock())
    given = {
        "title": "ledger-db upgrade",
        "starts_at": clock() + timedelta(hours=1),
        "ends_at": clock() + timedelta(hours=2),
    }
    maintenance.plan_maintenance(**given, systems=["ledger-db"], actor=cast.maya, now=clock())
    worker.drain()
    assert "Maintenance, Planned: ledger-db upgrade" in texts(mails)[-1]


def test_german_readers_read_german(reader, mails, worker, cast):
    page = get(reader, "/de/subscribe")
    assert 'lang="de"' in page.text
    assert post(reader, "/de/subscribe", kind="email", address="vic@example.org").status_code == 200
    worker.drain()
    assert "/de/subscribe/confirm/" in texts(mails)[-1]
    assert "drücken Sie Bestätigen" in texts(mails)[-1]


def test_on_the_status_pages_own_host_people_subscribe_confirm_and_leave(app, cast, reader, mails, worker):
    app.config["STATUS_HOST"] = "status.example.org"
    row = subscriber(reader, mails, worker)
    assert row.state is SubscriberState.ACTIVE


def test_a_private_status_page_takes_no_strangers_and_lets_subscribers_leave(
    app, cast, reader, mails, worker
):
    row = subscriber(reader, mails, worker)
    app.config["STATUS_PRIVATE"] = True
    assert get(reader, "/subscribe").status_code == 303
    assert get(reader, "/de/subscribe").status_code == 303
    token = re.search(r'name="csrf_token" value="([^"]+)"', get(reader, "/login").text)[1]
    given = {"csrf_token": token, "kind": "email", "address": "eve@example.org"}
    refused = reader.post("/subscribe", base_url=BASE, headers={"Referer": BASE}, data=given)
    assert refused.status_code == 401
    assert db.session.scalar(select(func.count(Subscriber.id))) == 1
    manage = f"/subscribe/{MANAGE}/{link_token([app.secret_key], MANAGE, row)}"
    assert get(reader, manage).status_code == 200
    assert post(reader, manage, act="leave").status_code == 200
    db.session.rollback()
    assert db.session.scalar(select(Subscriber.state)) is SubscriberState.LEFT


@pytest.mark.parametrize(
    "address", ["https://hooks.example.org:99999/x", "https://[64:ff9b::8.8.8.8]/", "https://[fec0::1]/"]
)
def test_a_webhook_address_that_leads_nowhere_or_inside_is_refused_at_its_field(reader, mails, address):
    answer = post(reader, "/subscribe", kind="webhook", address=address)
    assert answer.status_code == 422
    assert (
        "A port is a number from 1 to 65535." in answer.text
        or "is no address that a message can be sent to." in answer.text
    )
    assert address in answer.text


def test_who_was_told_the_old_date_is_told_the_new_one_once(reader, mails, worker, cast, clock):
    """Whatever the systems are by then, and only in their own language."""
    from majorops.operations.catalogue import add_system

    for name in ("cdn", "dns", "mail"):
        add_system(name=name, is_public=True, actor=cast.ada, now=clock())
    for name in ("cdn", "dns", "mail"):
        subscriber(reader, mails, worker, f"{name}@example.org", systems=[name])
    gone = subscriber(reader, mails, worker, "gone@example.org", systems=["cdn"])
    subscriber(reader, mails, worker, "all@example.org", language="de")
    times = {"starts_at": clock() + timedelta(hours=1), "ends_at": clock() + timedelta(hours=2)}
    row = maintenance.plan_maintenance(
        title="upgrade", **times, systems=["cdn"], actor=cast.maya, now=clock()
    )
    worker.drain()
    subscriptions.leave(gone, actor=cast.ada, now=clock())
    count = len(mails.mails)
    later = {name: at + timedelta(days=1) for name, at in times.items()}
    given = {"title": "upgrade", "systems": ["dns"], **later}
    maintenance.change_maintenance(row, **given, actor=cast.maya, now=clock.tick(minutes=1))
    worker.drain()
    told = texts(mails)[count:]
    people = sorted(re.search(r"^To: (\S+)@", text, re.MULTILINE)[1] for text in told)
    assert people == ["all", "cdn", "dns"]
    english = next(text for text in told if "To: cdn@" in text)
    assert "Subject: Maintenance, new time: upgrade" in english
    assert "New time: 2026-11-24 15:00 to 16:00 UTC. It was 2026-11-23 15:00 to 16:00 UTC." in english
    german = next(text for text in told if "To: all@" in text)
    assert "Neue Zeit: 2026-11-24 15:00 bis 16:00 UTC. Vorher: 2026-11-23 15:00 bis 16:00 UTC." in german
    count = len(mails.mails)
    maintenance.post_maintenance_update(row, "Half done.", actor=cast.maya, now=clock.tick(minutes=1))
    worker.drain()
    assert len(mails.mails) == count + 2  # who hears of its systems now


def test_a_resolution_says_so_by_mail_and_webhook(app, reader, mails, worker, cast, clock, httpserver):
    """Its milestone goes as it is cut, when nobody knows yet whether it stays over; then that it is over."""
    app.config["WEBHOOK_PRIVATE"] = True
    bodies: list[dict] = []
    httpserver.expect_request("/hook").respond_with_handler(
        lambda request: bodies.append(request.get_json()) or Response("")
    )
    subscriber(reader, mails, worker)
    many(1, clock(), kind=ChannelKind.WEBHOOK, address=httpserver.url_for("/hook"))
    incident = cast.open()
    eta, after = clock() + timedelta(minutes=20), clock() + timedelta(hours=20)
    who = {"visibility": Visibility.PUBLIC, "actor": cast.maya, "now": clock()}
    updates.publish_milestone(incident, "Card payments fail.", next_update_eta=eta, **who)
    given = {"is_resolution": True, "after_action_at": after}
    updates.publish_milestone(incident, "A pool was too small.", **given, **who)
    cast.resolve(incident)
    worker.drain()
    mine = [text for text in texts(mails) if "vic@" in text]
    last = mine[-1]
    assert "Subject: Resolved: INC-001 prod-payments-api not responding" in last
    assert "Resolved 23 Nov 14:00 UTC.\r\n\r\nA pool was too small." in last
    assert "Next update by" not in last
    assert len([text for text in mine if "Subject: Resolved" in text]) == 1
    body = bodies[-1]["incident"]
    assert (body["status"], body["incident_updates"][0]["status"]) == ("resolved", "resolved")
    assert body["incident_updates"][0]["body"] == "A pool was too small."
    assert body["incident_updates"][-1]["status"] == "investigating"
    beside = {name: body[name] for name in ("backfilled", "postmortem_ignored", "impact_override")}
    assert beside == {"backfilled": False, "postmortem_ignored": False, "impact_override": None}
    assert (body["postmortem_body"], body["postmortem_published_at"]) == (None, None)
    assert (body["scheduled_for"], body["scheduled_auto_completed"]) == (None, False)
    assert bodies[-1]["page"]["status_indicator"] == "none"
    feed = reader.get("/history.atom", base_url=BASE).text
    assert feed.count("<title>Resolved: INC-001 prod-payments-api not responding</title>") == 1
    assert "<title>Resolved: INC-001" in reader.get("/history.rss", base_url=BASE).text


def test_the_first_webhook_says_how_all_is(app, reader, mails, worker, cast, httpserver):
    app.config["WEBHOOK_PRIVATE"] = True
    bodies: list[dict] = []
    httpserver.expect_request("/hook").respond_with_handler(
        lambda request: bodies.append(request.get_json()) or Response("")
    )
    cast.open()
    post(reader, "/subscribe", kind="webhook", address=httpserver.url_for("/hook"))
    worker.drain()
    assert bodies[0]["page"]["status_indicator"] == "critical"
    assert bodies[0]["page"]["status_description"]


@pytest.mark.parametrize("is_made", [True, False])
def test_what_waits_brings_nothing_that_was_withdrawn(reader, mails, worker, app, cast, clock, is_made):
    """That it is resolved is told still, without the words that were taken back."""
    subscriber(reader, mails, worker)
    incident = cast.open(severity=Severity.LOW)
    who = {"actor": cast.maya, "now": clock.tick(minutes=1), "visibility": Visibility.PUBLIC}
    given = {"is_resolution": True, "after_action_at": clock() + timedelta(hours=5)}
    said = updates.publish_milestone(incident, "LEAKED words.", **given, **who)
    worker.drain()
    cast.resolve(incident)
    if is_made:
        with app.app_context():
            worker._fan_out()
    entry = db.session.scalar(select(TimelineEvent.seq).filter_by(publication_id=said.id))
    timeline.set_visibility(incident, entry, Visibility.INTERNAL, actor=cast.maya, now=clock())
    mails.mails.clear()
    worker.drain()
    [mail] = [text for text in texts(mails) if "vic@" in text]
    assert "Subject: Resolved: INC-001" in mail
    assert "LEAKED" not in mail
