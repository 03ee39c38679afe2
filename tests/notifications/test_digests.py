"""Digests: once a day or a week what was said, to those who chose that, and nothing when nothing happened."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from majorops.db import db
from majorops.domain.enums import Frequency, Severity, SubscriberState, Visibility
from majorops.models import Announcement, Delivery, Subscriber, TimelineEvent
from majorops.operations import edit, maintenance, subscriptions, timeline, updates
from majorops.operations.catalogue import add_system
from majorops.operations.digests import begin_due_digests, digest_window
from majorops.operations.first_word import publish_due, publish_incident
from tests.counting import queries
from tests.notifications.conftest import BASE, get, links, many, post, subscriber, to

VIC = "vic@example.org"
NEXT_MORNING = datetime(2026, 11, 24, 7, 1, tzinfo=UTC)  # the tests' clock begins on Monday at 14:00


@pytest.fixture
def settings(settings):
    return settings | {"WEBHOOK_PRIVATE": True, "BASE_URL": BASE}


def go(worker, clock, when: datetime) -> None:
    """Let the worker work at this time."""
    clock.now = when
    with worker.app.app_context():
        worker._digests()
    worker.drain()


def digests(mails) -> list[str]:
    return [text for text in to(mails, VIC) if "What was said on the status page" in text]


def test_one_mail_the_next_morning_with_all_that_was_said(reader, mails, worker, cast, clock):
    subscriber(reader, mails, worker, frequency="daily")
    incident = cast.open(severity=Severity.LOW)
    who = {"actor": cast.maya, "now": clock.tick(minutes=1)}
    updates.publish_update(incident, "Cards fail.", visibility=Visibility.PUBLIC, **who)
    updates.publish_update(incident, "INTERNAL suspicion", **who)
    updates.publish_update(incident, "Untold words.", visibility=Visibility.PUBLIC, is_quiet=True, **who)
    times = {"starts_at": clock() + timedelta(days=2), "ends_at": clock() + timedelta(days=2, hours=1)}
    maintenance.plan_maintenance(title="ledger-db upgrade", **times, **who)
    worker.drain()
    assert digests(mails) == []
    assert len(to(mails, VIC)) == 1  # the one to confirm
    go(worker, clock, NEXT_MORNING)
    go(worker, clock, NEXT_MORNING + timedelta(minutes=1))
    [mail] = digests(mails)
    assert "Subject: MajorOps status, 23 Nov to 24 Nov" in mail
    assert "INC-001 Low: prod-payments-api not responding (Active)" in mail
    assert "23 Nov 14:01 UTC, Update: Cards fail." in mail
    assert "Maintenance, Planned: ledger-db upgrade" in mail
    assert f"{BASE}/incidents/1" in mail
    assert "INTERNAL" not in mail
    assert "Untold" not in mail
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in mail
    assert get(reader, links(mail, "manage")).status_code == 200


def test_nothing_is_sent_or_kept_when_nothing_happened(reader, mails, worker, clock):
    subscriber(reader, mails, worker, frequency="daily")
    for day in range(3):
        go(worker, clock, NEXT_MORNING + timedelta(days=day))
    assert len(to(mails, VIC)) == 1
    assert db.session.scalar(select(func.count(Announcement.id))) == 0


def test_weekly_is_told_of_a_week_and_daily_of_each_day_once(reader, mails, worker, cast, clock):
    many(1, clock(), frequency=Frequency.DAILY)
    subscriber(reader, mails, worker, frequency="weekly")
    for day in range(7):
        cast.open(title=f"incident of day {day}", severity=Severity.LOW)
        go(worker, clock, NEXT_MORNING + timedelta(days=day))
    daily = to(mails, "s0@example.org")
    assert [f"incident of day {n}" in daily[n] for n in range(7)] == [True] * 7
    assert sum(text.count("Low: incident of day 2") > 0 for text in daily) == 1
    [weekly] = digests(mails)
    assert all(f"incident of day {n}" in weekly for n in range(7))


def test_only_the_chosen_systems_and_nobody_else_is_written_to(reader, mails, worker, cast, clock):
    for name in ("cdn", "dns"):
        add_system(name=name, is_public=True, actor=cast.ada, now=clock())
    subscriber(reader, mails, worker, frequency="daily", scope="systems", systems=["cdn"])
    many(1, clock(), frequency=Frequency.DAILY, wants_all=False)  # of no system at all
    many(1, clock(), address="each@example.org")
    cast.open(title="cdn slow", systems=["cdn"], severity=Severity.LOW)
    cast.open(title="dns slow", systems=["dns"], severity=Severity.LOW)
    go(worker, clock, NEXT_MORNING)
    [mail] = digests(mails)
    assert "cdn slow" in mail
    assert "dns slow" not in mail
    assert to(mails, "s0@example.org") == []
    assert len(to(mails, "each@example.org")) == 2


def test_what_is_private_by_the_morning_is_in_none(reader, mails, worker, cast, clock):
    subscriber(reader, mails, worker, frequency="daily")
    hidden, shown = cast.open(title="a leak", severity=Severity.LOW), cast.open(severity=Severity.LOW)
    with worker.app.app_context():
        worker._fan_out()
        clock.now = NEXT_MORNING
        worker._digests()
        worker._fan_out()  # its messages are made, not sent
    edit.edit_field(hidden, "is_public", "no", actor=cast.maya, now=clock())
    worker.drain()
    [mail] = digests(mails)
    assert "a leak" not in mail
    assert shown.title in mail


def test_a_digest_of_which_all_is_private_goes_to_nobody(reader, mails, worker, cast, clock):
    subscriber(reader, mails, worker, frequency="daily")
    incident = cast.open(severity=Severity.LOW)
    with worker.app.app_context():
        clock.now = NEXT_MORNING
        worker._digests()
        worker._fan_out()
    edit.edit_field(incident, "is_public", "no", actor=cast.maya, now=clock())
    worker.drain()
    assert digests(mails) == []


def test_who_was_told_each_update_is_not_told_again_and_who_left_nothing(reader, mails, worker, cast, clock):
    row = subscriber(reader, mails, worker)
    cast.open(title="told at once", severity=Severity.LOW)
    worker.drain()
    given = {"wants_all": True, "systems": [], "incidents": [], "language": "en"}
    who = {"actor": cast.ada, "now": clock.tick(minutes=5)}
    subscriptions.change_subscription(row, frequency=Frequency.DAILY, **given, **who)
    clock.tick(minutes=5)
    cast.open(title="only in the digest", severity=Severity.LOW)
    go(worker, clock, NEXT_MORNING)
    [mail] = digests(mails)
    assert "only in the digest" in mail
    assert "told at once" not in mail
    subscriptions.leave(row, actor=cast.ada, now=clock())
    cast.open(severity=Severity.LOW)
    go(worker, clock, NEXT_MORNING + timedelta(days=1))
    assert len(digests(mails)) == 1


def test_a_worker_that_stood_still_tells_of_the_days_between(reader, mails, worker, cast, clock):
    subscriber(reader, mails, worker, frequency="daily")
    cast.open(title="first", severity=Severity.LOW)
    go(worker, clock, NEXT_MORNING)
    clock.tick(minutes=60)
    cast.open(title="second", severity=Severity.LOW)
    go(worker, clock, NEXT_MORNING + timedelta(days=4))
    assert ["second" in mail for mail in digests(mails)] == [False, True]
    act = db.session.scalar(select(func.max(Announcement.act)).where(Announcement.act.startswith("digest:")))
    assert digest_window(act)[1:] == (
        datetime(2026, 11, 24, 7, tzinfo=UTC),
        datetime(2026, 11, 28, 7, tzinfo=UTC),
    )


def test_two_workers_begin_it_once_and_five_hundred_cost_no_more_than_five(app, worker, mails, cast, clock):
    cast.open(severity=Severity.LOW)
    many(5, clock(), frequency=Frequency.DAILY)
    clock.now = NEXT_MORNING
    with app.app_context():
        worker._fan_out()
        begin_due_digests(clock())
        begin_due_digests(clock())
        with queries() as few:
            worker._fan_out()
    db.session.rollback()
    assert db.session.scalar(select(func.count(Announcement.id))) == 2
    db.session.execute(update(Subscriber).values(state=SubscriberState.LEFT))
    many(400, clock(), frequency=Frequency.DAILY, kind="webhook")
    cast.open(severity=Severity.LOW)
    clock.tick(minutes=24 * 60)
    with app.app_context():
        worker._fan_out()
        begin_due_digests(clock())
        with queries() as lots:
            worker._fan_out()
    assert len(lots) == len(few)
    made = select(func.count(Delivery.id)).where(Delivery.act == "digest:daily:2026-11-25")
    assert db.session.scalar(made) == 400


def test_in_german(reader, mails, worker, cast, clock):
    subscriber(reader, mails, worker, frequency="daily", language="de")
    cast.open(severity=Severity.LOW)
    go(worker, clock, NEXT_MORNING)
    mail = to(mails, VIC)[-1]
    assert "Was auf der Statusseite gesagt wurde" in mail
    assert "Eröffnet" in mail
    assert f"{BASE}/de/incidents/1" in mail


def test_a_webhook_of_a_program_gets_each_update(app, reader):
    app.extensions["has_accounts"] = True
    given = {"kind": "webhook", "address": "https://hooks.example.org/x", "frequency": "daily"}
    answer = post(reader, "/subscribe", **given)
    assert answer.status_code == 422
    assert "A webhook gets each update at once" in answer.text
    assert db.session.scalar(select(func.count(Subscriber.id))) == 0


def test_a_quiet_resolution_stays_quiet(reader, mails, worker, cast, clock):
    subscriber(reader, mails, worker, frequency="daily")
    incident = cast.open(severity=Severity.LOW)
    who = {"actor": cast.maya, "now": clock.tick(minutes=1), "is_quiet": True}
    given = {"is_resolution": True, "after_action_at": clock() + timedelta(hours=5)}
    updates.publish_milestone(incident, "Untold words.", visibility=Visibility.PUBLIC, **given, **who)
    cast.resolve(incident)
    go(worker, clock, NEXT_MORNING)
    [mail] = digests(mails)
    assert "(Resolved)" in mail
    assert "Untold" not in mail


def lines(mail: str) -> list[str]:
    return re.findall(r"^2[34] Nov \d\d:\d\d UTC, [^\r\n]*", mail.partition("<html")[0], re.MULTILINE)


def test_words_of_before_it_was_public_are_in_the_digest_of_the_day_it_became_so(
    reader, mails, worker, cast, clock
):
    """Its page shows them from then on, with the times when they were said."""
    subscriber(reader, mails, worker, frequency="daily")
    incident = cast.open(severity=Severity.LOW, is_public=False)
    who = {"actor": cast.maya, "now": clock.tick(minutes=1)}
    updates.publish_update(incident, "Cards fail.", visibility=Visibility.PUBLIC, **who)
    updates.publish_update(incident, "INTERNAL suspicion", **who)
    go(worker, clock, NEXT_MORNING)
    assert digests(mails) == []
    publish_incident(incident, actor=cast.maya, now=clock.tick(minutes=5))
    who = {"actor": cast.maya, "now": clock.tick(minutes=5)}
    updates.publish_update(incident, "They work again.", visibility=Visibility.PUBLIC, **who)
    go(worker, clock, NEXT_MORNING + timedelta(days=1))
    [mail] = digests(mails)
    assert lines(mail) == [
        "23 Nov 14:00 UTC, Opened: Incident opened. Low, Box 0.",
        "23 Nov 14:01 UTC, Update: Cards fail.",
        "24 Nov 07:11 UTC, Update: They work again.",
    ]
    page = get(reader, "/incidents/1").text
    assert all(words in page for words in ("Cards fail.", "They work again."))
    go(worker, clock, NEXT_MORNING + timedelta(days=2))
    assert len(digests(mails)) == 1


def test_what_is_made_public_later_is_in_the_digest_of_that_day(reader, mails, worker, cast, clock):
    subscriber(reader, mails, worker, frequency="daily")
    incident = cast.open(severity=Severity.LOW)
    who = {"actor": cast.maya, "now": clock.tick(minutes=1)}
    updates.publish_update(incident, "Cards fail.", **who)
    entry = db.session.scalar(select(func.max(TimelineEvent.seq)))
    go(worker, clock, NEXT_MORNING)
    who["now"] = clock.tick(minutes=5)
    timeline.set_visibility(incident, entry, Visibility.PUBLIC, **who)
    go(worker, clock, NEXT_MORNING + timedelta(days=1))
    first, second = digests(mails)
    assert lines(first) == ["23 Nov 14:00 UTC, Opened: Incident opened. Low, Box 0."]
    assert lines(second) == ["23 Nov 14:01 UTC, Update: Cards fail."]


def test_a_first_word_that_waits_over_the_hour_is_in_the_next_digest(reader, mails, worker, cast, clock):
    subscriber(reader, mails, worker, frequency="daily")
    worker.app.config["PUBLIC_HOLD"] = 60
    clock.now = NEXT_MORNING - timedelta(seconds=90)
    incident = cast.open(severity=Severity.LOW)
    publish_due(clock.tick(seconds=60))
    assert incident.is_public
    go(worker, clock, NEXT_MORNING)
    assert digests(mails) == []
    go(worker, clock, NEXT_MORNING + timedelta(days=1))
    [mail] = digests(mails)
    assert lines(mail) == ["24 Nov 06:59 UTC, Opened: Incident opened. Low, Box 0."]
