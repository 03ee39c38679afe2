"""Where alerts come in: what is taken, what is refused and how, and what is kept of it."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from majorops.alerts import receiver
from majorops.db import db
from majorops.domain.enums import HookState, HookVerdict, SourceKind
from majorops.domain.errors import Conflict
from majorops.integrations import INTEGRATIONS
from majorops.models import AlertDelivery, AlertSource
from majorops.operations import alert_sources
from majorops.operations.alerts import REFUSED_LONGEST, REFUSED_MOST
from tests.alerts.conftest import alerts, work
from tests.integrations.payloads import alertmanager, as_bytes, pagerduty_event


def kept() -> list[AlertDelivery]:
    db.session.rollback()
    return list(db.session.scalars(select(AlertDelivery).order_by(AlertDelivery.id)))


def test_a_body_is_kept_as_it_came_before_anything_is_done(monitor):
    here = monitor()
    answer = here.send(alertmanager())
    assert (answer.status_code, answer.json) == (202, {"status": "accepted"})
    [row] = kept()
    assert row.body == as_bytes(alertmanager())
    assert (row.verdict, row.state) == (HookVerdict.ACCEPTED, HookState.PENDING)
    assert row.kept_headers == {"content-type": "application/json"}
    assert alerts() == []


def test_the_secret_as_the_password_of_basic_or_in_a_header_of_its_own(monitor):
    here = monitor()
    basic = base64.b64encode(f"prometheus:{here.secret}".encode()).decode()
    assert here.send(alertmanager(), Authorization=f"Basic {basic}").status_code == 202
    assert here.send(alertmanager(), Authorization="", X_MajorOps_Secret=here.secret).status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer \u00e4"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic dGVzdA=="},
        {"Authorization": "", "X_MajorOps_Secret": "wrong"},
    ],
)
def test_without_the_secret_nothing_is_taken(monitor, headers):
    here = monitor()
    answer = here.send(alertmanager(), **headers)
    assert (answer.status_code, answer.json["message"]) == (401, receiver.MESSAGES[401])
    [row] = kept()
    assert (row.verdict, row.state) == (HookVerdict.WRONG_SECRET, HookState.REFUSED)


def test_no_address_tells_a_stranger_which_sources_there_are(monitor, cast, clock):
    here = monitor()
    answers = [here.send({}, at) for at in ("/hooks/grafana/1", "/hooks/nothing/1", "/hooks/alertmanager/99")]
    answers.append(here.send({}, Authorization="Bearer x"))
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    row = db.session.get(AlertSource, here.id)
    alert_sources.save_source(row, name=row.name, is_active=False, actor=cast.ada, now=clock())
    assert here.send(alertmanager()).status_code == 401


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": ' + b"9" * 5_000 + b"}"])
def test_what_is_no_json(monitor, body):
    answer = monitor().send(body)
    assert (answer.status_code, answer.json["message"]) == (400, "The body is not JSON.")


def test_two_megabytes_and_no_more(monitor):
    here = monitor(SourceKind.GENERIC)
    frame = len(as_bytes({"detail": ""}))
    assert here.send({"detail": "x" * (receiver.LONGEST - frame)}).status_code == 202
    answer = here.send({"detail": "x" * (receiver.LONGEST - frame + 1)})
    assert (answer.status_code, answer.json["message"]) == (413, "The body is longer than 2 MB.")


def test_of_what_was_refused_strangers_fill_no_disk(monitor, clock):
    here = monitor()
    for _ in range(REFUSED_MOST + 3):
        here.send(b"x" * 10_000, Authorization="Bearer x")
    assert len(kept()) == REFUSED_MOST
    assert {len(row.body) for row in kept()} == {REFUSED_LONGEST}
    clock.tick(minutes=6)
    here.send(b"x", Authorization="Bearer x")
    assert len(kept()) == REFUSED_MOST + 1


def test_while_the_database_is_away_it_is_a_503(monitor, monkeypatch):
    here = monitor()

    def away(*given, **more):
        raise OperationalError("SELECT", {}, Exception("the server is gone"))

    monkeypatch.setattr(receiver, "keep_deliveries", away)
    answer = here.send(alertmanager())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    monkeypatch.setattr(receiver, "keep_deliveries", lambda *given, **more: 1 / 0)
    assert here.send(alertmanager()).status_code == 503


def test_other_methods_and_addresses_answer_as_json(monitor):
    here = monitor()
    answer = here.client.get(here.path)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert here.client.post("/hooks/alertmanager").json["message"] == receiver.MESSAGES[404]


def test_a_secret_is_turned_and_the_old_one_taken_for_an_hour(monitor, cast, clock):
    here = monitor()
    row = db.session.get(AlertSource, here.id)
    new = alert_sources.rotate_secret(row, actor=cast.ada, now=clock())
    assert here.send(alertmanager()).status_code == 202
    assert here.send(alertmanager(), Authorization=f"Bearer {new}").status_code == 202
    clock.tick(minutes=61)
    assert here.send(alertmanager()).status_code == 401
    assert here.secret not in row.secret
    assert new not in row.secret


def test_what_pagerduty_would_refuse_is_refused_and_kept(monitor):
    here = monitor(SourceKind.PAGERDUTY_EVENTS)
    answer = here.send(pagerduty_event(here.secret, "resolve", dedup_key=""))
    assert answer.status_code == 400
    assert "'dedup_key' is missing" in answer.json["message"]
    [row] = kept()
    assert (row.verdict, row.problem) == (HookVerdict.NOT_READ, answer.json["message"])


def test_what_sends_to_pagerduty_is_answered_as_there(monitor):
    here = monitor(SourceKind.PAGERDUTY_EVENTS)
    event = pagerduty_event(here.secret, dedup_key=None)
    answer = here.send(event, f"{here.path}/v2/enqueue", Authorization="")
    assert (answer.status_code, answer.json["status"]) == (202, "success")
    work(here.clock)
    [one] = alerts()
    assert one.dedup_key == answer.json["dedup_key"]


def test_a_rule_of_ours_in_the_way_is_our_own_trouble(monitor, monkeypatch):
    here = monitor()

    def refused(*given, **more):
        raise Conflict("Somebody was faster.")

    monkeypatch.setattr(receiver, "keep_deliveries", refused)
    assert here.send(alertmanager()).status_code == 503


def test_a_body_that_nobody_foresaw_holds_up_nothing(monitor, clock, monkeypatch):
    here = monitor()
    here.send(alertmanager())
    broken = replace(INTEGRATIONS[SourceKind.ALERTMANAGER], parse=lambda sent: 1 / 0)
    monkeypatch.setitem(INTEGRATIONS, SourceKind.ALERTMANAGER, broken)
    work(clock)
    [row] = kept()
    assert (row.state, row.problem) == (HookState.FAILED, "Cannot be read: ZeroDivisionError")


@pytest.mark.parametrize("fails", [1, 2])
def test_while_the_database_is_away_deliveries_wait(monitor, clock, monkeypatch, fails):
    here = monitor()
    here.send(alertmanager())
    errors = [RuntimeError("first")] * (fails - 1) + [OperationalError("SELECT", {}, Exception("gone"))]

    def away(*given, **more):
        raise errors.pop(0)

    monkeypatch.setattr("majorops.notifications.alerts.take_alerts", away)
    with pytest.raises(OperationalError):
        work(clock)
    [row] = kept()
    assert (row.state, row.attempts) == (HookState.PENDING, 0)


def test_what_cannot_be_read_is_set_aside_and_says_why(monitor, clock):
    here = monitor()
    assert here.send({"version": "4"}).status_code == 202
    here.send(alertmanager())
    work(clock)
    first, second = kept()
    assert (first.state, second.state) == (HookState.FAILED, HookState.DONE)
    assert first.problem.startswith("The body has no list of alerts")
    assert second.done_at - second.received_at < timedelta(minutes=1)
