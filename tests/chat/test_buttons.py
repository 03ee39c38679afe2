"""The button *I am on it* of a message in Slack."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from urllib.parse import urlencode

import pytest
from werkzeug import Response

from majorops.db import db
from majorops.domain.chat_commands import read_press
from majorops.domain.enums import CommandRole
from majorops.models import Page
from majorops.notifications import boards, chat_api
from majorops.operations import paging
from tests.chat.test_commands import SIGNING, profile

KIND = "application/x-www-form-urlencoded"


def payload(number: object, user: str = "U4RITA", **more) -> dict:
    """What Slack sends of a press, shortened from its document of block_actions."""
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "rita", "team_id": "T1"},
        "api_app_id": "A02",
        "container": {"type": "message", "message_ts": "1548261231.000200", "channel_id": "CBR2V3XEX"},
        "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
        "team": {"id": "T1", "domain": "example"},
        "channel": {"id": "CBR2V3XEX", "name": "incidents"},
        "message": {"type": "message", "ts": "1548261231.000200", "text": "INC-001"},
        "actions": [
            {
                "action_id": f"page-{number}",
                "block_id": "pages",
                "value": str(number),
                "type": "button",
                "action_ts": "1548426417.840180",
            }
        ],
    } | more


@pytest.fixture
def page(cast, clock):
    given = {"whom": "rita@example.org", "actor": cast.maya, "now": clock()}
    return paging.page_role(cast.open(), CommandRole.SRE, **given)


@pytest.fixture
def slack(app, cast, client, clock, httpserver, monkeypatch):
    """`slack(payload(7))`: the answer to a press that Slack signed now; `slack.told`: the replies."""
    httpserver.expect_request("/api/users.info").respond_with_handler(profile)
    told = []
    replies = httpserver.expect_request("/actions/T1/1/x")
    replies.respond_with_handler(lambda sent: Response(str(told.append(sent.json))))
    monkeypatch.setattr(chat_api, "SLACK_API", httpserver.url_for("/api"))
    monkeypatch.setattr(chat_api, "SLACK_REPLIES", httpserver.url_for("/actions/"))
    app.config |= {"WEBHOOK_PRIVATE": True, "SLACK_SIGNING_SECRET": SIGNING, "SLACK_BOT_TOKEN": "xoxb-1"}

    def press(sent: dict, key: str = SIGNING, at: int = 0):
        sent = {"response_url": httpserver.url_for("/actions/T1/1/x")} | sent
        body = urlencode({"payload": json.dumps(sent)}).encode()
        stamp = str(int(clock().timestamp()) + at)
        mark = hmac.new(key.encode(), f"v0:{stamp}:".encode() + body, sha256).hexdigest()
        headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mark}"}
        return client.post("/hooks/slack/interactions", data=body, headers=headers, content_type=KIND)

    press.told = told
    return press


def answered_by(page: Page) -> str:
    db.session.rollback()
    return db.session.get(Page, page.id).answered_by


def test_who_presses_is_on_it_and_the_next_one_is_told(slack, page, cast):
    assert slack(payload(page.id)).status_code == 200
    assert answered_by(page) == cast.rita.name
    slack(payload(page.id, trigger_id="another", user="U1MAYA"))
    slack(payload(999, trigger_id="third"))
    assert [reply["response_type"] for reply in slack.told] == ["ephemeral"] * 3
    done, late, none = (reply["text"] for reply in slack.told)
    assert done == "You are on it: SRE of INC-001. INC-001"
    assert late.startswith(f"Not done. {cast.rita.name} is on it since ")
    assert none == "Not done. There is no such page."


@pytest.mark.parametrize("user", ["U2XIN", "U5GONE", "U6OTHER", "U7NEW", "U8"])
def test_who_may_not_is_told_so(slack, page, user):
    assert slack(payload(page.id, user=user)).status_code == 200
    assert answered_by(page) == ""
    assert slack.told[0]["text"].startswith("Not done. ")


def test_what_slack_did_not_sign_is_refused(slack, page, app):
    assert slack(payload(page.id), key="wrong").status_code == 401
    assert slack(payload(page.id), at=-301).status_code == 401
    assert slack(payload(page.id, message="x" * 300_000)).status_code in (401, 413)
    app.config["SLACK_SIGNING_SECRET"] = None
    assert slack(payload(page.id)).status_code == 404
    assert answered_by(page) == ""


def test_replies_go_to_slack_alone(slack, page, monkeypatch):
    monkeypatch.setattr(chat_api, "SLACK_REPLIES", "https://hooks.slack.com/actions/")
    slack(payload(page.id))
    assert (slack.told, answered_by(page)) == ([], "Rita Moreau")


def test_a_reply_that_cannot_be_told_changes_nothing(slack, page, app, httpserver, monkeypatch):
    monkeypatch.setattr(chat_api, "SLACK_REPLIES", "http://127.0.0.1:1/")
    assert slack(payload(page.id, response_url="http://127.0.0.1:1/x")).status_code == 200
    assert answered_by(page) == "Rita Moreau"


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "[]",
        "{",
        "[" * 99_999,
        json.dumps(payload("x")),
        json.dumps(payload("\u0663")),
        json.dumps(payload(1, type="view_submission")),
        json.dumps(payload(1, actions=[])),
        json.dumps(payload(1) | {"user": "U1"}),
        json.dumps(payload(1, actions=[{"action_id": "1"}])),
    ],
)
def test_what_is_no_press_is_none(sent):
    assert read_press(sent) is None


def test_the_message_of_an_incident_has_a_button_while_a_page_waits(page):
    found = boards.lines(page.incident)
    assert found[-1] == "Paged for SRE: Rita Moreau"
    words = boards.slack_words(found, "", paging.open_pages(page.incident_id))
    [button] = words.blocks[-1]["elements"]
    assert (button["action_id"], button["text"]["text"]) == (f"page-{page.id}", "I am on it: SRE")
    assert "elements" not in boards.slack_words(found, "", []).blocks[-1]
