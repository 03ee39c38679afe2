"""Slack and Teams by address: recognized, asked to confirm in the channel, written to in their own format."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import ChannelKind, Severity, SubscriberState, Visibility
from majorops.models import Delivery, Subscriber
from majorops.notifications import webhook
from majorops.notifications.chat import slack, teams
from majorops.notifications.message import Message, Part
from majorops.operations import delivery, updates
from tests.notifications.conftest import BASE, get, links, post

HOSTILE = "<!channel> *x* & <https://evil.example|here> `code`"


@pytest.fixture
def settings(settings):
    return settings | {"WEBHOOK_PRIVATE": True, "BASE_URL": BASE}


@pytest.fixture
def service(app, httpserver, monkeypatch):
    """Whatever a name is, it leads to the receiver of this test."""
    app.extensions["has_accounts"] = True
    monkeypatch.setattr(webhook, "resolve", lambda host, port, may_be_private: "127.0.0.1")
    httpserver.expect_request("/services/T0/B0/x").respond_with_data("ok")
    return httpserver


def address(service, host: str = "hooks.slack.com") -> str:
    return f"http://{host}:{service.port}/services/T0/B0/x"


TEAMS = "prod-1.westeurope.logic.azure.com"


def sent(service) -> list[dict]:
    return [request.json for request, _ in service.log]


def state() -> SubscriberState:
    db.session.rollback()
    return db.session.scalar(select(Subscriber.state))


@pytest.mark.parametrize("host", ["hooks.slack.com", TEAMS])
def test_whoever_reads_the_channel_confirms_and_then_it_is_written_to(
    reader, worker, cast, clock, service, host
):
    answer = post(reader, "/subscribe", kind="webhook", address=address(service, host))
    assert "Look into the channel" in answer.text
    assert "mono" not in answer.text.partition("<main")[2]  # there is no secret to keep
    worker.drain()
    assert state() is SubscriberState.WAITING  # that it was taken confirms nothing
    [asked] = sent(service)
    assert "asked for this channel to be told of updates" in str(asked)
    link = links(str(asked), "confirm")
    assert get(reader, link).status_code == 200
    assert state() is SubscriberState.WAITING
    post(reader, link)
    assert state() is SubscriberState.ACTIVE
    incident = cast.open(severity=Severity.LOW)
    who = {"actor": cast.maya, "now": clock()}
    updates.publish_update(incident, "Cards fail.", visibility=Visibility.PUBLIC, **who)
    worker.drain()
    last = sent(service)[-1]
    assert set(last) == ({"text", "blocks"} if host == "hooks.slack.com" else {"type", "attachments"})
    assert "Cards fail." in str(last)
    assert f"{BASE}/incidents/1" in str(last)
    assert get(reader, links(str(last), "manage")).status_code == 200


def test_an_account_has_its_notices_there_in_the_same_format(cast, worker, service):
    given = {"kind": ChannelKind.WEBHOOK, "address": address(service), "actor": cast.ada}
    delivery.add_channel(email="omar@example.org", **given, now=cast.clock())
    cast.open(severity=Severity.MEDIUM)
    worker.drain()
    [alarm] = sent(service)
    assert "prod-payments-api not responding" in str(alarm["blocks"])
    assert "|Open the incident>" in str(alarm["blocks"])


@pytest.mark.parametrize(("status", "state_then"), [(404, "bounced"), (410, "bounced"), (500, "active")])
def test_a_channel_that_was_removed_gets_nothing_more(
    reader, worker, cast, service, status, state_then, httpserver
):
    post(reader, "/subscribe", kind="webhook", address=address(service))
    worker.drain()
    post(reader, links(str(sent(service)[0]), "confirm"))
    httpserver.clear_all_handlers()
    httpserver.expect_request("/services/T0/B0/x").respond_with_data("no_service", status=status)
    cast.open()
    worker.drain()
    assert state().value == state_then


def test_a_connector_that_was_switched_off_is_refused_with_the_way_out(reader, service):
    given = {"kind": "webhook", "address": "https://org.webhook.office.com/webhookb2/x"}
    answer = post(reader, "/subscribe", **given)
    assert answer.status_code == 422
    assert "make one with Workflows" in answer.text
    assert db.session.scalar(select(Delivery.id)) is None


def message(**given) -> Message:
    parts = (Part(f"INC-001 {HOSTILE}", HOSTILE, f"{BASE}/incidents/1"),)
    given = {"parts": parts, "foot": "Why.", "foot_link": f"{BASE}/m", "foot_label": "Change", **given}
    return Message(
        1, "k", ChannelKind.WEBHOOK, "", "", HOSTILE, f"{HOSTILE}\n\nSee {BASE}/x.", "", None, BASE, **given
    )


def test_what_people_wrote_calls_nobody_and_marks_up_nothing_in_slack():
    made = slack(message())
    written = str(made["blocks"][1:])  # the header is plain text: nothing is read in it
    assert "<!channel>" not in written
    assert "&lt;!channel&gt;" in written
    assert f"<{BASE}/x>." in written
    assert "example|" not in written.replace("<https://evil.example>|here", "")
    assert made["text"].startswith("&lt;!channel&gt;")
    assert made["blocks"][0]["text"] == {"type": "plain_text", "text": HOSTILE}
    long = slack(message(parts=(Part("x", "&" * 9_000),)))
    assert all(len(block["text"]["text"]) <= 3_000 for block in long["blocks"] if "text" in block)
    assert len(long["blocks"]) <= 50


def test_what_people_wrote_is_no_markdown_in_teams():
    [attachment] = teams(message())["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}  # a TextBlock would read Markdown
    assert card["body"][0]["inlines"][0]["text"] == HOSTILE
    assert [action["url"] for action in card["actions"]] == [BASE, f"{BASE}/m"]
