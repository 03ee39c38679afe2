"""Events to programs outside: what is queued for whom, what a body holds, in which order and how often it is
tried, and what ends an endpoint.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from sqlalchemy import func, select, update
from standardwebhooks import Webhook
from werkzeug import Response

from majorops.db import db
from majorops.domain.enums import DeliveryState, Visibility
from majorops.domain.outgoing import MOST_BYTES, PAUSES
from majorops.models import AuditEntry, Delivery, Endpoint, EventAttempt, OutgoingEvent
from majorops.notifications import Worker, outgoing, webhook
from majorops.notifications.payloads import schemas
from majorops.operations import curation, endpoints, first_word, timeline, updates
from majorops.operations import outgoing as operations
from majorops.operations.edit import edit_field
from tests.counting import queries

BASE = "https://ops.example.org"


@pytest.fixture
def worker(app):
    app.config |= {"WEBHOOK_PRIVATE": True, "BASE_URL": BASE}
    return Worker(app, on_delivery=lambda number: None)


@pytest.fixture
def receiver(httpserver):
    """`receiver.answers`: what is answered next, 204 when there is nothing left; `got`: (headers, body)."""

    class Receiver:
        answers: list = []
        got: list = []

        def take(self, request):
            self.got.append((request.headers, request.get_data(as_text=True)))
            return self.answers.pop(0) if self.answers else Response(status=204)

        @property
        def events(self) -> list[dict]:
            return [json.loads(body) for _, body in self.got]

        @property
        def kinds(self) -> list[str]:
            return [event["type"] for event in self.events]

    found = Receiver()
    found.answers, found.got, found.url = [], [], httpserver.url_for("/events")
    httpserver.expect_request("/events", method="POST").respond_with_handler(found.take)
    return found


@pytest.fixture
def endpoint(cast, clock, receiver, worker):
    """`endpoint(is_full=True)`: an internal endpoint at the receiver, and its secret."""

    def make(name: str = "Warehouse", **given):
        given = {"address": receiver.url, "is_internal": True} | given
        return endpoints.add_endpoint(name=name, **given, actor=cast.ada, now=clock())

    return make


def rows() -> list[OutgoingEvent]:
    db.session.rollback()
    return list(db.session.scalars(select(OutgoingEvent).order_by(OutgoingEvent.id)))


def note(cast, clock, incident, text: str, **given):
    return timeline.add_note(incident, text, **given, actor=cast.maya, now=clock())


class TestQueued:
    def test_each_entry_is_queued_with_it_for_each_endpoint_that_wants_it(self, cast, clock, endpoint):
        cast.open()
        assert rows() == []
        cast.list_systems("dns-1", "ledger-db")
        endpoint("All")
        endpoint("Phases", kinds="phase.*")
        endpoint("DNS", systems="dns-1")
        endpoint("Ledger", systems="ledger-db", kinds="note.logged")
        endpoint("Public", is_internal=False)
        clock.tick(minutes=1)
        incident = cast.open()
        note(cast, clock, incident, "heard on the bridge")
        kinds = {name: [] for name in ("All", "Phases", "DNS", "Ledger", "Public")}
        for row in rows():
            kinds[row.endpoint.name].append(row.kind)
        assert kinds["All"][0] == "incident.opened"
        assert kinds["All"][-1] == "note.logged"
        assert len(kinds["All"]) == incident.version
        assert (kinds["Phases"], kinds["DNS"], kinds["Ledger"]) == ([], [], ["note.logged"])
        assert kinds["Public"][0] == "incident.opened"
        assert "note.logged" not in kinds["Public"]

    def test_a_drill_is_quiet_and_a_private_incident_is_internal(self, cast, clock, endpoint):
        endpoint("All")
        endpoint("Public", is_internal=False)
        cast.open(is_drill=True)
        assert rows() == []
        incident = cast.open(is_public=False)
        note(cast, clock, incident, "everybody may read it", visibility=Visibility.PUBLIC)
        assert {row.endpoint.name for row in rows()} == {"All"}

    def test_nothing_is_queued_where_the_act_is_undone(self, cast, clock, endpoint):
        endpoint()
        incident = cast.open()
        before = len(rows())
        with pytest.raises(Exception, match="Write what you heard"):
            note(cast, clock, incident, "")
        assert len(rows()) == before

    def test_it_costs_one_query_without_an_endpoint_and_two_with_fifty(self, cast, clock, endpoint):
        incident = cast.open()

        def sent() -> int:
            with queries() as found:
                note(cast, clock, incident, "heard on the bridge")
            return len(found)

        note(cast, clock, incident, "first")
        without = sent()
        cast.list_systems("ledger-db")
        for n in range(5):
            endpoint(f"Endpoint {n}", systems="ledger-db")
        assert sent() <= without + 2  # the names of its systems, and one insert for all

    def test_the_insert_is_one_statement(self, cast, clock, endpoint):
        incident = cast.open()
        for n in range(5):
            endpoint(f"Endpoint {n}")
        with queries() as found:
            note(cast, clock, incident, "heard on the bridge")
        assert len([one for one in found if one.startswith("INSERT INTO outgoing_event")]) == 1
        assert len(rows()) == 5


class TestBodies:
    def check(self, event: dict, name: str) -> None:
        whole = schemas()
        Draft202012Validator.check_schema(whole)
        one = {"$ref": whole["payloads"][name]["$ref"], "$defs": whole["$defs"]}
        Draft202012Validator(one, format_checker=FormatChecker()).validate(event)

    def test_thin_it_names_the_entry_and_where_it_is(self, cast, clock, endpoint, receiver, worker):
        endpoint(kinds="note.logged")
        incident = cast.open()
        entry = note(cast, clock, incident, "heard on the bridge")
        worker.drain()
        [event] = receiver.events
        assert event == {
            "type": "note.logged",
            "timestamp": "2026-11-23T14:00:00Z",
            "data": {
                "incident": incident.id,
                "entry": entry.seq,
                "url": f"{BASE}/api/v1/incidents/{incident.id}/timeline?after={entry.seq - 1}&limit=1",
            },
        }
        self.check(event, "thin")

    def test_full_it_holds_both(self, cast, clock, endpoint, receiver, worker):
        endpoint(kinds="note.logged", is_full=True)
        note(cast, clock, cast.open(), "heard on the <b>bridge</b>")
        worker.drain()
        [event] = receiver.events
        self.check(event, "full")
        data = event["data"]
        assert (data["incident"]["reference"], data["entry"]["title"]) == (
            "INC-001",
            "heard on the <b>bridge</b>",
        )
        assert data["incident"]["systems"] == ["payments-api", "ledger-db"]
        assert data["is_cut"] is False

    def test_it_stays_below_20_kb(self, cast, clock, endpoint, receiver, worker):
        endpoint(kinds="note.logged", is_full=True)
        note(cast, clock, cast.open(), '€"\n' * 1_200 + "end")
        worker.drain()
        [(_, body)] = receiver.got
        assert len(body.encode()) < MOST_BYTES
        data = json.loads(body)["data"]
        assert (data["is_cut"], data["entry"]["detail"][-3:]) == (False, "end")

    def test_a_detail_that_is_too_long_is_cut(self, cast, clock, endpoint, receiver, worker):
        endpoint(kinds="update.published", is_full=True)
        incident = cast.open()
        updates.publish_update(
            incident, "Überlauf „x“ " * 500, visibility=Visibility.PUBLIC, actor=cast.maya, now=clock()
        )
        db.session.execute(update(operations.TimelineEvent).values(detail="🔥\x01" * 12_000))
        db.session.commit()
        worker.drain()
        [(_, body)] = receiver.got
        assert len(body.encode()) < MOST_BYTES
        data = json.loads(body)["data"]
        assert data["is_cut"] is True
        assert len(body.encode()) > MOST_BYTES * 0.9, "no more than has to be"

    @pytest.mark.parametrize("is_full", [True, False])
    def test_for_the_public_it_is_what_the_public_reads(
        self, cast, clock, endpoint, receiver, worker, is_full
    ):
        endpoint(kinds="update.*, field.*", is_internal=False, is_full=is_full)
        incident = cast.open(title="the inner title")
        edit_field(incident, "public_title", "Payments fail", actor=cast.maya, now=clock())
        updates.publish_update(incident, "We know.", actor=cast.maya, now=clock())
        said = updates.publish_update(
            incident, "We know of it.", visibility=Visibility.PUBLIC, actor=cast.maya, now=clock()
        )
        worker.drain()
        event = receiver.events[-1]
        self.check(event, "public_full" if is_full else "public_thin")
        assert event["type"] == "update.published"
        assert event["data"]["url"] == f"{BASE}/incidents/{incident.id}"
        text = json.dumps(receiver.events)
        assert "the inner title" not in text
        assert "We know." not in text
        assert cast.maya.name not in text
        assert said.visibility is Visibility.PUBLIC
        if is_full:
            assert event["data"]["incident"]["title"] == "Payments fail"
            assert "version" not in event["data"]["incident"]

    def test_what_became_internal_meanwhile_is_not_sent(self, cast, clock, endpoint, receiver, worker):
        endpoint(kinds="note.logged", is_internal=False)
        incident = cast.open()
        entry = note(cast, clock, incident, "for all", visibility=Visibility.PUBLIC)
        timeline.set_visibility(incident, entry.seq, Visibility.INTERNAL, actor=cast.maya, now=clock())
        worker.drain()
        [row] = rows()
        assert receiver.got == []
        assert (row.state, row.last_error) == (DeliveryState.QUIET, outgoing.NOT_PUBLIC)

    def test_a_drill_by_now_is_not_sent(self, cast, clock, endpoint, receiver, worker):
        endpoint(kinds="note.logged")
        incident = cast.open()
        note(cast, clock, incident, "heard on the bridge")
        curation.set_drill(incident, True, actor=cast.maya, now=clock())
        worker.drain()
        assert receiver.got == []
        assert [row.last_error for row in rows()] == [outgoing.DRILL]

    def test_what_waited_is_told_as_it_becomes_public(self, app, cast, clock, endpoint, receiver, worker):
        endpoint(is_internal=False, is_full=True)
        incident = cast.open(is_public=False)
        first_word.publish_incident(incident, actor=cast.maya, now=clock())
        worker.drain()
        [event] = [one for one in receiver.events if one["type"] == "public.published"]
        self.check(event, "public_full")
        assert event["data"]["entry"] is None
        assert event["data"]["incident"]["reference"] == incident.reference

    def test_of_a_recording_that_is_replayed_nothing_is_sent(self, cast, clock, endpoint, receiver, worker):
        endpoint(kinds="note.logged")
        note(cast, clock, cast.open(), "heard on the bridge")
        clock.tick(days=5)
        worker.drain()
        assert [row.last_error for row in rows()] == [outgoing.PAST]
        assert receiver.got == []

    def test_one_that_cannot_be_read_is_set_aside(self, cast, clock, endpoint, receiver, worker, monkeypatch):
        endpoint(kinds="note.logged")
        incident = cast.open()
        for text in ("first", "second"):
            note(cast, clock, incident, text)
        read = outgoing.read
        first = rows()[0].id

        def fails(number, *given):
            if number == first:
                raise ValueError("no such kind")
            return read(number, *given)

        monkeypatch.setattr(outgoing, "read", fails)
        worker.drain()
        assert [row.state for row in rows()] == [DeliveryState.QUIET, DeliveryState.SENT]
        assert rows()[0].last_error == "Cannot be read: ValueError"


class TestSigned:
    def test_as_standard_webhooks_has_it(self, cast, clock, endpoint, receiver, worker):
        row, secret = endpoint(kinds="note.logged")
        note(cast, clock, cast.open(), "Überlauf")
        worker.drain()
        [(headers, body)] = receiver.got
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        assert at == clock()
        assert headers["webhook-id"] == rows()[0].key
        assert headers["webhook-signature"] == Webhook(secret).sign(headers["webhook-id"], at, body)
        assert headers["Content-Type"] == "application/json"
        assert secret not in row.secret

    def test_by_both_secrets_while_one_replaces_the_other(self, cast, clock, endpoint, receiver, worker):
        row, old = endpoint(kinds="note.logged")
        new = endpoints.rotate_secret(row, actor=cast.ada, now=clock())
        incident = cast.open()

        def signers() -> list[bool]:
            note(cast, clock, incident, "heard on the bridge")
            worker.drain()
            headers, body = receiver.got[-1]
            at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
            found = headers["webhook-signature"].split(" ")
            return [Webhook(key).sign(headers["webhook-id"], at, body) in found for key in (old, new)]

        assert signers() == [True, True]
        clock.tick(hours=24)
        assert signers() == [False, True]

    def test_the_old_one_can_be_ended_before(self, cast, clock, endpoint):
        row, old = endpoint()
        new = endpoints.rotate_secret(row, actor=cast.ada, now=clock())
        assert endpoints.secrets_of(row, clock()) == [new, old]
        with pytest.raises(Exception, match="Two secrets sign until 2026-11-24 14:00 UTC"):
            endpoints.rotate_secret(row, actor=cast.ada, now=clock())
        endpoints.end_old_secret(row, actor=cast.ada, now=clock())
        assert endpoints.secrets_of(row, clock()) == [new]
        with pytest.raises(Exception, match="There is no old secret"):
            endpoints.end_old_secret(row, actor=cast.ada, now=clock())

    def test_another_secret_key_is_said_and_sealing_anew_keeps_the_secret(
        self, app, cast, clock, endpoint, receiver, worker
    ):
        from majorops.operations.second_factor import seal_secrets

        row, secret = endpoint(kinds="note.logged")
        endpoints.rotate_secret(row, actor=cast.ada, now=clock())
        number, key = row.id, app.config["SECRET_KEY"]
        app.config |= {"SECRET_KEY": "another" * 6, "SECRET_KEY_FALLBACKS": [key]}
        assert seal_secrets(actor=cast.ada, now=clock()) == 1
        app.config["SECRET_KEY_FALLBACKS"] = []
        db.session.rollback()
        assert secret in endpoints.secrets_of(db.session.get(Endpoint, number), clock())
        assert seal_secrets(actor=cast.ada, now=clock()) == 0
        app.config["SECRET_KEY"] = "a third" * 6
        note(cast, clock, cast.open(), "heard on the bridge")
        worker.drain()
        assert [row.last_error for row in rows()] == [outgoing.NO_KEY]


class TestTried:
    def test_again_with_the_same_id_until_it_is_taken(self, cast, clock, endpoint, receiver, worker):
        endpoint(kinds="note.logged")
        receiver.answers = [Response(status=500), Response(status=500)]
        note(cast, clock, cast.open(), "heard on the bridge")
        for minutes in (0, 0, 1, 1, 9):
            clock.tick(minutes=minutes)
            worker.drain()
        assert len(receiver.got) == 3
        assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
        assert len({headers["webhook-timestamp"] for headers, _ in receiver.got}) == 3
        [row] = rows()
        assert (row.state, row.attempts, row.endpoint.failures) == (DeliveryState.SENT, 3, 0)
        tries = operations.attempts_of(row.id)
        assert [(one.status, one.error) for one in tries] == [
            (204, ""),
            (500, "It answered 500."),
            (500, "It answered 500."),
        ]

    def test_given_up_after_75_hours_and_admins_are_told_once(
        self, app, cast, clock, endpoint, receiver, worker
    ):
        app.config["SMTP_URL"] = "smtp://127.0.0.1:1"
        endpoint(kinds="note.logged", address="http://nowhere.invalid/")
        incident = cast.open()
        note(cast, clock, incident, "first")
        begun = clock()
        for _ in range(len(PAUSES) + 1):
            [row] = rows()
            clock.now = max(row.next_at, clock()) + timedelta(minutes=1)
            worker.drain()
        [row] = rows()
        assert (row.state, row.attempts) == (DeliveryState.FAILED, len(PAUSES) + 1)
        assert timedelta(hours=67) < clock() - begun < timedelta(hours=84)
        note(cast, clock, incident, "second")
        db.session.execute(update(OutgoingEvent).where(OutgoingEvent.settled_at.is_(None)).values(attempts=9))
        db.session.commit()
        clock.tick(minutes=2)
        worker.drain()
        assert [row.state for row in rows()] == [DeliveryState.FAILED] * 2
        told = select(Delivery.subject, Delivery.body).where(Delivery.act == f"endpoint:{row.endpoint_id}")
        [(subject, body)] = db.session.execute(told).all()
        assert subject == "MajorOps: the endpoint Warehouse takes no events"
        assert "The name nowhere.invalid is not known." in body
        page = worker._read(db.session.scalar(select(Delivery.id).where(Delivery.body == body)), clock())
        assert page.link == f"{BASE}/admin/data/endpoints/details/?id={row.endpoint_id}"

    def test_410_ends_it_and_admins_are_told(self, app, cast, clock, endpoint, receiver, worker):
        app.config["SMTP_URL"] = "smtp://127.0.0.1:1"
        row, _ = endpoint(kinds="note.logged")
        receiver.answers = [Response(status=410)]
        incident = cast.open()
        for text in ("first", "second"):
            note(cast, clock, incident, text)
        worker.drain()
        db.session.rollback()
        assert (row.is_active, row.ended_why) == (False, "It answered 410.")
        assert [one.state for one in rows()] == [DeliveryState.FAILED, DeliveryState.QUIET]
        assert len(receiver.got) == 1
        note(cast, clock, incident, "third")
        assert len(rows()) == 2
        ended = select(AuditEntry.detail).where(AuditEntry.kind == "endpoint.ended")
        assert db.session.scalar(ended) == "It answered 410."
        assert db.session.scalar(select(Delivery.subject).where(Delivery.act == f"endpoint:{row.id}")) == (
            "MajorOps: the endpoint Warehouse was ended"
        )
        given = {"name": row.name, "address": row.address, "kinds": "", "systems": ""}
        given |= {"is_internal": True, "is_full": False, "is_active": True}
        endpoints.save_endpoint(row, **given, actor=cast.ada, now=clock())
        assert (row.ended_why, row.failures, row.rests_until) == ("", 0, None)

    def test_a_receiver_that_asks_is_left_alone(self, cast, clock, endpoint, receiver, worker):
        endpoint(kinds="note.logged")
        receiver.answers = [Response(status=503, headers={"Retry-After": "600"})]
        for title in ("one", "two"):
            note(cast, clock, cast.open(title=title), "heard on the bridge")
        worker.drain()
        clock.tick(minutes=9)
        worker.drain()
        assert len(receiver.got) == 1, "neither this event nor the other one"
        clock.tick(minutes=2)
        worker.drain()
        assert len(receiver.got) == 3

    def test_in_the_order_of_an_incident_and_no_incident_waits_for_another(
        self, cast, clock, endpoint, receiver, worker
    ):
        endpoint(kinds="note.logged", is_full=True)
        first, second = cast.open(title="one"), cast.open(title="two")
        note(cast, clock, first, "1a")
        note(cast, clock, first, "1b")
        receiver.answers = [Response(status=500)]
        worker.drain()
        clock.tick(seconds=1)
        note(cast, clock, second, "2a")
        note(cast, clock, first, "1c")
        db.session.execute(
            update(OutgoingEvent)
            .where(OutgoingEvent.attempts == 1)
            .values(next_at=clock() + timedelta(minutes=5))
        )
        db.session.commit()
        clock.tick(minutes=1)
        worker.drain()
        clock.tick(minutes=10)
        worker.drain()
        said = [event["data"]["entry"]["title"] for event in receiver.events]
        assert said == ["1a", "2a", "1a", "1b", "1c"]

    def test_redirects_and_private_addresses_are_refused(
        self, app, cast, clock, endpoint, receiver, worker, monkeypatch
    ):
        endpoint(kinds="note.logged")
        incident = cast.open()
        receiver.answers = [Response(status=302, headers={"Location": "http://127.0.0.1/"})]
        note(cast, clock, incident, "first")
        worker.drain()
        [row] = rows()
        assert row.last_error == "It answered 302. It redirects; redirects are not followed."
        app.config["WEBHOOK_PRIVATE"] = False
        clock.tick(minutes=1)
        worker.drain()
        [row] = rows()
        assert "leads to a private address" in row.last_error
        assert len(receiver.got) == 1
        asked = []

        def changes_its_mind(host, port, type):
            asked.append(host)
            found = "93.184.215.14" if len(asked) == 1 else "127.0.0.1"
            return [(2, 1, 6, "", (found, port))]

        called = []
        monkeypatch.setattr("majorops.notifications.net.socket.getaddrinfo", changes_its_mind)
        monkeypatch.setattr(
            webhook, "_line", lambda is_secure, address, *more: called.append(address) or 1 / 0
        )
        clock.tick(minutes=30)
        worker.drain()
        assert (called, len(asked)) == (["93.184.215.14"], 1), "it goes to the address that was looked at"
        assert rows()[0].last_error.startswith("ZeroDivisionError")

    def test_again_by_hand(self, cast, clock, endpoint, receiver, worker):
        row, _ = endpoint(kinds="note.logged")
        note(cast, clock, cast.open(), "heard on the bridge")
        with pytest.raises(Exception, match="It waits to be sent"):
            operations.send_event_again(rows()[0], actor=cast.ada, now=clock())
        worker.drain()
        operations.send_event_again(rows()[0], actor=cast.ada, now=clock())
        worker.drain()
        assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
        assert len(receiver.got) == 2
        row.is_active = False
        db.session.commit()
        with pytest.raises(Exception, match="The endpoint is switched off"):
            operations.send_event_again(rows()[0], actor=cast.ada, now=clock())

    def test_a_test_is_tried_once(self, app, cast, clock, endpoint, receiver, worker):
        row, _ = endpoint()
        receiver.answers = [Response(status=500)]
        for answer in ("It answered 500.", ""):
            number = endpoints.begin_test(row, clock() + operations.LEASE, actor=cast.ada, now=clock())
            assert outgoing.deliver(number, app.config) == answer
        assert [one.state for one in rows()] == [DeliveryState.FAILED, DeliveryState.SENT]
        assert receiver.events[1]["type"] == "endpoint.test"
        assert receiver.events[1]["data"] == {"endpoint": "Warehouse"}
        TestBodies().check(receiver.events[1], "test")
        row = db.session.get(Endpoint, rows()[0].endpoint_id)
        row.is_active = False
        db.session.commit()
        with pytest.raises(Exception, match="The endpoint is switched off"):
            endpoints.begin_test(row, clock(), actor=cast.ada, now=clock())

    def test_a_test_that_its_admin_did_not_send_goes_by_the_worker(
        self, cast, clock, endpoint, receiver, worker
    ):
        row, _ = endpoint()
        endpoints.begin_test(row, clock() + operations.LEASE, actor=cast.ada, now=clock())
        worker.drain()
        assert receiver.kinds == []
        clock.now += operations.LEASE
        worker.drain()
        assert receiver.kinds == ["endpoint.test"]

    def test_one_worker_at_a_time_has_an_endpoint_until_its_lease_ends(self, cast, clock, endpoint):
        row, _ = endpoint(kinds="note.logged")
        incident = cast.open()
        for text in ("first", "second"):
            note(cast, clock, incident, text)
        who = {"actor": cast.ada, "now": clock()}
        number, mine = operations.take_event(row.id, None, **who)
        assert operations.due_endpoints(clock()) == []
        assert operations.take_event(row.id, None, **who) is None
        assert operations.take_event(row.id, mine, **who)[0] == number, "the same until it is settled"
        operations.settle_event(number, operations.Answer(204, 3), **who)
        operations.release_endpoint(row.id, mine, **who)
        assert operations.due_endpoints(clock()) == [row.id]
        operations.take_event(row.id, None, **who)
        clock.now += operations.LEASE
        assert operations.due_endpoints(clock()) == [row.id], "who had it is dead"

    def test_a_hundred_and_then_others_get_their_turn(self, app, cast, clock, endpoint, worker, monkeypatch):
        row, _ = endpoint(kinds="note.logged")
        incident = cast.open()
        for n in range(3):
            note(cast, clock, incident, f"note {n}")
        monkeypatch.setattr(outgoing, "AT_ONCE", 2)
        assert outgoing.work_on(row.id, app.config, lambda: True) == 2
        assert operations.due_endpoints(clock()) == [row.id]
        assert outgoing.work_on(row.id, app.config, lambda: False) == 0
        assert outgoing.work_on(row.id, app.config, lambda: True) == 1
        assert operations.due_endpoints(clock()) == []

    def test_what_was_settled_a_month_ago_is_forgotten(self, cast, clock, endpoint, receiver, worker):
        endpoint(kinds="note.logged")
        note(cast, clock, cast.open(), "heard on the bridge")
        worker.drain()
        given = {"actor": cast.ada, "now": clock()}
        assert operations.forget_events(before=clock(), **given) == 0
        assert operations.forget_events(before=clock() + timedelta(seconds=1), **given) == 1
        assert rows() == []
        assert db.session.scalar(select(func.count(EventAttempt.id))) == 0

    def test_the_worker_sends_by_a_thread_of_its_own(self, cast, clock, endpoint, receiver, worker):
        from tests.waiting import wait_for

        endpoint(kinds="note.logged")
        note(cast, clock, cast.open(), "heard on the bridge")
        db.session.remove()
        worker.look()
        wait_for(lambda: [row.state for row in rows()] == [DeliveryState.SENT], "the event")
        worker.stop()
        assert len(receiver.got) == 1


class TestChecked:
    @pytest.mark.parametrize(
        ("given", "field", "sentence"),
        [
            ({"name": " "}, "name", "Say what takes the events"),
            ({"name": "Taken"}, "name", "Another endpoint has this name."),
            ({"address": "ftp://x"}, "address", "Use an address that begins"),
            ({"address": "https://hooks.slack.com/services/x"}, "address", "Slack and Teams take messages"),
            ({"kinds": "fire.lit"}, "kinds", "There is no kind of event fire.lit."),
            (
                {"kinds": ",".join(["note.logged"] + ["*" * n for n in range(1, 60)])},
                "kinds",
                "At most 1,000",
            ),
            ({"systems": "mainframe"}, "systems", "There is no system mainframe."),
        ],
    )
    def test_what_cannot_be(self, cast, clock, endpoint, given, field, sentence):
        from majorops.domain.errors import Invalid

        endpoint("Taken")
        with pytest.raises(Invalid) as refused:
            endpoint(**{"name": "Warehouse"} | given)
        assert sentence in refused.value.errors[field]

    def test_fifty_are_the_most(self, cast, clock, endpoint, monkeypatch):
        from majorops.domain.errors import Invalid

        endpoint("One")
        monkeypatch.setattr(endpoints, "MOST", 1)
        with pytest.raises(Invalid):
            endpoint("Two")

    def test_switched_off_nothing_goes_there(self, cast, clock, endpoint, receiver, worker):
        row, _ = endpoint()
        cast.open()
        given = {"name": row.name, "address": row.address, "kinds": "", "systems": ""}
        given |= {"is_internal": True, "is_full": False}
        endpoints.save_endpoint(row, **given, is_active=True, actor=cast.ada, now=clock())  # as it is
        endpoints.save_endpoint(row, **given, is_active=False, actor=cast.ada, now=clock())
        worker.drain()
        assert receiver.got == []
        assert {one.last_error for one in rows()} == {endpoints.OFF}
