"""A public duplicate that is merged into what the public does not see: one neutral word to who was told."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from werkzeug import Response

from majorops.db import db
from majorops.domain.enums import ChannelKind, DeliveryState, Severity
from majorops.models import Delivery, Subscriber
from majorops.operations import edit
from majorops.operations.curation import merge_incident, undo_merge
from tests.notifications.conftest import BASE, many, to

SECRET = "Customer ACME data breach"


@pytest.fixture
def settings(settings):
    return settings | {"WEBHOOK_PRIVATE": True, "BASE_URL": BASE}


@pytest.fixture
def twins(cast):
    """The private one that is kept, and its public duplicate, as low as that alarms nobody."""
    kept = cast.open(title=SECRET, public_title=SECRET, severity=Severity.LOW, is_public=False)
    return kept, cast.open(severity=Severity.LOW)


def merge(cast, clock, twins) -> None:
    merge_incident(twins[1], twins[0], is_sure=True, actor=cast.maya, now=clock.tick(minutes=1))


def test_who_was_told_reads_that_it_is_no_longer_shown_and_nothing_of_the_other(
    mails, worker, cast, clock, twins, httpserver
):
    hooks: list[str] = []
    httpserver.expect_request("/hook").respond_with_handler(
        lambda request: hooks.append(request.get_data(as_text=True)) or Response("ok")
    )
    many(1, clock(), "en@example.org")
    many(1, clock(), "de@example.org", language="de")
    many(1, clock(), "left@example.org")
    many(1, clock(), httpserver.url_for("/hook"), kind=ChannelKind.WEBHOOK, secret="s")
    worker.drain()
    edit.edit_field(twins[1], "public_title", "Payments fail", actor=cast.maya, now=clock())
    left = db.session.scalar(select(Subscriber).filter_by(address="left@example.org"))
    left.state = "left"
    db.session.commit()
    many(1, clock(), "later@example.org")  # was told of nothing
    mails.mails.clear()
    hooks.clear()
    merge(cast, clock, twins)
    worker.drain()
    worker.drain()
    [english], [german] = to(mails, "en@example.org"), to(mails, "de@example.org")
    assert len(mails.mails) == 2
    assert "Subject: INC-002 is no longer shown on the status page" in english
    assert "and nothing more is said of it. The page shows what is known now." in english
    assert "Subject: INC-002 steht nicht mehr auf der Statusseite" in german
    assert "und es wird nichts mehr dazu gemeldet. Die Seite zeigt, was jetzt bekannt ist." in german
    assert "no longer shown" not in german
    [hook] = hooks
    incident = json.loads(hook)["incident"]
    assert (incident["status"], incident["name"]) == (
        "resolved",
        "INC-002 is no longer shown on the status page",
    )
    for text in (english, german, hook):
        for words in (SECRET, "INC-001", "incidents/1", "Payments fail", "merge"):
            assert words not in text, words


def test_it_is_not_sent_once_the_merge_is_undone(mails, worker, cast, clock, twins):
    many(1, clock(), "en@example.org")
    worker.drain()
    mails.mails.clear()
    merge(cast, clock, twins)
    with worker.app.app_context():
        worker._fan_out()
    undo_merge(twins[1], actor=cast.maya, now=clock.tick(minutes=1))
    worker.drain()
    assert mails.mails == []
    quiet = select(Delivery.last_error).filter_by(state=DeliveryState.QUIET, act="unlisted:2")
    assert db.session.scalar(quiet) == "Not sent: it is on the public page again."
