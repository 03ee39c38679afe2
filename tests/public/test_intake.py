"""Call for service at /new: fast, forgiving, and once."""

import re

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import SYSTEM
from majorops.models import Incident
from majorops.operations.catalogue import add_system
from tests.web.page import check

GOOD = {
    "title": "prod-payments-api not responding",
    "severity": "critical",
    "affected_systems": "payments-api",
    "began": "0",
}


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def maya(cast):
    return cast.browser("maya")


def count() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(Incident.id)))


def test_four_fields_and_the_incident_is_open(maya, clock):
    answer = maya.post("/new", data=GOOD | {"bridge_url": "https://meet.example.com/x", "began": "15"})
    assert (answer.status_code, answer.location) == (303, "/admin/incidents/1")
    db.session.rollback()
    incident = db.session.get(Incident, 1)
    assert (clock() - incident.detected_at).total_seconds() == 900
    assert incident.alarm_level == 3
    assert incident.bridge_url == "https://meet.example.com/x"


def test_double_submission_opens_one(maya):
    for _ in range(3):
        assert maya.post("/new", data=GOOD | {"request_key": "k"}).location == "/admin/incidents/1"
    assert count() == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", "", "Say what broke"),
        ("title", "   ", "Say what broke"),
        ("title", "x" * 5000, "at most 200 characters; this has 5,000"),
        ("severity", "apocalyptic", "Choose Critical, High, Medium or Low"),
        ("bridge_url", "javascript:alert(1)", "web address"),
        ("bridge_url", "zoom", "web address"),
        ("affected_systems", "", "at least one"),
        ("began", "set", "when the problem began"),
    ],
)
def test_bad_input_is_told_at_its_field_and_kept(maya, field, value, sentence):
    answer = maya.post("/new", data=GOOD | {"title": "mystery outage", field: value})
    assert answer.status_code == 422
    check(answer)
    assert sentence in answer.text
    name = "began_at" if field == "began" else field
    assert f'id="{name}-error"' in answer.text or field == "severity"
    kept = value if field == "title" and value.strip() else "mystery outage" if field != "title" else ""
    assert f'value="{kept}"' in answer.text
    assert count() == 0


def test_systems_are_taken_from_the_title(maya, clock):
    for name in ("payments", "payments-api", "ledger-db"):
        add_system(name=name, actor=SYSTEM, now=clock())
    maya.post("/new", data=GOOD | {"affected_systems": ""})
    db.session.rollback()
    assert db.session.get(Incident, 1).system_names == ["payments-api"]


def test_an_active_incident_on_the_same_system_is_told_first(maya, cast):
    cast.open()
    answer = maya.post("/new", data=GOOD | {"title": "second"})
    assert answer.status_code == 409
    check(answer)
    assert "/admin/incidents/1" in answer.text
    assert 'value="second"' in answer.text
    assert maya.post("/new", data=GOOD | {"title": "second", "second": "y"}).status_code == 303
    assert count() == 2


def test_deep_link_fills_and_never_submits(maya):
    answer = maya.get("/new?title=db+down&severity=low&systems=a,b&bridge_url=https://x.example/1")
    assert count() == 0
    for kept in ('value="db down"', 'value="a,b"', 'value="https://x.example/1"'):
        assert kept in answer.text
    assert re.search(r'value="low"[^>]*checked', answer.text)


def test_a_stranger_lands_on_the_form_with_the_deep_link(client, cast):
    answer = client.get("/new?title=db%20down&severity=low")
    assert answer.status_code == 303
    assert answer.location.startswith("/login?next=/new?title%3Ddb")


def test_expired_session_keeps_what_was_typed(client, cast):
    answer = client.post("/new", data=GOOD)
    assert answer.status_code == 303
    assert "title%3Dprod-payments-api" in answer.location
    assert count() == 0


def test_html_and_controls_are_shown_not_run(maya, cast):
    maya.post("/new", data=GOOD | {"title": "<script>x</script>\x00\x1b[31m \u202eevil"})
    for text in (maya.get("/admin/incidents/1").text, cast.app.test_client().get("/incidents/1").text):
        assert "<script>x" not in text
        assert "&lt;script&gt;x" in text
        assert "\x00" not in text
        assert "\u2400" in text
        assert "\u202e" not in text


@pytest.mark.parametrize("host", ["new.example.org", "NEW.example.org"])
def test_intake_host(cast, host):
    cast.app.config["INTAKE_HOST"] = "new.example.org"
    answer = cast.browser("maya").get("/?title=x", headers={"Host": host})
    assert (answer.status_code, answer.location) == (303, "/new?title=x")


def test_oversized_body(maya):
    answer = maya.post("/new", data=GOOD | {"title": "x" * 400_000})
    assert answer.status_code == 413
    assert count() == 0
