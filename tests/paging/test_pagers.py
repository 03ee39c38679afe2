"""Pagers outside, against doubles that take what PagerDuty, Opsgenie and GoAlert document."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug import Response

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.domain.enums import ChannelKind, CommandRole, DeliveryState, PagerKind, Severity, SourceKind
from majorops.domain.errors import Invalid
from majorops.models import Alert, Delivery, Page, Rota, TimelineEvent
from majorops.notifications import Worker
from majorops.operations import paging, rotas
from majorops.operations.alert_sources import add_source
from majorops.operations.handover import holder
from majorops.operations.second_factor import seal_secrets
from tests.alerts.conftest import Monitor
from tests.integrations.payloads import OPSGENIE, as_bytes, pagerduty
from tests.operations.afterwards import resolve

KEY = "R03E5BJRSTUVWXYZ0123456789ABCDEF"
SRE = CommandRole.SRE


class Pager:
    """A service outside. `alerts`: what it has, by its key; `status`: with which it answers."""

    def __init__(self, httpserver):
        self.url = httpserver.url_for("").rstrip("/")
        self.alerts: dict[str, str] = {}
        self.seen: list[tuple[str, str]] = []
        self.status: int | None = None
        httpserver.expect_request("/v2/enqueue", method="POST").respond_with_handler(self.pagerduty)
        httpserver.expect_request("/v2/alerts", method="POST").respond_with_handler(self.opsgenie)
        for verb in ("acknowledge", "close"):
            path = f"/v2/alerts/{{}}/{verb}"
            pattern = re.compile(path.format("[^/]+"))
            httpserver.expect_request(pattern, method="POST").respond_with_handler(self.opsgenie_act)
        goalert = "/api/v2/generic/incoming"
        httpserver.expect_request(goalert, method="POST").respond_with_handler(self.goalert)

    def note(self, key: str, state: str, status: int, body: object = "") -> Response:
        if self.status is None:
            if state == "triggered" or key in self.alerts:
                self.alerts[key] = state
            self.seen.append((key, state))
        return Response(json.dumps(body), self.status or status, content_type="application/json")

    def pagerduty(self, request) -> Response:
        body = request.json
        if body.get("routing_key") != KEY or body["event_action"] not in (
            "trigger",
            "acknowledge",
            "resolve",
        ):
            return Response(json.dumps({"status": "invalid event"}), 400)
        if body["event_action"] == "trigger":
            assert {"summary", "source", "severity"} <= set(body["payload"])
            assert body["payload"]["severity"] in ("critical", "error", "warning", "info")
        state = f"{body['event_action'].removesuffix('e')}ed"
        done = {"status": "success", "message": "Event processed", "dedup_key": body["dedup_key"]}
        return self.note(body["dedup_key"], state, 202, done)

    def opsgenie(self, request) -> Response:
        assert request.headers["Authorization"] == f"GenieKey {KEY}"
        assert len(request.json["message"]) <= 130
        return self.note(request.json["alias"], "triggered", 202, {"result": "Request will be processed"})

    def opsgenie_act(self, request) -> Response:
        assert request.headers["Authorization"] == f"GenieKey {KEY}"
        assert request.args["identifierType"] == "alias"
        *_, key, verb = request.path.split("/")
        return self.note(key, {"acknowledge": "acknowledged", "close": "resolved"}[verb], 202)

    def goalert(self, request) -> Response:
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert not request.args
        state = "resolved" if request.json.get("action") == "close" else "triggered"
        return self.note(request.json["dedup"], state, 204)


@pytest.fixture
def pager(app, httpserver):
    app.config |= {"WEBHOOK_PRIVATE": True, "BASE_URL": "https://ops.example.org", "SMTP_URL": None}
    return Pager(httpserver)


@pytest.fixture
def worker(app):
    return Worker(app, on_delivery=lambda number: None)


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


def rota(cast, clock, pager, kind=PagerKind.PAGERDUTY, **given) -> Rota:
    """A rota of SRE whose people the service knows."""
    about = {"name": "SRE", "role": SRE, "pager_kind": kind, "pager_url": pager.url, "pager_key": KEY}
    return rotas.add_rota(**about | given, actor=cast.ada, now=clock())


def asked(what: str = "1") -> Delivery:
    """What the pager was asked."""
    rows = select(Delivery).filter_by(kind=ChannelKind.PAGER)
    return db.session.scalars(rows.where(Delivery.act.endswith(f":{what}"))).one()


def titles(kind: str) -> list[str]:
    db.session.rollback()
    rows = select(TimelineEvent.title).where(TimelineEvent.kind == kind).order_by(TimelineEvent.id)
    return list(db.session.scalars(rows))


@pytest.mark.parametrize("kind", list(PagerKind))
def test_a_page_is_triggered_answered_and_over(cast, clock, pager, worker, kind, who):
    rota(cast, clock, pager, kind)
    incident = cast.open(severity=Severity.CRITICAL)
    row = paging.page_role(incident, SRE, **who)
    worker.drain()
    assert list(pager.alerts.values()) == ["triggered"]
    clock.tick(seconds=1)
    paging.call_due(clock())
    assert titles("page.called") == [f"Paged: {kind.label} for SRE"]
    assert titles("page.reached") == [f"Page to {kind.label} delivered by {kind.label} after 0 s"]
    paging.answer_page(incident, row.id, actor=cast.omar, now=clock())
    worker.drain()
    is_closed = kind is PagerKind.GOALERT
    assert list(pager.alerts.values()) == ["resolved" if is_closed else "acknowledged"]
    resolve(incident, who)
    for _ in range(2):
        paging.call_due(clock())
        worker.drain()
    assert list(pager.alerts.values()) == ["resolved"]
    db.session.refresh(row)
    assert row.pager_is_open is False  # looked at no more
    assert [state for _, state in pager.seen].count("resolved") == (2 if is_closed else 1)
    assert len({key for key, _ in pager.seen}) == 1


def test_a_person_and_the_pager_are_called_and_stopped(cast, clock, pager, worker, who):
    hours = f"{clock() - timedelta(hours=1):%Y-%m-%d %H:%M} to {clock() + timedelta(hours=9):%Y-%m-%d %H:%M}"
    rota(cast, clock, pager, shifts=f"{hours} rita@example.org")
    incident = cast.open()
    row = paging.page_role(incident, SRE, **who)
    assert row.whom == "Rita Moreau, PagerDuty"
    worker.drain()
    paging.end_page(incident, row.id, **who)
    worker.drain()
    assert list(pager.alerts.values()) == ["resolved"]


def test_what_is_answered_before_it_went_triggers_nothing(cast, clock, pager, worker, who):
    rota(cast, clock, pager)
    incident = cast.open()
    row = paging.page_role(incident, SRE, **who)
    paging.answer_page(incident, row.id, actor=cast.omar, now=clock())
    worker.drain()
    assert pager.alerts == {}


def test_an_answer_waits_for_a_trigger_that_is_on_its_way(cast, clock, pager, worker, who):
    rota(cast, clock, pager)
    incident = cast.open()
    row = paging.page_role(incident, SRE, **who)
    asked().state = DeliveryState.SENDING
    db.session.commit()
    paging.answer_page(incident, row.id, actor=cast.omar, now=clock())
    assert asked("acknowledge").next_at == clock() + paging.PAGER_WAIT


def test_the_end_of_the_incident_closes_an_open_page(cast, clock, pager, worker, who):
    rota(cast, clock, pager)
    incident = cast.open()
    paging.page_role(incident, SRE, **who)
    worker.drain()
    resolve(incident, who)
    paging.call_due(clock())
    worker.drain()
    assert list(pager.alerts.values()) == ["resolved"]


@pytest.mark.parametrize(
    ("status", "state"), [(400, "failed"), (429, "pending"), (302, "pending"), (503, "pending")]
)
def test_what_the_service_refuses_is_said_and_what_may_work_is_tried_again(
    cast, clock, pager, worker, who, status, state
):
    rota(cast, clock, pager)
    pager.status = status
    incident = cast.open()
    paging.page_role(incident, SRE, **who)
    worker.drain()
    db.session.rollback()
    sent = asked()
    assert (sent.state, f"answered {status}." in sent.last_error) == (state, True)
    paging.call_due(clock())
    assert len(titles("page.reached")) == (state == "failed")


def test_a_private_address_is_refused(app, cast, clock, pager, worker, who):
    rota(cast, clock, pager)
    app.config["WEBHOOK_PRIVATE"] = False
    paging.page_role(cast.open(), SRE, **who)
    worker.drain()
    assert pager.seen == []


def test_a_drill_asks_no_pager(cast, clock, pager, worker, who):
    rota(cast, clock, pager)
    incident = cast.open(is_drill=True)
    row = paging.page_role(incident, SRE, **who)
    paging.answer_page(incident, row.id, actor=cast.omar, now=clock())
    worker.drain()
    assert pager.seen == []
    later = cast.open()
    paging.page_role(later, SRE, **who)
    later.is_drill = True
    db.session.commit()
    worker.drain()
    assert pager.seen == []


def test_a_pager_that_was_taken_off_or_cannot_be_opened_gets_nothing(app, cast, clock, pager, worker, who):
    row = rota(cast, clock, pager)
    paging.page_role(cast.open(), SRE, **who)
    row.pager_key = "gAAAA"
    db.session.commit()
    worker.drain()
    paging.page_role(cast.open(), SRE, **who)
    row.pager_kind = None
    db.session.commit()
    worker.drain()
    assert pager.seen == []
    rows = select(Delivery.last_error).filter_by(kind=ChannelKind.PAGER)
    said = list(db.session.scalars(rows.order_by(Delivery.id)))
    assert "no secret key of ours" in said[0]
    assert "no pager of this kind" in said[1]


# What comes back


def source(app, cast, clock, kind) -> Monitor:
    row, secret = add_source(kind=kind, name=kind.label, actor=cast.ada, now=clock())
    return Monitor(app.test_client(), clock, row, secret)


def pagerduty_says(key: str, agent: str = "user_reference") -> dict:
    body = pagerduty("incident.acknowledged", "acknowledged")
    body["event"]["data"]["incident_key"] = key
    body["event"]["agent"] = {"id": "PLH1HKV", "type": agent, "summary": "Lena Fischer"}
    return body


def signed(monitor: Monitor, body: dict) -> dict[str, str]:
    from majorops.integrations.base import hex_hmac

    return {"X_PagerDuty_Signature": f"v1={hex_hmac(monitor.secret, as_bytes(body))}"}


def test_who_acknowledges_in_pagerduty_is_on_it(app, cast, clock, pager, worker, who):
    rota(cast, clock, pager)
    monitor = source(app, cast, clock, SourceKind.PAGERDUTY)
    incident = cast.open()
    row = paging.page_role(incident, SRE, **who)
    worker.drain()
    clock.tick(seconds=42)
    for agent in ("events_api_v2_inbound_integration_reference", "user_reference", "user_reference"):
        body = pagerduty_says(row.pager_key, agent)
        monitor.say(body, **signed(monitor, body))
    assert titles("page.answered") == ["Lena Fischer is on it: SRE, 42 s after the page"]
    assert holder(incident, SRE).name == "Lena Fischer"
    worker.drain()
    assert list(pager.alerts.values()) == ["triggered"]  # it knows itself
    assert db.session.scalars(select(Alert)).all() == []  # it is no alert of its own


def test_who_acknowledges_in_opsgenie_is_on_it(app, cast, clock, pager, who):
    rota(cast, clock, pager, PagerKind.OPSGENIE)
    monitor = source(app, cast, clock, SourceKind.OPSGENIE)
    incident = cast.open()
    row = paging.page_role(incident, SRE, **who)
    for action in ("Create", "Acknowledge"):
        alert = OPSGENIE["alert"] | {"alias": row.pager_key, "username": "lena@example.org"}
        monitor.say(OPSGENIE | {"action": action, "alert": alert}, X_MajorOps_Secret=monitor.secret)
    assert titles("page.answered") == ["lena@example.org is on it: SRE, 0 s after the page"]
    assert db.session.scalars(select(Alert)).all() == []


def test_a_key_that_is_not_ours_is_an_alert_and_what_is_over_stays_over(app, cast, clock, pager, who):
    rota(cast, clock, pager)
    monitor = source(app, cast, clock, SourceKind.PAGERDUTY)
    body = pagerduty()
    body["event"]["data"]["incident_key"] = "majorops-page-of-another"
    monitor.say(body, **signed(monitor, body))
    assert len(db.session.scalars(select(Alert)).all()) == 1
    incident = cast.open()
    row = paging.page_role(incident, SRE, **who)
    resolve(incident, who)
    body = pagerduty_says(row.pager_key)
    monitor.say(body, **signed(monitor, body))
    assert titles("page.answered") == []
    paging.lapse_page(incident, row.id, actor=SYSTEM, now=clock())
    assert db.session.get(Page, row.id).answered_by == ""


# How a rota has one


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"pager_kind": None}, "pager_kind"),
        ({"pager_kind": PagerKind.GOALERT, "pager_url": ""}, "pager_url"),
        ({"pager_url": "ftp://a"}, "pager_url"),
        ({"pager_url": "https://a.example/?token=1"}, "pager_url"),
        ({"pager_key": ""}, "pager_key"),
        ({"pager_key": "short"}, "pager_key"),
        ({"pager_key": "with some spaces and \u00fc"}, "pager_key"),
    ],
)
def test_what_is_wrong_with_a_pager_is_said_at_its_field(cast, clock, pager, given, field):
    with pytest.raises(Invalid) as refused:
        rota(cast, clock, pager, **given)
    assert list(refused.value.errors) == [field]


def test_the_key_is_sealed_kept_and_asked_for_once_more_with_another_address(app, cast, clock, pager):
    row = rota(cast, clock, pager)
    assert KEY not in row.pager_key
    given = {"name": "SRE", "role": SRE, "system": "", "shifts": "", "calendar_url": "", "is_active": True}
    given |= {"pager_kind": PagerKind.PAGERDUTY, "actor": cast.ada, "now": clock()}
    rotas.save_rota(row, **given | {"name": "SRE 2"}, pager_url=pager.url)
    assert rotas.key_of(row) == KEY
    with pytest.raises(Invalid, match="another address"):
        rotas.save_rota(row, **given, pager_url="https://elsewhere.example.org")
    app.config["SECRET_KEY_FALLBACKS"] = [app.config["SECRET_KEY"]]
    app.config["SECRET_KEY"] = "another-secret-key-of-thirty-two-bytes-and-more"
    assert seal_secrets(actor=cast.ada, now=clock()) == 1
    assert seal_secrets(actor=cast.ada, now=clock()) == 0
    assert rotas.key_of(row) == KEY
    rotas.save_rota(row, **given | {"pager_kind": None})
    assert row.pager_key == ""


def test_an_admin_sets_a_pager_and_never_reads_its_key(app, cast, clock, pager):
    app.config["WTF_CSRF_ENABLED"] = False
    ada = cast.browser("ada")
    typed = {"name": "SRE", "role": "sre", "pager_kind": "pagerduty", "pager_key": KEY}
    assert ada.post("/admin/data/rotas/new/", data=typed).status_code in (302, 303)
    row = db.session.scalars(select(Rota)).one()
    assert row.pager_url == "https://events.pagerduty.com"
    edit = f"/admin/data/rotas/edit/?id={row.id}"
    pages = [ada.get(edit).text, ada.get(f"/admin/data/rotas/details/?id={row.id}").text]
    pages += [ada.get("/admin/data/rotas/").text, ada.get("/admin/data/rotas/export/csv/").text]
    assert not any(KEY in page or row.pager_key in page for page in pages)
