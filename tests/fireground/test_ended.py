"""What is over says so: a promise after the resolution milestone, a CAN after its track,
a status that is only ready to be set.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.coach import nudges, standing
from majorops.domain.enums import CheckState, IncidentStatus, Phase, TrackOutcome, Visibility
from majorops.models import TimelineEvent
from majorops.operations import phase, timeline, tracks, updates, validation
from majorops.operations.coach_inputs import coach_inputs

PUBLIC = Visibility.PUBLIC


@pytest.fixture
def said(cast, clock):
    """An incident in phase 8 whose public promise runs."""
    incident = cast.open()
    cast.validate(incident)
    who = {"actor": cast.maya, "now": clock()}
    given = {"visibility": PUBLIC, "next_update_eta": clock() + timedelta(minutes=20)}
    updates.publish_milestone(incident, "A fix is in.", **given, **who)
    phase.change_status(incident, IncidentStatus.MONITORING, **who)
    phase.advance_phase(incident, **who)
    return incident


def cut_resolution(cast, incident, clock, visibility=PUBLIC):
    given = {
        "is_resolution": True,
        "after_action_at": clock() + timedelta(hours=20),
        "visibility": visibility,
    }
    return updates.publish_milestone(
        incident, "It is over.", **given, actor=cast.maya, now=clock.tick(minutes=1)
    )


def badge(page: str) -> str:
    return re.search(r'class="cadence[^"]*" data-cadence="(\w+)"', page)[1]


def test_after_the_resolution_milestone_no_promise_runs_on(app, cast, clock, client, said):
    app.extensions["has_accounts"] = True
    maya, xin = cast.browser("maya"), cast.browser("xin")
    assert badge(maya.get("/admin/incidents/1").text) == badge(client.get("/incidents/1").text) == "due"
    cut_resolution(cast, said, clock)
    assert said.next_update_eta is None
    for ahead in (0, 90):
        clock.tick(minutes=ahead)
        inside, outside = maya.get("/admin/incidents/1").text, client.get("/incidents/1").text
        assert badge(inside) == badge(outside) == "ended"
        assert "no further update promised" in inside
        assert "Final update posted" in outside
        for page in (inside, outside, client.get("/").text, maya.get("/admin/incidents").text):
            assert not re.search("overdue", page.split("<body")[1].split('id="said"')[0], re.IGNORECASE)
        assert "No further update is promised" in xin.get("/incidents/1/brief").text
        assert '<dd><span class="tiles__word">Ended' in xin.get("/incidents/1/exec").text
        listed = client.get("/api/v2/incidents/unresolved.json").json["incidents"]
        assert [one["next_update_at"] for one in listed] == [None]
        assert "no further update is promised" in client.get("/", headers={"Accept": "text/plain"}).text
        keys = [nudge.key for nudge in standing(nudges(coach_inputs(said)), clock())]
        assert not [key for key in keys if key.startswith(("overdue", "soon"))]


def test_an_internal_resolution_milestone_ends_no_public_promise(app, cast, clock, client, said):
    app.extensions["has_accounts"] = True
    cut_resolution(cast, said, clock, Visibility.INTERNAL)
    assert (
        badge(cast.browser("maya").get("/admin/incidents/1").text)
        == badge(client.get("/incidents/1").text)
        == "due"
    )


def test_symptoms_that_return_make_the_next_update_owed_again(app, cast, clock, client, said):
    app.extensions["has_accounts"] = True
    cut_resolution(cast, said, clock)
    phase.report_symptoms_returned(said, actor=cast.maya, now=clock.tick(minutes=1))
    inside = cast.browser("maya").get("/admin/incidents/1").text
    assert badge(inside) == badge(client.get("/incidents/1").text) == "unset"
    assert "next update sets it" in inside


def test_a_promise_that_is_withdrawn_is_the_same_inside_and_outside(app, cast, clock, client, said):
    app.extensions["has_accounts"] = True
    maya = cast.browser("maya")
    cut = cut_resolution(cast, said, clock)
    seq = db.session.scalar(select(TimelineEvent.seq).filter_by(publication_id=cut.id))
    timeline.set_visibility(said, seq, Visibility.INTERNAL, actor=cast.maya, now=clock())
    assert badge(maya.get("/admin/incidents/1").text) == badge(client.get("/incidents/1").text) == "due"
    timeline.set_visibility(said, seq, PUBLIC, actor=cast.maya, now=clock())
    assert badge(maya.get("/admin/incidents/1").text) == badge(client.get("/incidents/1").text) == "ended"


def test_a_status_that_can_be_set_is_not_drawn_as_done(cast, clock):
    incident = cast.open()
    cast.validate(incident)
    maya, asked = cast.browser("maya"), []
    asked.append(maya.get("/admin/incidents/1").text)
    phase.change_status(incident, IncidentStatus.MONITORING, actor=cast.maya, now=clock())
    phase.advance_phase(incident, actor=cast.maya, now=clock())
    cut_resolution(cast, incident, clock)
    asked.append(maya.get("/admin/incidents/1").text)
    for page, now, ready in zip(asked, ("Active", "Monitoring"), ("Monitoring", "Resolved"), strict=True):
        part = re.search(r'<div class="advance__say([^"]*)" id="status-why">(.*?)</div>', page, re.DOTALL)
        assert part[1] == ""
        assert "i-check" not in part[2]
        assert " ".join(re.sub("<[^>]+>", "", part[2]).split()) == f"Status is {now}{ready} can be set now."


def rows(page: str) -> str:
    return page.split('id="tracks"')[1].split("</section>", maxsplit=1)[0]


def test_a_can_ends_with_its_track(cast, clock):
    incident = cast.open()
    who = {"actor": cast.maya, "now": clock()}
    track = tracks.open_track(incident, team="App", goal="roll back", minutes=10, **who)
    other = tracks.open_track(incident, team="app", goal="drain the queue", minutes=10, **who)
    tracks.report_can(incident, team="App", conditions="5xx at 61 %", needs="deploy freeze", **who)
    tracks.report_can(incident, team="Network", conditions="all quiet", needs="a look at the edge", **who)
    maya = cast.browser("maya")
    tracks.close_track(incident, track.id, TrackOutcome.SUCCEEDED, **who)
    assert "deploy freeze" in rows(maya.get("/admin/incidents/1").text)  # its other track still runs
    tracks.close_track(incident, other.id, TrackOutcome.SUCCEEDED, **who)
    page = rows(maya.get("/admin/incidents/1").text)
    assert "deploy freeze" not in page
    assert "DONE" in page
    assert "a look at the edge" in page
    assert "deploy freeze" not in maya.get("/admin/incidents/1/commands").text
    tracks.open_track(incident, team="App", goal="scale out", minutes=10, **who)
    assert "deploy freeze" not in rows(maya.get("/admin/incidents/1").text)  # a new track, a new report
    tracks.report_can(incident, team="App", conditions="5xx at 3 %", needs="two more hosts", **who)
    assert "two more hosts" in rows(maya.get("/admin/incidents/1").text)
    cast.resolve(incident)
    page = rows(maya.get("/admin/incidents/1").text)
    assert "NEEDS" not in page
    assert "a look at the edge" not in page


def test_after_the_close_no_clock_runs_on(cast, clock):
    incident = cast.full_house()
    for name in incident.system_names:
        validation.set_check(incident, name, CheckState.CONFIRMED, actor=cast.maya, now=clock())
    cast.resolve(incident)
    page = cast.browser("maya").get("/admin/incidents/1").text
    assert re.findall("data-(?:since|until|turns)=", page) == []
    assert "Open at close" in page
    assert incident.phase == Phase.VALIDATION
