"""Lines of JSON: one a request, an operation, a delivery; one id through all; no word of an incident."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys

import pytest
from sqlalchemy import select

from majorops.asgi.request_log import RequestLog
from majorops.db import db
from majorops.logs import REQUEST_ID, JsonLines, fields, request_id
from majorops.models import Delivery
from majorops.notifications import Worker
from tests.conftest import SECRET
from tests.loops import run
from tests.notifications.receivers import MailServer


@pytest.fixture
def lines():
    """What is logged meanwhile, as it stands in a file."""
    stream, root = io.StringIO(), logging.getLogger("majorops")
    handler, level = logging.StreamHandler(stream), root.level
    handler.setFormatter(JsonLines())
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def of(found: list[dict], message: str) -> list[dict]:
    return [line for line in found if line["message"] == message]


def test_one_id_goes_through_the_operation_to_the_delivery_and_no_word_along(app, cast, clock, lines):
    app.config["WTF_CSRF_ENABLED"] = False
    mails = MailServer()
    app.config["SMTP_URL"] = mails.url
    incident = cast.open()
    number, before = incident.id, set(db.session.scalars(select(Delivery.id)))
    given = {"kind": "ask", "text": "Rita Moreau: the unspeakable pool size 5"}
    answer = cast.browser("maya").post(
        f"/admin/incidents/{number}/notes", data=given, headers={"X-Request-ID": "proxy-0123456789"}
    )
    assert answer.status_code == 303
    assert answer.headers["X-Request-ID"] == "proxy-0123456789"
    rows = db.session.scalars(select(Delivery)).all()
    queued = {row.id for row in rows if row.id not in before}
    assert {row.request_id for row in rows if row.id in queued} == {"proxy-0123456789"}
    Worker(app, on_delivery=lambda number: None).drain()
    mails.stop()
    (operation,) = [one for one in of(lines(), "operation") if one["operation"] == "asks.ask"]
    assert operation["request_id"] == "proxy-0123456789"
    assert operation["incidents"] == [number]
    assert operation["account"] == cast.maya.user_id
    assert "ask.opened" in operation["kinds"]
    sent = {one["delivery"]: one for one in of(lines(), "delivery")}
    assert set(sent) >= queued
    assert all(sent[one]["request_id"] == "proxy-0123456789" for one in queued)
    assert all("request_id" not in sent[one] for one in sent.keys() - queued)
    for word in ("unspeakable", "Moreau", incident.title):
        assert word not in json.dumps(lines())
    assert REQUEST_ID.get() == ""


@pytest.mark.parametrize("given", ["", "short", "x" * 37, "with a space", "näme-of-request", "a\nb-12345"])
def test_what_is_no_id_is_replaced(given):
    made = request_id(given)
    assert made != given
    assert len(made) == 16


def test_an_error_is_told_by_its_kind_and_place_alone(lines):
    log = logging.getLogger("majorops.x")
    try:
        raise ValueError("the customer's secret words")
    except ValueError:
        log.exception("it failed")
    (line,) = lines()
    assert (line["level"], line["logger"], line["error"]) == ("error", "majorops.x", "ValueError")
    assert line["stack"][0].endswith("test_an_error_is_told_by_its_kind_and_place_alone")
    assert "secret" not in json.dumps(line)
    assert line["at"].endswith("Z")


BRIEF = "/incidents/<int:number>/<any(brief, exec):page>/<token>"
ROUTES = [
    ("/incidents/42", 200, "/incidents/<int:number>", {"number": 42}),
    ("/incidents/42/brief/a-secret-token", 200, BRIEF, {"number": 42}),
    ("/nowhere/unspeakable", 404, "", {}),
]


@pytest.mark.parametrize(("path", "status", "route", "numbers"), ROUTES)
def test_a_request_is_told_by_its_route(app, lines, path, status, route, numbers):
    passed = []

    async def inner(scope, receive, send):
        passed.append(dict(scope["headers"]))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"12345"})

    async def send(message):
        pass

    headers = [(b"host", b"a"), (b"x-request-id", b"abcdefgh")]
    scope = {
        "type": "http",
        "path": path,
        "method": "GET",
        "query_string": b"q=unspeakable",
        "headers": headers,
    }
    run(lambda: RequestLog(app, inner)(scope, None, send))
    (line,) = lines()
    assert line["route"] == route
    assert (line["status"], line["bytes"], line["method"]) == (status, 5, "GET")
    assert line["request_id"] == "abcdefgh"
    assert passed == [{b"host": b"a", b"x-request-id": b"abcdefgh"}]
    assert {name: line[name] for name in numbers} == numbers
    for word in ("unspeakable", "secret"):
        assert word not in json.dumps(line)


def test_a_request_without_an_answer_is_told_too(app, lines):
    async def inner(scope, receive, send):
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        run(lambda: RequestLog(app, inner)({"path": "/", "method": "GET", "headers": []}, None, None))
    assert lines()[0]["status"] == 0
    assert len(lines()[0]["request_id"]) == 16


def test_the_setting_writes_every_line_of_the_process_as_json(tmp_path):
    """In a process of its own: what it sets up holds for all of it."""
    code = (
        "import logging; from majorops import create_app;"
        f"create_app({{'DATABASE_URL': 'sqlite:///{tmp_path / 'a.db'}', 'SECRET_KEY': '{SECRET}',"
        " 'LOG_JSON': True});"
        "logging.getLogger('uvicorn.error').info('Started'); logging.getLogger('urllib3').info('an address')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [json.loads(line)["message"] for line in done.stderr.splitlines()] == ["Started"]


def test_fields_stand_beside_the_message(lines):
    logging.getLogger("majorops.x").info("done", extra=fields(number=7))
    assert lines()[0]["number"] == 7


def test_a_public_page_that_is_kept_has_no_id_of_a_request(app, cast):
    """It is the same for everybody who reads it; and the request that has it drawn keeps its own id."""
    cast.open()
    with app.test_request_context("/", headers={"X-Request-ID": "outer-12345"}):
        app.preprocess_request()
        page = app.extensions["snapshots"].draw(("http://localhost", "/incidents/1"))
        assert REQUEST_ID.get() == "outer-12345"
    assert b"x-request-id" not in page.heads["identity"].lower()
    assert "X-Request-ID" not in app.test_client().get("/nowhere").headers
    assert REQUEST_ID.get() == ""
