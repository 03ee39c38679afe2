"""A review as a file: what people wrote marks up nothing, and the JSON is as its schema says."""

from __future__ import annotations

import json

import jsonschema
import pytest

from majorops.db import db
from majorops.models import Incident
from majorops.operations.actions import add_action
from majorops.operations.curation import merge_incident
from majorops.operations.reviews import write_text
from majorops.replay import read, run
from majorops.reviews.exports import plain
from tests.operations.afterwards import planned, published
from tests.recordings import recording

HERE = "/admin/incidents/1/review/export"
HOSTILE = "<script>alert(1)</script> | [x](javascript:alert(2)) *a*"


@pytest.fixture
def maya(cast):
    return cast.browser("maya")


@pytest.fixture
def incident(cast, clock):
    run(read(recording("cloudflare-2022-06-21")), is_drill=False, speed=None)
    incident = db.session.get(Incident, 1)
    who = {"actor": cast.maya, "now": clock()}
    write_text(incident, "root_cause", HOSTILE, **who)
    write_text(incident, "contributing", f"one\n{HOSTILE}", **who)
    add_action(incident, planned(clock()), **who)
    return incident


def test_the_json_is_as_its_schema_says(incident, maya, cast):
    answer = maya.get(f"{HERE}/json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="INC-001-review.json"'
    found = answer.json
    schema = json.loads(maya.get("/admin/actions/review.schema.json").text)
    jsonschema.validate(found, schema)
    assert found["texts"]["root_cause"] == HOSTILE
    assert sum(one["late_seconds"] for one in found["updates"]) > 0
    assert {one["phase"] for one in found["phases"]} <= set(range(1, 9))
    assert found["actions"][0]["reference"] == "INC-001 A1"
    assert found["decisions"] or found["tracks"]


def test_of_an_incident_that_runs_too(cast, maya):
    cast.open()
    schema = json.loads(maya.get("/admin/actions/review.schema.json").text)
    jsonschema.validate(maya.get(f"{HERE}/json").json, schema)


def test_markdown_marks_up_nothing_that_people_wrote(incident, maya):
    text = maya.get(f"{HERE}/md").text
    assert text.startswith("# INC-001 Learning Review: ")
    assert "<script>" not in text
    assert "\\<script\\>alert(1)\\</script\\> \\| \\[x\\](javascript:alert(2)) \\*a\\*" in text
    assert "- one\n" in text
    assert "| Phase | Entered | Lasted |\n| --- | --- | --- |\n| 1 " in text
    for line in text.splitlines():
        if line.startswith("| "):
            assert line.endswith("|"), line


def test_html_needs_no_other_file_and_runs_nothing(incident, maya):
    text = maya.get(f"{HERE}/html").text
    assert "&lt;script&gt;" in text
    for no in ("<script", "<link", " src=", "url(", "@import"):
        assert no not in text
    assert text.count("<svg") >= 3
    assert "Revert the policy change" in maya.get("/admin/incidents/1/review").text


@pytest.mark.parametrize("text", ["a\nb", "  a   b ", "a b"])
def test_a_line_stays_one(text):
    assert plain(text) == "a b"


def test_a_duplicate_has_none_and_strangers_get_none(cast, clock, maya, client):
    who = {"actor": cast.maya, "now": clock()}
    kept, twin = cast.open(), cast.open(title="dns slow", systems=["dns"])
    merge_incident(twin, kept, **who)
    assert maya.get(f"/admin/incidents/{twin.id}/review/export/md").status_code == 404
    assert client.get(f"{HERE}/md").status_code in (302, 303, 401)
    assert maya.get(f"{HERE}/exe").status_code == 404


def test_of_a_review_with_all_its_parts(cast, clock, maya):
    incident = cast.open()
    published(incident, {"actor": cast.maya, "now": clock()})
    found = maya.get(f"{HERE}/json").json
    assert [one["state"] for one in found["steps"]] == ["draft_sent", "held", "published"]
    assert found["attended"]
