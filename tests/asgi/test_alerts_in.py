"""Alerts as the server takes them: many in one commit, what fails fails alone, strangers wait."""

from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from majorops.alerts import receiver
from majorops.alerts.receiver import AGAIN, LONGEST, STRANGERS
from majorops.asgi import alerts_in
from majorops.asgi.alerts_in import AlertsIn
from majorops.asgi.pools import StaffRequests
from majorops.db import db
from majorops.domain.enums import SourceKind
from majorops.models import AlertDelivery
from majorops.operations.alert_sources import add_source
from tests.integrations.payloads import alertmanager, as_bytes
from tests.loops import run

HERE, ELSEWHERE = "192.0.2.7", "192.0.2.8"


class Front:
    """The receiver of a server, and one source."""

    def __init__(self, app, row, secret: str):
        self.app, self.path, self.secret = app, row.path, secret

    def post(self, *requests: dict) -> list[tuple[int, dict, dict]]:
        """Status, headers and JSON of these requests (see `asked`), all of which come at once."""
        front = AlertsIn(self.app, StaffRequests())

        async def all_of_them():
            return await asyncio.gather(*[self._answered(front, **one) for one in requests])

        found = run(all_of_them)
        front.stop()
        db.session.rollback()
        return found

    async def _answered(self, front, body=b"{}", secret="", path="", address=HERE, chunks=None, **headers):
        given = {"authorization": f"Bearer {secret or self.secret}", "host": "ops.example.org"}
        given |= {"transfer-encoding": "chunked"} if chunks else {"content-length": str(len(body))}
        scope = {"method": "POST", "path": path or self.path, "client": (address, 5)}
        scope["headers"] = [(name.encode(), text.encode()) for name, text in (given | headers).items()]
        assert front.takes(scope)
        parts, sent = list(chunks or [body]), []

        async def receive():
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message):
            sent.append(message)

        await front.answer(scope, receive, send)
        head, end = sent
        said = {name.decode(): text.decode() for name, text in head["headers"]}
        assert (int(said["content-length"]), said["cache-control"]) == (len(end["body"]), "no-store")
        return head["status"], said, json.loads(end["body"])


@pytest.fixture
def front(app, cast, clock) -> Front:
    row, secret = add_source(name="Prometheus", kind=SourceKind.ALERTMANAGER, actor=cast.ada, now=clock())
    return Front(app, row, secret)


def kept() -> list[AlertDelivery]:
    return list(db.session.scalars(select(AlertDelivery).order_by(AlertDelivery.id)))


def statuses(answers) -> list[int]:
    return [status for status, _, _ in answers]


ALERT = {"body": as_bytes(alertmanager())}
WRONG = {"secret": "wrong"}


def test_what_comes_at_once_is_kept_in_one_transaction(front, monkeypatch):
    kept_at_once = []
    keep = receiver.keep_deliveries
    monkeypatch.setattr(
        receiver,
        "keep_deliveries",
        lambda rows, **given: kept_at_once.append(len(rows)) or keep(rows, **given),
    )
    answers = front.post(*[ALERT] * 30)
    assert set(statuses(answers)) == {202}
    assert answers[0][2] == {"status": "accepted"}
    assert len(kept()) == 30
    assert len(kept_at_once) < 10
    assert {(row.body, row.address) for row in kept()} == {(ALERT["body"], HERE)}


def test_each_is_judged_by_itself(front):
    answers = front.post(ALERT, WRONG, {"body": b"{"}, {"path": "/hooks/grafana/1"}, ALERT)
    assert statuses(answers) == [202, 401, 400, 401, 202]
    assert [row.verdict.value for row in kept()] == ["accepted", "wrong_secret", "not_json", "accepted"]


def test_what_cannot_be_kept_fails_alone(front, monkeypatch):
    keep = receiver.keep_deliveries

    def some(rows, **given):
        if any(b"poison" in row.body for row in rows):
            raise ValueError("poison")
        keep(rows, **given)

    monkeypatch.setattr(receiver, "keep_deliveries", some)
    answers = front.post(ALERT, {"body": b'{"a": "poison"}'}, ALERT)
    assert statuses(answers) == [202, 503, 202]
    assert answers[1][1]["retry-after"] == str(AGAIN)
    assert len(kept()) == 2


def test_while_the_database_is_away_each_is_told_to_come_again(front, monkeypatch):
    tries = []

    def away(rows, **given):
        tries.append(len(rows))
        raise OperationalError("INSERT", {}, Exception("gone"))

    monkeypatch.setattr(receiver, "keep_deliveries", away)
    answers = front.post(*[ALERT] * 5)
    assert set(statuses(answers)) == {503}
    assert {said["retry-after"] for _, said, _ in answers} == {str(AGAIN)}
    assert sum(tries) == 5  # not each of them once more


def test_nobody_waits_for_ever_whatever_breaks(front, monkeypatch):
    monkeypatch.setattr(alerts_in, "receive", lambda requests: 1 / 0)
    assert statuses(front.post(ALERT)) == [503]


def test_a_body_in_chunks_is_read_and_two_megabytes_are_the_end(front):
    body = ALERT["body"]
    long = {"body": b"x", "content-length": str(LONGEST + 1)}
    answers = front.post({"chunks": [body[:50], body[50:]]}, {"chunks": [b"x" * LONGEST, b"x"]}, long)
    assert statuses(answers) == [202, 413, 413]
    assert [row.body for row in kept()] == [body]


def test_strangers_wait_and_a_source_beside_them_does_not(front):
    answers = front.post(*[WRONG] * (STRANGERS + 2), *[{"path": "/hooks/nothing/1"}] * 3, ALERT)
    found = statuses(answers)
    assert (found.count(401), found.count(429), found[-1]) == (STRANGERS, 5, 202)
    [wait] = {said["retry-after"] for status, said, _ in answers if status == 429}
    assert 1 <= int(wait) <= 60
    elsewhere = {"address": ELSEWHERE}
    assert statuses(front.post(WRONG, ALERT, WRONG | elsewhere)) == [429, 202, 401]


def test_a_crowd_of_one_address_takes_no_place_of_others(front, monkeypatch):
    monkeypatch.setattr(alerts_in, "WAITING_SUSPECT", 2)
    front.post(*[WRONG] * STRANGERS)
    found = statuses(front.post(*[WRONG] * 5, *[ALERT | {"address": ELSEWHERE}] * 3))
    assert found == [429] * 5 + [202] * 3


def test_a_source_that_signs_rightly_has_no_budget(front):
    for _ in range(3):
        assert set(statuses(front.post(*[ALERT] * 200))) == {202}


def test_where_too_many_wait_it_is_a_503(front, monkeypatch):
    monkeypatch.setattr(alerts_in, "WAITING", 3)
    assert statuses(front.post(*[ALERT] * 5)).count(503) == 2


def test_what_is_no_address_of_a_source_goes_to_flask(app):
    front = AlertsIn(app, StaffRequests())
    for path in ("/hooks/slack/commands", "/hooks/alertmanager", "/hooks/alertmanager/x", "/hooks/a/1/2"):
        assert not front.takes({"method": "POST", "path": path, "headers": []})
    assert not front.takes({"method": "GET", "path": "/hooks/alertmanager/1", "headers": []})
    front.stop()


@pytest.mark.parametrize("host", ["status.example.org", "STATUS.example.org:443"])
def test_the_host_of_the_status_page_has_none(app, host):
    app.config["STATUS_HOST"] = "status.example.org"
    front = AlertsIn(app, StaffRequests())
    path = "/hooks/alertmanager/1"
    assert not front.takes({"method": "POST", "path": path, "headers": [(b"host", host.encode())]})
    assert front.takes({"method": "POST", "path": path, "headers": [(b"host", b"ops.example.org")]})
    front.stop()
