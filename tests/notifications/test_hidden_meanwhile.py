"""A system that is taken off the public page is named by nothing that goes out afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug import Response

from majorops.db import db
from majorops.domain.enums import ChannelKind, DeliveryState, Frequency, Severity, Visibility
from majorops.models import Announcement, Delivery, System
from majorops.notifications import webhook
from majorops.operations import catalogue, edit, maintenance, updates
from tests.notifications.conftest import BASE, many, subscriber, texts, to
from tests.notifications.test_digests import NEXT_MORNING

HIDDEN, KEPT = "vault-secret", "checkout-web"


@pytest.fixture
def settings(settings):
    return settings | {"WEBHOOK_PRIVATE": True, "BASE_URL": BASE}


@pytest.fixture
def hooks(httpserver, clock, cast, monkeypatch):
    """What a program's webhook, Slack and Teams are sent; an e-mail subscriber is there, too."""
    bodies: list[str] = []
    monkeypatch.setattr(webhook, "resolve", lambda host, port, may_be_private: "127.0.0.1")
    httpserver.expect_request("/services/T0/B0/x").respond_with_handler(
        lambda request: bodies.append(request.get_data(as_text=True)) or Response("ok")
    )
    hosts = ("hooks.example.org", "hooks.slack.com", "prod-1.westeurope.logic.azure.com")
    for host in hosts:
        address = f"http://{host}:{httpserver.port}/services/T0/B0/x"
        many(1, clock(), address, kind=ChannelKind.WEBHOOK, secret="s")
    many(1, clock(), "all@example.org")
    many(1, clock(), "daily@example.org", frequency=Frequency.DAILY)
    cast.list_systems(HIDDEN, KEPT)
    return bodies


def hide(cast, clock, how: str = "hidden") -> None:
    system = db.session.scalar(select(System).filter_by(name=HIDDEN))
    if how == "hidden":
        catalogue.set_system_public(system, False, actor=cast.ada, now=clock.tick(seconds=5))
    else:
        catalogue.update_system(system, name="another-name", actor=cast.ada, now=clock.tick(seconds=5))


def rendered(worker) -> None:
    """The messages are made, with the name in them, and wait."""
    with worker.app.app_context():
        worker._fan_out()
    written = db.session.scalars(select(Announcement.text)).all()
    assert all(HIDDEN in text for text in written)
    assert written


@pytest.mark.parametrize("how", ["hidden", "renamed"])
def test_what_waits_names_no_system_that_was_hidden(mails, worker, cast, clock, hooks, how):
    incident = cast.open(title="slow", systems=[HIDDEN, KEPT], severity=Severity.HIGH)
    who = {"actor": cast.maya, "now": clock.tick(minutes=1)}
    # It turned once and is no system of the incident any more: webhooks tell that, too.
    edit.edit_field(incident, "affected_systems", KEPT, **who)
    updates.publish_update(incident, "Cards fail.", visibility=Visibility.PUBLIC, **who)
    times = {"starts_at": clock() + timedelta(hours=1), "ends_at": clock() + timedelta(hours=2)}
    maintenance.plan_maintenance(title="upgrade", systems=[HIDDEN, KEPT], **times, **who)
    rendered(worker)
    hide(cast, clock, how)
    worker.drain()
    told = to(mails, "all@example.org")  # people inside may read what they respond to
    assert (len(told), len(hooks)) == (3, 9)
    sent = "".join([*told, *hooks])
    assert HIDDEN not in sent
    assert KEPT in sent
    clock.now = NEXT_MORNING
    with worker.app.app_context():
        worker._digests()
    worker.drain()
    [digest] = to(mails, "daily@example.org")
    assert HIDDEN not in digest


def test_who_chose_only_that_system_is_not_told_by_what_waits(reader, mails, worker, cast, clock):
    cast.list_systems(HIDDEN, KEPT)
    for name in (HIDDEN, KEPT):
        subscriber(reader, mails, worker, f"{name}@example.org", scope="systems", systems=[name])
    before = len(mails.mails)
    cast.open(title="slow", systems=[HIDDEN, KEPT], severity=Severity.LOW)
    rendered(worker)
    hide(cast, clock)
    worker.drain()
    [mail] = texts(mails)[before:]
    assert f"To: {KEPT}@" in mail
    quiet = db.session.scalar(select(Delivery.last_error).filter_by(state=DeliveryState.QUIET))
    assert quiet == "Not sent: it is not public any more."


def test_what_is_tried_again_is_read_anew(mails, worker, cast, clock, hooks, httpserver):
    """Its first try failed while the system was public."""
    httpserver.clear()
    httpserver.expect_request("/services/T0/B0/x").respond_with_data("busy", status=503)
    cast.open(title="slow", systems=[HIDDEN, KEPT], severity=Severity.LOW)
    worker.drain()
    assert HIDDEN in "".join(str(request.json) for request, _ in httpserver.log)
    hide(cast, clock)
    httpserver.clear()
    httpserver.expect_request("/services/T0/B0/x").respond_with_handler(
        lambda request: hooks.append(request.get_data(as_text=True)) or Response("ok")
    )
    clock.tick(minutes=30)
    worker.drain()
    assert len(hooks) == 3
    assert HIDDEN not in "".join(hooks)
