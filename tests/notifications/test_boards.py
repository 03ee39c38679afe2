"""One message an incident in Slack and Mattermost, against doubles that answer as their documents say."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug import Response

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.models import ChatBoard
from majorops.notifications import Worker, boards, chat_api
from majorops.operations import boards as operations
from majorops.operations import curation, timeline
from majorops.operations.edit import edit_field
from majorops.operations.redaction import look, redact
from tests.waiting import wait_for

BASE = "https://ops.example.org"


def given(answers: list, otherwise: dict, status: int = 200) -> Response:
    """The next answer that a test wants, else the usual one."""
    if answers:
        return answers.pop(0)
    return Response(json.dumps(otherwise), status, content_type="application/json; charset=utf-8")


@pytest.fixture
def worker(app):
    app.config["BASE_URL"] = BASE
    return Worker(app, on_delivery=lambda number: None)


@pytest.fixture
def slack(app, httpserver, monkeypatch):
    """Slack: `got` is (method, what was sent); `answers` comes before the usual ones."""

    class Slack:
        def __init__(self):
            self.got, self.answers = [], []

        def take(self, request):
            assert request.headers["Authorization"] == "Bearer xoxb-1"
            self.got.append((request.path.rpartition("/")[2], request.json))
            ts = request.json.get("ts") or f"1503435956.00000{len(self.got)}"
            return given(self.answers, {"ok": True, "channel": "C0123456789", "ts": ts})

    double = Slack()
    for path in ("/api/chat.postMessage", "/api/chat.update"):
        httpserver.expect_request(path, method="POST").respond_with_handler(double.take)
    monkeypatch.setattr(chat_api, "SLACK_API", httpserver.url_for("/api"))
    settings = {"WEBHOOK_PRIVATE": True, "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_CHANNEL": "C0123456789"}
    app.config |= settings
    return double


@pytest.fixture
def mattermost(app, httpserver):
    """As `slack`."""

    class Mattermost:
        def __init__(self):
            self.got, self.answers = [], []

        def take(self, request):
            assert request.headers["Authorization"] == "Bearer bot"
            self.got.append((request.method, request.path.removeprefix("/api/v4/"), request.json))
            status = 201 if request.method == "POST" else 200
            return given(self.answers, {"id": "p" * 26, "message": request.json["message"]}, status)

    double = Mattermost()
    httpserver.expect_request("/api/v4/posts", method="POST").respond_with_handler(double.take)
    patch = f"/api/v4/posts/{'p' * 26}/patch"
    httpserver.expect_request(patch, method="PUT").respond_with_handler(double.take)
    app.config |= {
        "MATTERMOST_URL": httpserver.url_for("").rstrip("/"),
        "MATTERMOST_BOT_TOKEN": "bot",
        "MATTERMOST_CHANNEL": "c" * 26,
    }
    return double


def board() -> ChatBoard:
    db.session.rollback()
    return db.session.scalars(select(ChatBoard)).one()


def slack_error(error: str) -> Response:
    return Response(json.dumps({"ok": False, "error": error}), content_type="application/json")


def test_one_message_is_posted_and_then_changed_until_the_end(cast, clock, worker, slack):
    incident = cast.open(title="Checkout <!channel> fails & burns")
    worker.drain()
    [(method, sent)] = slack.got
    assert (method, sent["channel"], sent["unfurl_links"]) == ("chat.postMessage", "C0123456789", False)
    assert sent["text"] == "INC-001 Checkout &lt;!channel&gt; fails &amp; burns"
    text = sent["blocks"][0]["text"]["text"]
    assert "Critical, Box 3 · Active, phase 1 Alert" in text
    assert "Systems: payments-api, ledger-db" in text
    assert "MIM: Maya Okafor" in text
    assert text.endswith(f"<{BASE}/admin/incidents/1|Open>")
    timeline.add_note(incident, "stays inside", actor=cast.maya, now=clock.tick(minutes=1))
    worker.drain()
    assert len(slack.got) == 1, "what reads the same is not sent"
    assert board().version == incident.version
    edit_field(incident, "title", "Checkout is slow", actor=cast.maya, now=clock.tick(minutes=1))
    worker.drain()
    cast.resolve(incident)
    clock.tick(minutes=1)
    worker.drain()
    timeline.add_note(incident, "afterwards", actor=cast.maya, now=clock.tick(minutes=1))
    worker.drain()
    updates = [sent for method, sent in slack.got[1:] if method == "chat.update"]
    assert len(updates) == len(slack.got) - 1 == 2
    assert {sent["ts"] for sent in updates} == {"1503435956.000001"}
    assert updates[0]["text"] == "INC-001 Checkout is slow"
    assert "Resolved" in updates[1]["blocks"][0]["text"]["text"]
    assert "stays inside" not in json.dumps(slack.got)
    assert board().done_at is not None


def test_changes_come_together_and_drills_stay_out(cast, clock, worker, slack):
    incident = cast.open()
    cast.open(is_drill=True)
    worker.drain()
    for n in range(3):
        edit_field(incident, "title", f"Title {n}", actor=cast.maya, now=clock())
        worker.drain()
    assert len(slack.got) == 1
    clock.now += operations.EVERY
    worker.drain()
    assert [sent["text"] for _, sent in slack.got] == [
        "INC-001 prod-payments-api not responding",
        "INC-001 Title 2",
    ]
    curation.set_drill(incident, True, actor=cast.maya, now=clock())
    clock.tick(minutes=1)
    worker.drain()
    assert len(slack.got) == 2


def test_a_message_that_somebody_deleted_is_posted_again(cast, clock, worker, slack):
    incident = cast.open()
    worker.drain()
    edit_field(incident, "title", "Checkout is slow", actor=cast.maya, now=clock.tick(minutes=1))
    slack.answers = [slack_error("message_not_found")]
    worker.drain()
    assert [method for method, _ in slack.got] == ["chat.postMessage", "chat.update", "chat.postMessage"]
    assert board().message_id == "1503435956.000003"


@pytest.mark.parametrize(
    ("answer", "error", "pause"),
    [
        (
            Response(status=429, headers={"Retry-After": "60"}),
            "It asks to be left alone.",
            timedelta(minutes=1),
        ),
        (slack_error("channel_not_found"), "Slack answered channel_not_found.", operations.AGAIN),
        (Response("<html>", 502), "Slack answered 502.", operations.AGAIN),
        (Response("[1]", 200), "Slack answered 200.", operations.AGAIN),
    ],
)
def test_what_fails_is_tried_again_after_a_while(cast, clock, worker, slack, answer, error, pause):
    cast.open()
    slack.answers = [answer]
    worker.drain()
    assert (board().error, board().message_id, board().next_at) == (error, "", clock() + pause)
    worker.drain()
    assert len(slack.got) == 1
    clock.now += pause
    worker.drain()
    assert (board().error, board().message_id) == ("", "1503435956.000002")


def test_words_that_were_redacted_leave_the_message(cast, clock, worker, slack):
    incident = cast.open(title="Checkout of hunter2 fails")
    worker.drain()
    clock.tick(minutes=1)
    found = look(incident, "hunter2", "a password", clock())
    redact(incident, "hunter2", reason="a password", seal=found.seal, actor=cast.ada, now=clock())
    worker.drain()
    assert "hunter2" in slack.got[0][1]["text"]
    assert "hunter2" not in json.dumps(slack.got[1])


def test_mattermost_shows_what_was_written_and_calls_nobody(cast, clock, worker, mattermost):
    incident = cast.open(title="@all **bold** [x](http://evil.example) fails")
    worker.drain()
    edit_field(incident, "title", "Checkout is slow", actor=cast.maya, now=clock.tick(minutes=1))
    worker.drain()
    (posted, path, sent), (changed, patch, later) = mattermost.got
    assert (posted, path, sent["channel_id"]) == ("POST", "posts", "c" * 26)
    assert (changed, patch, set(later)) == ("PUT", f"posts/{'p' * 26}/patch", {"message"})
    assert "@all" not in sent["message"]
    assert r"\*\*bold\*\* \[x\]\(http://evil\.example\) fails" in sent["message"]
    assert sent["message"].endswith(f"[Open]({BASE}/admin/incidents/1)")
    assert r"**INC\-001 Checkout is slow**" in later["message"]


def test_mattermost_posts_again_and_says_what_is_wrong(cast, clock, worker, mattermost):
    incident = cast.open()
    worker.drain()
    edit_field(incident, "title", "Checkout is slow", actor=cast.maya, now=clock.tick(minutes=1))
    mattermost.answers = [Response("{}", 404), Response('{"id": "api.context.permissions.app_error"}', 403)]
    worker.drain()
    assert [method for method, _, _ in mattermost.got] == ["POST", "PUT", "POST"]
    assert board().error == "Mattermost answered api.context.permissions.app_error."


def test_one_worker_at_a_time_has_a_message(cast, clock, worker, slack):
    cast.open()
    who = {"actor": SYSTEM, "now": clock()}
    assert operations.stale_boards("slack", clock()) == [1]
    assert operations.claim_board(1, "slack", **who).version == 0
    assert operations.claim_board(1, "slack", **who) is None
    assert operations.stale_boards("slack", clock()) == []
    clock.now += operations.LEASE
    assert operations.stale_boards("slack", clock()) == [1]


def test_nothing_is_asked_where_nothing_is_set_up(app, cast, worker):
    cast.open()
    assert boards.rooms(app.config) == []
    assert boards.refresh(app.config) == 0


def test_the_worker_does_it_by_a_thread(cast, clock, worker, slack):
    cast.open()
    db.session.remove()
    worker.look()
    wait_for(lambda: board().message_id if slack.got else None, "the message")
    worker.stop()
