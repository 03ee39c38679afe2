"""From the outbox to the receiver, and what becomes of a message when the receiver is in trouble."""

from __future__ import annotations

import hashlib
import hmac
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from standardwebhooks import Webhook
from urllib3.connection import HTTPConnection
from werkzeug import Response

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import ChannelKind, DeliveryState, Notice, Severity
from majorops.domain.notices import NO_MAIL, Reach, outcome
from majorops.fireground import reads
from majorops.fireground.regions import ledger
from majorops.models import Channel, Delivery, TimelineEvent, User
from majorops.notifications import Message, NotSent, Worker, apprise_channel, mail, net, webhook
from majorops.notifications.worker import PAUSES
from majorops.operations import delivery as operations
from tests.notifications.receivers import MailServer


@pytest.fixture
def settings(settings):
    return settings | {"WEBHOOK_PRIVATE": True}


@pytest.fixture
def mails(app):
    server = MailServer()
    app.config["SMTP_URL"] = server.url
    yield server
    server.stop()


@pytest.fixture
def worker(app):
    told: list[int] = []
    worker = Worker(app, on_delivery=told.append)
    worker.ledgers = told
    return worker


def channel(cast, nick: str, kind: ChannelKind, address: str) -> Channel:
    user = db.session.get(User, getattr(cast, nick).user_id)
    return operations.add_channel(
        email=user.email, kind=kind, address=address, actor=SYSTEM, now=cast.clock()
    )


def states() -> dict[str, DeliveryState]:
    db.session.rollback()
    return {row.recipient: row.state for row in db.session.scalars(select(Delivery))}


def one() -> Delivery:
    db.session.rollback()
    return db.session.scalar(select(Delivery).order_by(Delivery.id))


class TestMail:
    def test_a_box_3_reaches_whom_it_names(self, cast, worker, mails):
        cast.open()
        assert worker.drain() == 2
        assert set(states().values()) == {DeliveryState.SENT}
        text = "\n".join(mails.mails)
        assert "Subject: INC-001 Critical, Box 3: prod-payments-api not responding" in text
        assert "To: xin@example.org" in text
        assert f"Message-ID: <{db.session.scalar(select(Delivery.key).limit(1))[:32]}@" in text
        assert worker.ledgers == [1, 1]

    def test_each_gets_the_page_that_they_may_read(self, app, cast, worker, mails):
        app.config["BASE_URL"] = "https://ops.example.org"
        cast.open()
        worker.drain()
        to = {
            next(line for line in text.splitlines() if line.startswith("To:")): text for text in mails.mails
        }
        assert "https://ops.example.org/admin/incidents/1\n" in to["To: omar@example.org"].replace("\r", "")
        assert "https://ops.example.org/incidents/1/exec\n" in to["To: xin@example.org"].replace("\r", "")

    def test_the_record_says_who_was_told_when_that_is_known(self, app, cast, worker, mails, clock):
        """From queued to told, or not: the entry of the alarm, the ledger, the nudge,
        and what an admin sends again.
        """

        def outcomes() -> list[str]:
            db.session.rollback()
            rows = select(TimelineEvent).filter_by(kind="notice.settled").order_by(TimelineEvent.id)
            return [row.title for row in db.session.scalars(rows)]

        cast.open()
        assert outcomes() == []
        shown = ledger.build(cast.fireground(1))
        assert shown.acts[0].summary == "2 queued"
        assert shown.title == "2 messages to 2 people, all queued"
        worker.drain()
        assert outcomes() == ["Alarm of 14:00 UTC: all 2 told"]
        assert ledger.build(cast.fireground(1)).acts[0].summary == "all 2 told"
        mails.mode = "busy"
        cast.open()
        worker.drain()
        assert outcomes()[1:] == []
        shown = cast.fireground(2)
        assert ledger.build(shown).acts[0].summary == "2 not reached yet"
        assert reads.standing_nudges(shown)[0].what == "Nobody could be told: 2 not reached yet"
        mails.mode = "refuses"
        clock.tick(minutes=1)
        worker.drain()
        assert outcomes()[1:] == ["Alarm of 14:00 UTC: 2 could not be reached"]
        (nudge,) = reads.standing_nudges(cast.fireground(2))
        assert nudge.what == "Nobody could be told: 2 could not be reached"
        mails.mode = "good"
        failed = db.session.scalar(select(Delivery).filter_by(state=DeliveryState.FAILED))
        operations.send_again(failed, actor=cast.ada, now=clock())
        worker.drain()
        assert outcomes()[2:] == ["Alarm of 14:00 UTC: 1 told, 1 could not be reached"]
        assert reads.standing_nudges(cast.fireground(2)) == []
        assert worker.ledgers

    def test_without_a_server_it_says_so_and_can_be_sent_later(self, app, cast, worker, mails, clock):
        app.config["SMTP_URL"] = None
        cast.open(severity=Severity.MEDIUM)
        worker.drain()
        assert (one().state, one().last_error) == (DeliveryState.NO_CHANNEL, NO_MAIL)
        app.config["SMTP_URL"] = mails.url
        operations.send_again(one(), actor=cast.ada, now=clock())
        worker.drain()
        assert one().state is DeliveryState.SENT

    def test_a_refused_recipient_is_final(self, cast, worker, mails):
        mails.mode = "refuses"
        cast.open(severity=Severity.MEDIUM)
        worker.drain()
        assert one().state is DeliveryState.FAILED
        assert one().last_error == "The mail server answered 550: nobody here"

    def test_a_busy_server_is_asked_again(self, cast, worker, mails, clock):
        mails.mode = "busy"
        cast.open(severity=Severity.MEDIUM)
        worker.drain()
        assert one().state is DeliveryState.PENDING
        assert timedelta(seconds=4) <= one().next_at - clock() <= timedelta(seconds=6)
        assert worker.drain() == 0
        mails.mode = "good"
        clock.tick(seconds=7)
        assert worker.drain() == 1
        assert one().state is DeliveryState.SENT

    @pytest.mark.parametrize("mode", ["hangs", "drips"])
    def test_a_server_that_hangs_is_given_up(self, cast, worker, mails, monkeypatch, mode):
        monkeypatch.setattr(mail, "READ_TIMEOUT", 0.5)
        monkeypatch.setattr(net, "TOTAL_TIMEOUT", 1.0)
        monkeypatch.setattr(mail, "deadline", lambda close: net.deadline(close, 1.0))
        mails.mode = mode
        cast.open(severity=Severity.MEDIUM)
        worker.drain()  # the server never ends by itself
        assert one().state is DeliveryState.PENDING

    def test_one_that_takes_it_and_dies_gets_it_again_with_the_same_id(self, cast, worker, mails, clock):
        mails.mode = "dies"
        cast.open(severity=Severity.MEDIUM)
        worker.drain()
        mails.mode = "good"
        clock.tick(seconds=10)
        worker.drain()
        ids = {line for text in mails.mails for line in text.splitlines() if line.startswith("Message-ID")}
        assert (len(mails.mails), len(ids)) == (2, 1)

    def test_no_line_of_a_title_becomes_a_header(self):
        message = Message(
            1, "k", ChannelKind.EMAIL, "a@example.org", "", "x\nBcc: evil@example.org", "b", "alarm", 1, ""
        )
        sent = mail.compose(message, "MajorOps <m@example.org>", mail.Look("Org"))
        assert sent["Bcc"] is None
        assert sent["Subject"] == "x Bcc: evil@example.org"


class TestWebhook:
    def test_signed_and_known_by_its_id(self, cast, worker, httpserver):
        httpserver.expect_request("/hook", method="POST", query_string="room=1").respond_with_data()
        address = httpserver.url_for("/hook?room=1")
        secret = channel(cast, "omar", ChannelKind.WEBHOOK, address).secret
        cast.open(severity=Severity.MEDIUM)
        worker.drain()
        [(request, _)] = httpserver.log
        headers, body, sent = request.headers, request.get_data(), request.json
        assert (sent["notice"], sent["incident"], headers["Idempotency-Key"]) == ("alarm", 1, one().key)
        assert headers["Host"].startswith("127.0.0.1:")
        stamp = headers["X-MajorOps-Time"]
        mac = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        assert headers["X-MajorOps-Signature"] == f"sha256={mac}"
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        said = Webhook(secret.encode()).sign(headers["webhook-id"], at, body.decode())
        assert (headers["webhook-signature"], headers["webhook-id"]) == (said, one().key)

    def test_500_for_an_hour_and_then_it_arrives(self, cast, worker, clock, httpserver):
        back_at = clock.now + timedelta(hours=1)
        httpserver.expect_request("/hook").respond_with_handler(
            lambda request: Response(status=200 if clock.now >= back_at else 500)
        )
        channel(cast, "omar", ChannelKind.WEBHOOK, httpserver.url_for("/hook"))
        cast.open(severity=Severity.MEDIUM)
        for _ in range(2_000):
            if one().state is not DeliveryState.PENDING:
                break
            worker.drain()
            clock.tick(seconds=5)
        assert one().state is DeliveryState.SENT
        assert len(httpserver.log) <= 11
        assert clock.now < back_at + timedelta(minutes=20)

    def test_given_up_is_visible_and_can_be_sent_again(self, cast, worker, clock, httpserver):
        for _ in range(len(PAUSES) + 1):
            httpserver.expect_ordered_request("/hook").respond_with_data(status=500)
        httpserver.expect_ordered_request("/hook").respond_with_data()
        channel(cast, "omar", ChannelKind.WEBHOOK, httpserver.url_for("/hook"))
        cast.open(severity=Severity.MEDIUM)
        began = clock.now
        for _ in range(2_000):
            if one().state is not DeliveryState.PENDING:
                break
            worker.drain()
            clock.tick(seconds=20)
        assert (one().state, one().last_error) == (DeliveryState.FAILED, "127.0.0.1 answered 500.")
        assert clock.now - began > timedelta(hours=1)
        operations.send_again(one(), actor=cast.ada, now=clock())
        worker.drain()
        assert one().state is DeliveryState.SENT

    @pytest.mark.parametrize(
        ("status", "state", "why"),
        [
            (302, DeliveryState.PENDING, "127.0.0.1 answered 302. It redirects; redirects are not followed."),
            (410, DeliveryState.FAILED, "127.0.0.1 answered 410."),
        ],
    )
    def test_other_answers(self, cast, worker, status, state, why, httpserver):
        inside = {"Location": httpserver.url_for("/inside")}
        httpserver.expect_request("/hook").respond_with_data(status=status, headers=inside)
        channel(cast, "omar", ChannelKind.WEBHOOK, httpserver.url_for("/hook"))
        cast.open(severity=Severity.MEDIUM)
        worker.drain()
        assert (one().state, one().last_error) == (state, why)
        assert [request.path for request, _ in httpserver.log] == ["/hook"]

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "[::1]",
            "localhost",
            "10.1.2.3",
            "169.254.169.254",
            "[::ffff:127.0.0.1]",
            "2130706433",
            "0",
        ],
    )
    def test_no_private_address(self, app, host):
        message = Message(1, "k", ChannelKind.WEBHOOK, f"http://{host}:80/", "", "s", "b", "alarm", 1, "")
        with pytest.raises(NotSent, match="private address") as caught:
            webhook.send(message, app.config | {"WEBHOOK_PRIVATE": False})
        assert caught.value.is_final

    def test_the_address_that_was_checked_is_the_one_connected_to(self, app, monkeypatch):
        """Not the name once more: it may lead elsewhere by then."""
        monkeypatch.setattr(
            net.socket, "getaddrinfo", lambda *given, **more: [(2, 1, 6, "", ("93.184.216.34", 80))]
        )
        went_to = []

        class Line(HTTPConnection):
            def request(self, *given, **more):
                went_to.append(self.host)
                raise OSError

        monkeypatch.setattr(webhook, "HTTPConnection", Line)
        message = Message(1, "k", ChannelKind.WEBHOOK, "http://rebind.example/", "", "s", "b", "alarm", 1, "")
        with pytest.raises(NotSent):
            webhook.send(message, app.config | {"WEBHOOK_PRIVATE": False})
        assert went_to == ["93.184.216.34"]


@pytest.mark.parametrize("address", ["file:///etc/passwd", "syslog://", "json://localhost/x", "exec://rm"])
def test_apprise_addresses_that_act_here_are_refused(app, address):
    message = Message(1, "k", ChannelKind.APPRISE, address, "", "s", "b", "alarm", 1, "")
    with pytest.raises(NotSent, match="reaches no person"):
        apprise_channel.send(message, app.config)


def test_apprise_that_is_not_installed_says_so(app, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "apprise", None)
    message = Message(1, "k", ChannelKind.APPRISE, "slack://a/b/c", "", "s", "b", "alarm", 1, "")
    with pytest.raises(NotSent, match="apprise is not installed") as caught:
        apprise_channel.send(message, app.config)
    assert caught.value.is_unset


class TestTheOutbox:
    def test_a_drill_stays_quiet(self, cast, worker, mails):
        cast.open(is_drill=True)
        assert worker.drain() == 0
        assert mails.mails == []
        assert set(states().values()) == {DeliveryState.QUIET}

    def test_what_is_long_past_wakes_nobody(self, cast, worker, mails, clock):
        cast.open(severity=Severity.MEDIUM)
        clock.tick(days=1, seconds=1)
        worker.drain()
        assert (one().state, mails.mails) == (DeliveryState.QUIET, [])
        assert one().last_error == "Not sent: it tells of something more than a day ago."

    def test_two_workers_at_once_send_each_once(self, app, cast, mails, clock):
        for n in range(12):
            cast.open(title=f"incident {n}")
        workers = [Worker(app, on_delivery=lambda number: None) for _ in range(2)]
        threads = [threading.Thread(target=worker.drain) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(states().values()) == {DeliveryState.SENT}
        assert len(mails.mails) == db.session.scalar(select(func.count(Delivery.id))) == 24

    def test_what_a_dead_worker_held_is_taken_up(self, cast, worker, mails, clock):
        cast.open(severity=Severity.MEDIUM)
        with worker.app.app_context():
            assert worker._take() is not None  # and dies
        assert worker.drain() == 0
        clock.tick(seconds=31)
        assert worker.drain() == 1
        assert one().state is DeliveryState.SENT

    @pytest.mark.parametrize("hours", [-3, 3])
    def test_a_clock_that_is_set_holds_nothing_up(self, cast, worker, mails, clock, hours):
        mails.mode = "busy"
        cast.open(severity=Severity.MEDIUM)
        worker.drain()
        mails.mode = "good"
        clock.tick(hours=hours)
        assert worker.drain() == 1
        assert one().state is DeliveryState.SENT

    def test_nothing_leaves_before_the_commit(self, cast, worker, mails, clock, monkeypatch):
        from majorops.operations import incident

        def fails(*given, **more):
            raise RuntimeError

        monkeypatch.setattr(incident, "raise_alarm", lambda case, old, **who: fails())
        with pytest.raises(RuntimeError):
            cast.open()
        assert worker.drain() == 0
        assert db.session.scalar(select(func.count(Delivery.id))) == 0

    def test_a_channel_replaces_the_mail_and_one_switched_off_leaves_none(
        self, cast, worker, mails, clock, httpserver
    ):
        httpserver.expect_request("/hook").respond_with_data()
        address = httpserver.url_for("/hook")
        hook = channel(cast, "omar", ChannelKind.WEBHOOK, address)
        cast.open(severity=Severity.MEDIUM)
        worker.drain()
        assert (len(httpserver.log), mails.mails) == (1, [])
        operations.save_channel(hook, address=address, is_active=False, actor=cast.ada, now=clock())
        cast.open(severity=Severity.MEDIUM)
        assert worker.drain() == 0
        rows = select(Delivery.state).filter_by(incident_id=2, notice=Notice.ALARM)
        assert db.session.scalars(rows).all() == [DeliveryState.NO_CHANNEL]


@pytest.mark.parametrize(
    ("reached", "people", "says"),
    [
        ([Reach.TOLD] * 7, 3, "7 messages to 3 people, all sent"),
        ([Reach.TOLD], 1, "1 message to 1 person, sent"),
        ([Reach.TOLD, Reach.TOLD, Reach.FAILED], None, "3 messages, 2 sent, 1 failed"),
        ([], 0, "0 messages"),
    ],
)
def test_the_ledgers_title_counts_messages_and_people_apart(reached, people, says):
    assert outcome(reached).message_words(people) == says
