"""/major in Slack and Mattermost: who may, what is done once, and what is answered."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select
from werkzeug import Response

from majorops.db import db
from majorops.domain.enums import IntakeSource, Severity
from majorops.models import CanReport, Incident, TimelineEvent
from majorops.notifications import chat_api

SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"
USERS = {
    "U1MAYA": "maya@example.org",
    "U2XIN": "Xin@example.org",
    "U3VIC": "vic@example.org",
    "U4RITA": "rita@example.org",
}


@pytest.fixture
def slack(app, cast, client, clock, httpserver, monkeypatch):
    """`slack("note heard", user="U4RITA")`: the answer to a command that Slack signed now."""
    httpserver.expect_request("/api/users.info").respond_with_handler(profile)
    monkeypatch.setattr(chat_api, "SLACK_API", httpserver.url_for("/api"))
    app.config |= {
        "WEBHOOK_PRIVATE": True,
        "SLACK_SIGNING_SECRET": SIGNING,
        "SLACK_BOT_TOKEN": "xoxb-1",
        "BASE_URL": "https://ops.example.org",
    }

    def send(text: str, user: str = "U1MAYA", at: int = 0, key: str = SIGNING, **more):
        form = {"command": "/major", "text": text, "user_id": user, "team_id": "T1"} | more
        form.setdefault("trigger_id", f"{clock().timestamp()} {text}")
        body = urlencode(form).encode()
        stamp = str(int(clock().timestamp()) + at)
        mark = hmac.new(key.encode(), f"v0:{stamp}:".encode() + body, sha256).hexdigest()
        headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mark}"}
        kind = "application/x-www-form-urlencoded"
        return client.post("/hooks/slack/commands", data=body, headers=headers, content_type=kind)

    return send


def profile(request) -> Response:
    """What Slack says of a user, shortened from its document of users.info."""
    number = request.args["user"]
    user = {"id": number, "team_id": "T1", "deleted": False, "is_email_confirmed": True}
    user["profile"] = {"email": USERS.get(number, "")}
    user |= {"U5GONE": {"deleted": True}, "U6OTHER": {"team_id": "T2"}}.get(number, {})
    user |= {"U7NEW": {"is_email_confirmed": False}}.get(number, {})
    answer = {"ok": True, "user": user} if number != "U8" else {"ok": False, "error": "user_not_found"}
    return Response(json.dumps(answer), content_type="application/json; charset=utf-8")


def said(answer) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.json["response_type"] == "ephemeral"
    return answer.json["text"]


def entries(kind: str) -> list[TimelineEvent]:
    db.session.rollback()
    return list(db.session.scalars(select(TimelineEvent).filter_by(kind=kind)))


def test_an_incident_is_opened_once(slack):
    text = "open high payments-api, ledger-db: Checkout &lt;fails&gt; &amp; burns"
    first, again = slack(text, trigger_id="1.2.3"), slack(text, trigger_id="1.2.3")
    assert said(first) == said(again)
    assert said(first) == (
        "INC-001 is open: Checkout &lt;fails&gt; &amp; burns. "
        "Take command: https://ops.example.org/admin/incidents/1"
    )
    [incident] = db.session.scalars(select(Incident)).all()
    assert (incident.title, incident.severity) == ("Checkout <fails> & burns", Severity.HIGH)
    assert incident.system_names == ["payments-api", "ledger-db"]
    assert incident.intake_source is IntakeSource.WEBHOOK
    [entry] = entries("incident.opened")
    assert entry.actor_name == "Maya Okafor by token Slack"


def test_a_note_is_logged_once_at_the_one_that_runs(slack, cast):
    cast.open()
    for _ in range(2):
        assert said(slack("note heard\non the bridge", user="U4RITA", trigger_id="1")) == "Noted at INC-001."
    [entry] = entries("note.logged")
    assert (entry.title, entry.actor_name) == ("heard", "Rita Moreau by token Slack")
    cast.open()
    assert said(slack("note which one")) == "Not done. Say which one: INC-002, INC-001."
    assert said(slack("note INC-2 that one")) == "Noted at INC-002."
    assert said(slack("note INC-9 nowhere")) == "Not done. There is no INC-009."
    assert said(slack("note INC-999999999999 nowhere")).startswith("Not done. Say which one")


def test_a_can_is_reported(slack, cast):
    cast.open()
    answer = slack("can App: 5xx on checkout / rolling back / a deploy freeze", user="U4RITA")
    assert said(answer) == "CAN of App reported at INC-001."
    [report] = db.session.scalars(select(CanReport)).all()
    assert (report.team, report.conditions, report.actions, report.needs) == (
        "App",
        "5xx on checkout",
        "rolling back",
        "a deploy freeze",
    )


def test_the_status_is_told(slack, cast):
    assert said(slack("status")) == "No incident runs."
    cast.open()
    text = said(slack("status"))
    assert text.startswith("INC-001 prod-payments-api not responding\nCritical, Box 3 · Active")
    assert text.endswith("https://ops.example.org/admin/incidents/1")
    cast.open(title="second")
    assert said(slack("status")).count("INC-") == 2
    assert "second" in said(slack("status INC-2"))


@pytest.mark.parametrize(
    ("text", "user", "answer"),
    [
        ("open high dns: slow", "U4RITA", "Not done. Responder accounts may not do this."),
        ("note heard", "U2XIN", "Not done. Executive accounts may not do this."),
        ("status", "U2XIN", "Not done. Executive accounts may not do this."),
        ("status", "U3VIC", "Not done. No account here has your e-mail, vic@example.org."),
        ("status", "U5GONE", "Not done. Only members of our own workspace can do this."),
        ("status", "U6OTHER", "Not done. Only members of our own workspace can do this."),
        ("status", "U7NEW", "Not done. Slack has not confirmed your e-mail."),
        ("status", "U8", "Not done. Slack answered user_not_found."),
        ("status", "U9&x", "Not done. The service did not say who you are."),
        ("status", "U0NOBODY", "Not done. No account here has your e-mail, which is not known."),
    ],
)
def test_nobody_may_more_than_their_account(slack, cast, text, user, answer):
    cast.open()
    before = db.session.scalar(select(func.count(TimelineEvent.id)))
    assert said(slack(text, user=user)) == answer
    db.session.rollback()
    assert db.session.scalar(select(func.count(TimelineEvent.id))) == before


def test_what_cannot_be_read_is_answered(slack):
    assert said(slack("open urgent dns: slow")) == (
        "Not done. Severity is one of critical, high, medium, low."
    )
    assert "/major open &lt;severity&gt;" in said(slack(""))


def test_only_what_slack_signed_within_five_minutes(app, slack, client, cast):
    cast.open()
    assert slack("note x", at=-301).status_code == 401
    assert slack("note x", at=301).status_code == 401
    assert slack("note x", key="another").status_code == 401
    assert client.post("/hooks/slack/commands", data={"text": "note x"}).status_code == 401
    assert slack("x" * 40_000).status_code == 401
    assert entries("note.logged") == []
    app.config["SLACK_SIGNING_SECRET"] = None
    assert slack("note x").status_code == 404


def test_who_somebody_is_is_asked_for_once(slack, cast, httpserver):
    cast.open()
    for n in range(3):
        said(slack(f"note {n}"))
    assert len(httpserver.log) == 1


def test_a_switched_off_account_is_nobody(slack, cast):
    from majorops.models import User

    said(slack("status"))
    db.session.get(User, cast.maya.user_id).is_active = False
    db.session.commit()
    assert said(slack("status")).startswith("Not done. No account here has your e-mail")


def test_without_a_bot_it_says_so(app, slack):
    app.config["SLACK_BOT_TOKEN"] = None
    assert said(slack("status")) == (
        "Not done. MAJOROPS_SLACK_BOT_TOKEN is not set: nobody can be told from another."
    )


def test_mattermost_by_the_token_of_the_command(app, client, cast, clock, httpserver):
    address = "/hooks/mattermost/commands"
    form = {"token": "command-token", "user_id": "u" * 26, "text": "note 1 < 2 & so", "trigger_id": "t"}
    assert client.post(address, data=form).status_code == 404
    httpserver.expect_request(f"/api/v4/users/{'u' * 26}").respond_with_json({"email": "rita@example.org"})
    httpserver.expect_request(f"/api/v4/users/{'g' * 26}").respond_with_json({"delete_at": 1})
    app.config |= {
        "MATTERMOST_COMMAND_TOKEN": "command-token",
        "MATTERMOST_BOT_TOKEN": "bot",
        "MATTERMOST_URL": httpserver.url_for("").rstrip("/"),
    }
    cast.open()
    for wrong in ("", "other", "ü"):
        assert client.post(address, data=form | {"token": wrong}).status_code == 401
    assert said(client.post(address, data=form)) == "Noted at INC-001."
    [entry] = entries("note.logged")
    assert (entry.title, entry.actor_name) == ("1 < 2 & so", "Rita Moreau by token Mattermost")
    assert said(client.post(address, data=form | {"user_id": "g" * 26})) == (
        "Not done. Your account there is switched off."
    )
