"""Every page, for everybody who may open it: complete, labelled, nothing inline; and closed to the rest."""

import re

import pytest

from majorops.domain.enums import Phase, Severity
from majorops.operations import phase
from tests.web.page import check


@pytest.fixture
def incident(cast):
    return cast.open(issue_time=cast.clock(), alert_id="HTTP 5xx")


PAGES = [
    "/admin/incidents",
    "/admin/incidents/1",
    "/admin/incidents/1?only=public",
    "/admin/incidents/1?q=nowhere",
    "/admin/incidents/1/commands",
    "/admin/incidents/keys",
    "/new",
    "/admin/incidents/1/fields/title",
]


@pytest.mark.parametrize("path", PAGES)
def test_operator_pages(cast, incident, path):
    answer = cast.browser("maya").get(path)
    assert answer.status_code == 200
    check(answer)


@pytest.mark.parametrize("path", ["/", "/incidents/1", "/login"])
def test_pages_for_everybody(cast, incident, path):
    answer = cast.app.test_client().get(path)
    assert answer.status_code == 200
    check(answer)


@pytest.mark.parametrize("phase", list(Phase))
def test_fireground_in_every_phase(cast, clock, phase):
    incident = cast.open(severity=Severity.MEDIUM)
    cast.bring_to(incident, phase)
    answer = cast.browser("maya").get(f"/admin/incidents/{incident.id}")
    check(answer)
    states = re.findall(r'data-phase="(\d)" data-state="(\w+)"', answer.text)
    assert [s for _, s in states] == ["done"] * (phase - 1) + ["current"] + ["future"] * (8 - phase)
    for tile in ("duration", "impact", "users", "phase", "updates"):
        assert f'data-tile="{tile}"' in answer.text


def test_a_skipped_phase_is_not_shown_as_done_inside_or_outside(cast, incident, clock):
    phase.advance_phase(incident, to=Phase.INITIAL, reason="Known cause.", actor=cast.maya, now=clock())
    for path in ("/admin/incidents/1", "/incidents/1"):
        answer = cast.browser("maya").get(path)
        check(answer)
        states = re.findall(r'data-phase="(\d)" data-state="(\w+)"', answer.text)
        assert [state for _, state in states] == ["done", "skipped", "skipped", "current"] + ["future"] * 4
        assert "Known cause." not in answer.text or path.startswith("/admin")


def test_after_the_close_no_phase_is_current(cast):
    incident = cast.open(severity=Severity.MEDIUM)
    cast.bring_to(incident, Phase.RESOLUTION)
    cast.resolve(incident)
    for path in ("/admin/incidents/1", "/incidents/1"):
        text = cast.browser("maya").get(path).text
        assert re.findall(r'data-phase="\d" data-state="(\w+)"', text) == ["done"] * 8
        assert 'aria-current="step"' not in text


def test_every_field_of_the_data_dictionary_is_there(cast, incident):
    from majorops.operations.fields import FIELDS

    text = cast.browser("maya").get("/admin/incidents/1").text
    for name in FIELDS:
        if name not in ("resolved_at", "brief_readers"):  # only once it is resolved; only while private
            assert f'data-field="{name}"' in text, name


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("rita", "/admin/incidents/1", 200),
        ("rita", "/new", 403),
        ("rita", "/admin/", 403),
        ("xin", "/admin/incidents/1", 403),
        ("xin", "/admin/incidents", 403),
        ("maya", "/admin/", 403),
        ("ada", "/admin/", 200),
        ("ada", "/new", 200),
    ],
)
def test_who_sees_what(cast, incident, who, path, status):
    assert cast.browser(who).get(path).status_code == status


def test_responder_reads_only(cast, incident):
    text = cast.browser("rita").get("/admin/incidents/1").text
    assert "data-edit" not in text
    assert 'id="log-text"' in text
    assert "Advance to" not in text


def test_missing_incident_says_so(cast):
    answer = cast.browser("maya").get("/admin/incidents/999")
    assert answer.status_code == 404
    check(answer)


@pytest.mark.parametrize("number", ["9" * 10, "9" * 20, "9" * 5_000])
def test_a_number_too_long_for_the_database_is_no_crash(cast, incident, number):
    maya, entry = cast.browser("maya"), f"/admin/incidents/1/entries/{number}"
    for path in ("/incidents/1", "/admin/incidents", "/admin/incidents/changes", "/admin/incidents/1"):
        assert maya.get(f"{path}?before={number}").status_code == 200
    assert maya.get(f"/incidents/{number}").status_code == 404
    for operation in ("visibility", "correction"):
        assert (
            maya.post(f"{entry}/{operation}", data={"text": "x", "visibility": "public"}).status_code == 404
        )


def test_headers(cast, incident):
    answer = cast.browser("maya").get("/admin/incidents/1")
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    public = cast.app.test_client().get("/")
    assert "stale-if-error" in public.headers["Cache-Control"]
    assert "sha256-" in public.headers["Content-Security-Policy"]


def test_health(client):
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").status_code == 200
