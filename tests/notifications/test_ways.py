"""What came of each channel, and e-mail where one fails."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import ChannelKind, DeliveryState, Notice
from majorops.models import Channel, Delivery, User
from majorops.notifications import NotSent, Worker, webhook
from majorops.notifications import worker as working
from majorops.notifications.due import PAUSES
from majorops.operations import delivery, own_notices
from tests.notifications.receivers import MailServer


@pytest.fixture
def mails(app):
    server = MailServer()
    app.config |= {"SMTP_URL": server.url, "BASE_URL": "https://ops.example.org"}
    yield server
    server.stop()


@pytest.fixture
def worker(app):
    return Worker(app, on_delivery=lambda number: None)


@pytest.fixture
def hook(cast, monkeypatch):
    """Xin's webhook; it raises what `hook.problem` is."""

    class Hook:
        problem: NotSent | None = NotSent("hooks.example.org answered 404.", is_final=True)
        taken = 0

    def send(message, settings):
        if Hook.problem:
            raise Hook.problem
        Hook.taken += 1

    monkeypatch.setitem(working.SEND, ChannelKind.WEBHOOK, send)
    given = {"kind": ChannelKind.WEBHOOK, "address": "https://hooks.example.org/x"}
    Hook.row = own_notices.add_own_channel(**given, actor=cast.xin, now=cast.clock())
    return Hook


def to_xin(mails) -> list[str]:
    return [mail for mail in mails.mails if "To: xin@example.org" in mail]


def rows(notice: Notice) -> list[Delivery]:
    db.session.rollback()
    found = select(Delivery).filter_by(recipient="Xin Zhao", notice=notice).order_by(Delivery.id)
    return list(db.session.scalars(found))


def test_what_a_channel_refuses_comes_by_mail_once_and_its_owner_is_told_once(cast, worker, mails, hook):
    cast.open()
    cast.open(title="second")
    worker.drain()
    worker.drain()
    told = to_xin(mails)
    assert len([one for one in told if "Critical, Box 3" in one]) == 2
    assert "By e-mail, as Webhook did not take it: hooks.example.org answered 404." in told[0]
    (owner,) = [one for one in told if "Subject: A channel of yours fails: Webhook" in one]
    assert "https://ops.example.org/admin/account/notices" in owner
    states = [row.state for row in rows(Notice.ALARM)]
    assert sorted(states) == [DeliveryState.FAILED] * 2 + [DeliveryState.SENT] * 2


def test_an_alarm_does_not_wait_for_an_hour_and_a_half_of_tries(cast, worker, mails, hook):
    hook.problem = NotSent("hooks.example.org answered 503.")
    cast.open()
    for seconds in PAUSES[:2]:
        worker.drain()
        assert to_xin(mails) == [], seconds
        cast.clock.tick(minutes=seconds * 1.3 / 60)
    worker.drain()
    worker.drain()
    assert len(to_xin(mails)) == 1
    hook.problem = None
    cast.clock.tick(minutes=2)
    worker.drain()
    assert (hook.taken, len(to_xin(mails))) == (1, 1)


def test_who_has_that_mail_already_does_not_get_it_twice(cast, worker, mails, hook):
    given = {"kind": ChannelKind.EMAIL, "address": "xin@private.example"}
    own_notices.add_own_channel(**given, actor=cast.xin, now=cast.clock())
    cast.open()
    worker.drain()
    worker.drain()
    alarms = [mail for mail in mails.mails if "Critical, Box 3" in mail and "To: xin" in mail]
    assert len(alarms) == 1


def test_the_owner_is_told_again_once_it_worked_in_between(cast, worker, mails, hook):
    def fail_once(title: str) -> int:
        cast.open(title=title)
        worker.drain()
        worker.drain()
        return len([one for one in to_xin(mails) if "A channel of yours fails" in one])

    problem = hook.problem
    assert [fail_once("first"), fail_once("second")] == [1, 1]
    hook.problem = None
    cast.clock.tick(minutes=1)
    cast.open(title="third")
    worker.drain()
    hook.problem = problem
    assert fail_once("fourth") == 2


def test_without_a_mail_server_the_page_alone_says_so(app, cast, worker, hook):
    app.config["SMTP_URL"] = None
    cast.open()
    worker.drain()
    assert len(rows(Notice.ALARM)) == 1
    page = cast.browser("xin").get("/admin/account/notices").text
    assert "The last message did not arrive" in page
    assert "answered 404" in page


def test_success_and_failure_stand_at_the_channel_and_at_the_accounts_address(cast, worker, mails, hook):
    cast.open()
    worker.drain()
    db.session.rollback()
    failing = db.session.scalar(select(Channel))
    assert failing.is_failing
    assert (failing.reached_at, failing.unreached_at) == (None, cast.clock())
    hook.problem = None
    cast.clock.tick(minutes=1)
    cast.open(title="second")
    worker.drain()
    db.session.rollback()
    works = db.session.scalar(select(Channel))
    assert (works.is_failing, works.reached_at) == (False, cast.clock())
    assert db.session.get(User, cast.omar.user_id).reached_at == cast.clock()


def test_what_waits_for_a_channel_that_went_is_not_sent(cast, worker, mails, hook):
    hook.problem = NotSent("hooks.example.org answered 503.")
    cast.open()
    worker.drain()
    hook.problem = None
    own_notices.remove_own_channel(hook.row.id, actor=cast.xin, now=cast.clock())
    cast.clock.tick(minutes=5)
    worker.drain()
    assert hook.taken == 0
    assert rows(Notice.ALARM)[0].last_error == own_notices.REMOVED


def test_what_waits_for_a_channel_that_is_switched_off_is_not_sent(cast, worker, mails, hook):
    hook.problem = NotSent("hooks.example.org answered 503.")
    cast.open()
    worker.drain()
    hook.problem = None
    given = {"address": "https://hooks.example.org/x", "is_active": False}
    delivery.save_channel(hook.row, **given, actor=SYSTEM, now=cast.clock())
    cast.clock.now += timedelta(minutes=5)
    worker.drain()
    assert hook.taken == 0


def test_a_webhook_that_is_private_is_refused_to_its_owner_as_to_an_admin(app, cast, worker, mails):
    app.config["WEBHOOK_PRIVATE"] = False
    given = {"kind": ChannelKind.WEBHOOK, "address": "http://127.0.0.1:9/x"}
    own_notices.add_own_channel(**given, actor=cast.xin, now=cast.clock())
    assert working.SEND[ChannelKind.WEBHOOK] is webhook.send
    cast.open()
    worker.drain()
    worker.drain()
    refused = rows(Notice.ALARM)[0]
    assert refused.state is DeliveryState.FAILED
    assert "private address" in refused.last_error
    assert len([one for one in to_xin(mails) if "Critical, Box 3" in one]) == 1
