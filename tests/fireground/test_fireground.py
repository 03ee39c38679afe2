"""The fireground's forms: with script and without, refusals with what was typed, two people at once."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.enums import Phase, Severity, TrackOutcome
from majorops.fireground import reads
from majorops.fireground.regions import stale
from majorops.models import Incident, Publication, TimelineEvent
from majorops.operations import edit, tracks, updates
from tests.web.page import check

SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def incident(cast):
    return cast.open()


@pytest.fixture
def maya(cast):
    return cast.browser("maya")


def fresh(incident) -> Incident:
    db.session.rollback()
    return db.session.get(Incident, incident.id, populate_existing=True)


def test_a_field_without_script(maya, incident):
    answer = maya.post(
        "/admin/incidents/1/fields/description", data={"value": "It broke.\r\nAgain.", "was": ""}
    )
    assert (answer.status_code, answer.location) == (303, "/admin/incidents/1#f-description")
    assert fresh(incident).description == "It broke.\nAgain."


def test_a_field_with_script_answers_with_the_stale_regions(maya, incident):
    answer = maya.post(
        "/admin/incidents/1/fields/alert.customer_count",
        data={"value": "1240", "approximate": "y", "was": ""},
        headers=SCRIPT | {"X-Version": str(incident.version)},
    )
    assert answer.status_code == 200
    targets = re.findall(r'hx-target="#([\w-]+)"', answer.text)
    assert {"info", "tiles", "timeline", "panel", "version", "f-alert-customer-count"} <= set(targets)
    assert "team" not in targets
    assert "~1,240" in answer.text


def test_conflict_shows_both_texts(cast, maya, incident):
    omar = cast.browser("omar")
    omar.post("/admin/incidents/1/fields/title", data={"value": "down in EU", "was": incident.title})
    answer = maya.post(
        "/admin/incidents/1/fields/title",
        data={"value": "times out", "was": "prod-payments-api not responding"},
        headers=SCRIPT,
    )
    assert answer.status_code == 409
    assert "Omar Haddad" in answer.text
    assert "Keep mine" in answer.text
    assert "times" in answer.text
    assert "down" in answer.text
    kept = maya.post("/admin/incidents/1/fields/title", data={"value": "times out", "was": "down in EU"})
    assert kept.status_code == 303
    assert fresh(incident).title == "times out"


def test_edits_of_other_fields_do_not_collide(cast, maya, incident):
    cast.browser("omar").post("/admin/incidents/1/fields/title", data={"value": "new", "was": incident.title})
    assert (
        maya.post("/admin/incidents/1/fields/description", data={"value": "x", "was": ""}).status_code == 303
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("title", "", "needs a text"),
        ("title", "x" * 5000, "at most 200"),
        ("severity", "huge", "choose one of"),
        ("bridge_url", "javascript:alert(1)", "web address"),
        ("alert.customer_count", "12o0", "digits only"),
        ("alert.issue_time", "yesterday", "UTC"),
        ("alert.issue_time", "2030-01-01 00:00", "not come yet"),
        ("affected_systems", " , ", "at least one"),
        ("command.mim", "", "MIM is never empty"),
        ("status", "active", ""),
        ("alarm_level", "1", "only be raised"),
    ],
)
def test_bad_values_stay_in_the_editor(maya, incident, name, value, sentence):
    was = {"title": incident.title, "severity": "critical", "status": "active"}.get(name)
    answer = maya.post(
        f"/admin/incidents/1/fields/{name}", data={"value": value} | ({"was": was} if was else {})
    )
    if name == "status":
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    check(answer)
    assert sentence in answer.text
    assert value in answer.text or name in ("severity", "alarm_level")


def test_unknown_field(maya, incident):
    assert maya.get("/admin/incidents/1/fields/version").status_code == 404
    assert maya.post("/admin/incidents/1/fields/opened_at", data={"value": "x"}).status_code == 404


def test_two_people_press_advance(cast, maya, incident):
    omar = cast.browser("omar")
    assert maya.post("/admin/incidents/1/phase", data={"expected": "1"}).status_code == 303
    answer = omar.post("/admin/incidents/1/phase", data={"expected": "1"})
    assert answer.status_code == 409
    assert "Maya Okafor advanced to 2 Gather" in answer.text
    assert fresh(incident).phase is Phase.GATHER


def test_the_button_says_what_the_rule_refuses(cast, maya, incident):
    cast.bring_to(incident, Phase.VALIDATION)
    text = maya.get("/admin/incidents/1").text
    assert "Critical needs 10:00 clean." in text
    assert "0/2 systems confirmed." in text
    assert 'aria-disabled="true"' in text
    answer = maya.post("/admin/incidents/1/phase", data={"expected": "7"})
    assert answer.status_code == 409
    assert "Critical needs 10:00 clean." in answer.text
    done = maya.post("/admin/incidents/1/phase", data={"expected": "7", "override": "false alarm"})
    assert done.status_code == 303
    assert fresh(incident).phase is Phase.RESOLUTION


def test_composer_keeps_the_text_when_refused(maya, incident):
    typed = {
        "kind": "milestone",
        "visibility": "public",
        "body": "We know <b>this</b>.",
        "next_update": "set",
        "next_update_at": "25:99",
    }
    answer = maya.post("/admin/incidents/1/updates", data=typed)
    assert answer.status_code == 422
    check(answer)
    assert "We know &lt;b&gt;this&lt;/b&gt;." in answer.text
    assert 'value="25:99"' in answer.text


def test_milestone_and_holding(maya, incident, clock):
    maya.post(
        "/admin/incidents/1/updates",
        data={"kind": "milestone", "visibility": "public", "body": "Known.", "next_update": "15"},
    )
    clock.tick(minutes=16)
    page = maya.get("/admin/incidents/1").text
    assert 'data-cadence="overdue"' in page
    assert "Post holding update" in page
    text = "Work continues. Next update in 15 minutes."
    assert f"public: “{text}”" in " ".join(page.split())
    assert maya.post("/admin/incidents/1/updates/holding").status_code == 303
    assert text in maya.get("/incidents/1").text
    assert 'data-cadence="due"' in maya.get("/admin/incidents/1").text
    numbers = db.session.scalars(select(Publication.number).order_by(Publication.id)).all()
    assert numbers == [1, 2]


def test_the_holding_milestone_speaks_of_a_recovery_track_only_while_one_runs(maya, cast, incident, clock):
    def posted() -> str:
        clock.tick(minutes=2)
        maya.post("/admin/incidents/1/updates/holding")
        return db.session.scalar(select(Publication.body).order_by(Publication.id.desc()).limit(1))

    given = {"team": "App", "owner": "Rita Moreau", "goal": "roll back", "actor": cast.maya}
    track = tracks.open_track(incident, minutes=10, now=clock(), **given)
    assert posted() == "Recovery track in progress. Next update in 15 minutes."
    assert 'data-fill="Recovery track in progress.' in maya.get("/admin/incidents/1").text
    tracks.close_track(incident, track.id, TrackOutcome.SUCCEEDED, actor=cast.maya, now=clock())
    assert posted() == "Work continues. Next update in 15 minutes."
    assert 'data-fill="Work continues.' in maya.get("/admin/incidents/1").text


@pytest.fixture
def announced(incident, maya, cast, clock) -> str:
    """What the key of an overdue update says that it posts."""
    eta = clock() + timedelta(minutes=5)
    updates.publish_update(incident, "Known.", next_update_eta=eta, actor=cast.maya, now=clock())
    clock.tick(minutes=6)
    return shown_by(maya.get("/admin/incidents/1").text)


def shown_by(page: str) -> str:
    return unescape(re.search('name="shown" value="([^"]+)"', page)[1])


@pytest.mark.parametrize("headers", [{}, SCRIPT])
@pytest.mark.parametrize("what", ["track", "visibility"])
def test_a_holding_update_says_what_the_screen_announced_or_nothing(
    maya, cast, incident, clock, announced, what, headers
):
    assert announced == "public: “Work continues. Next update in 15 minutes.”"
    if what == "track":
        given = {"team": "App", "owner": "Rita Moreau", "goal": "roll back", "actor": cast.maya}
        tracks.open_track(incident, minutes=10, now=clock(), **given)
        says = "public: “Recovery track in progress. Next update in 15 minutes.”"
    else:
        edit.edit_field(incident, "is_public", "no", actor=cast.maya, now=clock())
        says = "internal: “Work continues. Next update in 15 minutes.”"
    send = {"path": "/admin/incidents/1/updates/holding", "headers": headers}
    refused = maya.post(**send, data={"shown": announced})
    assert refused.status_code == 409
    assert f"Nothing was posted: it changed meanwhile. A holding update says now, {says}" in refused.text
    assert db.session.scalar(select(func.count()).select_from(Publication)) == 1
    assert shown_by(refused.text) == says
    assert maya.post(**send, data={"shown": says}).status_code in (200, 303)
    assert db.session.scalar(select(func.count()).select_from(Publication)) == 2


@pytest.mark.parametrize("headers", [{}, SCRIPT])
def test_what_was_not_posted_is_said_where_no_key_is_left(maya, cast, incident, clock, announced, headers):
    updates.post_holding(incident, actor=cast.omar, now=clock())
    given = {"team": "App", "owner": "Rita Moreau", "goal": "roll back", "actor": cast.maya}
    tracks.open_track(incident, minutes=10, now=clock(), **given)
    for nudge in reads.standing_nudges(cast.fireground(1)):
        maya.post("/admin/incidents/1/nudges", data={"key": nudge.key})
    send = {"path": "/admin/incidents/1/updates/holding", "headers": headers}
    refused = maya.post(**send, data={"shown": announced})
    assert refused.status_code == 409
    assert "Nothing was posted: it changed meanwhile." in refused.text


def test_a_resolved_incident_gets_no_holding_update(maya, cast, incident):
    cast.resolve(incident)
    refused = maya.post("/admin/incidents/1/updates/holding", data={"shown": "internal: “As it was.”"})
    assert "is resolved" in refused.text
    assert "it changed meanwhile" not in refused.text


@pytest.mark.parametrize(
    ("event", "regions"),
    [
        (("track.opened", None), {"nudge", "notices"}),
        (("track.closed", None), {"nudge", "notices"}),
        (("field.changed", "is_public"), {"nudge"}),
        (("field.changed", "affected_systems"), {"runcard"}),
    ],
)
def test_the_words_of_a_holding_update_are_drawn_again_on_every_screen(event, regions):
    assert regions <= set(stale([event]))


def test_a_check_that_says_the_contrary_of_the_public_page_is_shown_with_its_key(maya, cast, clock):
    incident = cast.open()
    cast.bring_to(incident, Phase.VALIDATION)
    told = "Public page: {}"
    assert "Public page:" not in maya.get("/admin/incidents/1").text
    maya.post("/admin/incidents/1/checks", data={"system": "payments-api", "state": "confirmed"})
    page = maya.get("/admin/incidents/1").text
    assert told.format("Major outage") in page
    assert "Say operational" in page
    given = {"system": "payments-api", "status": "operational"}
    assert maya.post("/admin/incidents/1/systems", data=given).status_code == 303
    assert "Public page:" not in maya.get("/admin/incidents/1").text
    maya.post("/admin/incidents/1/checks", data={"system": "payments-api", "state": "failed"})
    page = maya.get("/admin/incidents/1").text
    assert told.format("Operational") in page
    assert "Say by severity" in page
    assert maya.post("/admin/incidents/1/systems", data=given | {"status": ""}).status_code == 303
    assert "Public page:" not in maya.get("/admin/incidents/1").text


def test_a_button_pressed_twice_posts_once(maya, incident):
    for _ in range(2):
        maya.post(
            "/admin/incidents/1/updates",
            data={"kind": "update", "visibility": "public", "body": "Once.", "next_update": "15"},
        )
    assert len(db.session.scalars(select(Publication)).all()) == 1


def test_changes_since(maya, incident):
    assert maya.get(f"/admin/incidents/1/changes?since={incident.version}", headers=SCRIPT).status_code == 204
    seen = str(incident.version)
    maya.post("/admin/incidents/1/notes", data={"kind": "note", "text": "heard"})
    answer = maya.get("/admin/incidents/1/changes", headers=SCRIPT | {"X-Version": seen})
    assert "heard" in answer.text
    assert 'hx-target="#timeline"' in answer.text
    assert 'hx-target="#team"' not in answer.text


def test_can_in_one_line(maya, incident):
    maya.post(
        "/admin/incidents/1/notes",
        data={"kind": "can", "text": "App: 5xx 61% / rollback 2/6 pods / deploy freeze"},
    )
    entry = db.session.scalar(select(TimelineEvent).filter_by(kind="can.reported"))
    assert entry.title == "CAN App"
    assert entry.detail == "C 5xx 61%\nA rollback 2/6 pods\nN deploy freeze"


def test_visibility_of_an_entry(maya, incident, client):
    maya.post("/admin/incidents/1/notes", data={"kind": "note", "text": "seen by nobody"})
    seq = fresh(incident).version
    assert "seen by nobody" not in client.get("/incidents/1").text
    maya.post(f"/admin/incidents/1/entries/{seq}/visibility", data={"visibility": "public"})
    assert "seen by nobody" in client.get("/incidents/1").text
    maya.post(f"/admin/incidents/1/entries/{seq}/visibility", data={"visibility": "internal"})
    assert "seen by nobody" not in client.get("/incidents/1").text


def test_withdrawn_update_leaves_its_time(maya, incident, client):
    maya.post(
        "/admin/incidents/1/updates",
        data={"kind": "update", "visibility": "public", "body": "leak", "next_update": "15"},
    )
    seq = fresh(incident).version
    maya.post(f"/admin/incidents/1/entries/{seq}/visibility", data={"visibility": "internal"})
    text = client.get("/incidents/1").text
    assert "leak" not in text
    assert "withdrawn" in text


def test_correction(maya, incident, client):
    maya.post(
        "/admin/incidents/1/updates",
        data={"kind": "milestone", "visibility": "public", "body": "wrong", "next_update": "15"},
    )
    maya.post("/admin/incidents/1/updates/1/correction", data={"text": "right"})
    text = client.get("/incidents/1").text
    assert "corrected" in text
    assert text.index("right") < text.index("wrong")


def test_resolved_is_read_only_and_continued(cast, maya, clock):
    incident = cast.open(severity=Severity.LOW)
    cast.bring_to(incident, Phase.RESOLUTION)
    assert maya.post("/admin/incidents/1/status", data={"to": "resolved"}).status_code == 303
    page = maya.get("/admin/incidents/1")
    check(page)
    assert "Continue as new incident" in page.text
    assert maya.post("/admin/incidents/1/fields/description", data={"value": "x"}).status_code == 409
    assert maya.post("/admin/incidents/1/continuation").location == "/admin/incidents/2"
    assert maya.post("/admin/incidents/1/continuation").location == "/admin/incidents/2"
    db.session.rollback()
    new = db.session.get(Incident, 2)
    assert new.continues_id == 1
    assert new.system_names == fresh(incident).system_names


def test_a_responder_may_not_command(cast, incident):
    rita = cast.browser("rita")
    for path in ("phase", "updates", "fields/title", "status", "updates/holding"):
        assert rita.post(f"/admin/incidents/1/{path}", data={}).status_code == 403, path
    assert rita.post("/admin/incidents/1/notes", data={"kind": "note", "text": "heard"}).status_code == 303
    refused = rita.post("/admin/incidents/1/notes", data={"kind": "note", "text": "heard", "public": "y"})
    assert refused.status_code == 422


def test_queries_do_not_grow(cast, maya, incident):
    from majorops.operations.timeline import add_note
    from tests.counting import queries

    with queries() as few:
        maya.get("/admin/incidents/1")
    for n in range(300):
        add_note(incident, f"note {n}", actor=cast.maya, now=cast.clock())
    cast.open(title="another", systems=["x"])
    with queries() as many:
        maya.get("/admin/incidents/1")
    assert len(many) == len(few) <= 38
