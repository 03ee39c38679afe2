"""Earlier incidents like this one: at intake, on the fireground, and for whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from majorops.db import db
from majorops.domain.enums import Severity, TrackOutcome, Visibility
from majorops.models import Incident, ReviewText
from majorops.operations import asks, tracks, updates
from majorops.operations import similar as alike
from majorops.operations.edit import edit_field
from tests.counting import queries
from tests.operations.test_search_index import HOSTILE

TITLE = "payments-api: connection pool exhausted"


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def earlier(cast, clock):
    """A resolved one, with a track that ended it and a cause that was ruled out."""
    cast.list_systems("payments-api")
    incident = cast.open(title=TITLE, systems=["payments-api"], severity=Severity.LOW)
    who = {"actor": cast.maya, "now": clock()}
    asks.rule_out(incident, cause="network", why="traceroutes are clean", **who)
    ends = {"Restart the pods": TrackOutcome.FAILED, "Raise the pool": TrackOutcome.SUCCEEDED}
    for goal, outcome in ends.items():
        track = tracks.open_track(incident, team="App", goal=goal, minutes=9, **who)
        tracks.close_track(incident, track.id, outcome, note="took a while", **who)
    updates.publish_milestone(
        incident,
        "It works again. Cause: a leak of idle sessions since release 4.17.",
        visibility=Visibility.PUBLIC,
        is_resolution=True,
        after_action_at=clock() + timedelta(days=1),
        **who,
    )
    cast.resolve(incident)
    return incident


def numbers(title: str, *systems: str, actor) -> list[int]:
    return [like.case.number for like in alike.like_title(title, systems, actor=actor)]


def test_at_intake_the_earlier_one_is_told_with_why(cast, earlier):
    page = cast.browser("maya").get(
        "/new/similar", query_string={"title": "payments-api pools exhausted, sessions idle"}
    )
    assert page.status_code == 200
    assert TITLE in page.text
    assert "same system payments-api, same words: pool, exhausted, in its cause: " in page.text
    assert "in its cause: " in page.text
    assert f"{earlier.reference}, " in page.text
    assert "ended by: Raise the pool" in page.text
    again = cast.browser("maya").get("/new?title=payments-api+pool+exhausted").text
    assert TITLE in again


def test_without_script_a_refused_form_tells_too(cast, earlier):
    typed = {"title": "pool of connections exhausted", "severity": "high", "affected_systems": "payments-api"}
    page = cast.browser("maya").post("/new", data=typed | {"bridge_url": "no link"})
    assert page.status_code == 422
    assert TITLE in page.text


def test_on_the_fireground_tracks_and_ruled_out_causes_are_laid_beside(cast, earlier):
    now = cast.open(title="payments-api pool is exhausted", systems=["payments-api"])
    page = cast.browser("maya").get(f"/admin/incidents/{now.id}").text
    part = page.partition('id="similar"')[2].partition('id="timeline"')[0]
    for words in (
        TITLE,
        "same system payments-api",
        "Raise the pool",
        "Restart the pods",
        "Failed: took a while",
        "Succeeded: took a while",
        "traceroutes are clean",
        "Cause: a leak of idle sessions",
    ):
        assert words in part, words
    assert "like this one" not in cast.browser("maya").get(f"/admin/incidents/{earlier.id}").text


def test_a_change_of_title_draws_it_again(cast, clock, earlier):
    now = cast.open(title="something else", systems=["mail-relay"])
    maya = cast.browser("maya")
    page = maya.get(f"/admin/incidents/{now.id}").text
    assert "like this one" not in page
    answer = maya.post(
        f"/admin/incidents/{now.id}/fields/title",
        data={"value": "connection pool exhausted"},
        headers={"HX-Request": "true", "X-Version": str(now.version)},
    )
    assert "like this one" in answer.text


def test_the_root_cause_of_its_review_is_told_before_what_was_said(cast, clock, earlier):
    now = cast.open(title="payments-api pool is exhausted", systems=["payments-api"])
    db.session.connection(execution_options={"writing": True})
    for version, words in enumerate(("first thought", "The client retried without a cap."), 1):
        by = {"by_name": "Maya Okafor", "at": clock()}
        row = {"incident_id": earlier.id, "version": version, "name": "root_cause", "text": words}
        db.session.add(ReviewText(**row, **by))
    db.session.commit()
    (like,) = alike.like_incident(now, actor=cast.maya)
    assert like.case.cause == "The client retried without a cap."


def test_who_does_not_read_the_fireground_is_told_nothing(cast, earlier):
    assert cast.browser("xin").get("/new/similar?title=pool+exhausted").status_code == 403
    assert numbers(TITLE, "payments-api", actor=cast.xin) == []
    assert alike.beside([earlier.id], actor=cast.xin) == {}
    assert numbers(TITLE, "payments-api", actor=cast.rita) == [earlier.id]


def test_a_private_one_is_told_to_who_reads_the_fireground(cast, clock, earlier):
    edit_field(earlier, "is_public", "no", actor=cast.maya, now=clock())
    assert numbers(TITLE, actor=cast.rita) == [earlier.id]
    assert numbers(TITLE, actor=cast.xin) == []


def test_drills_running_ones_and_duplicates_are_apart(cast, clock, earlier):
    assert numbers(TITLE, actor=cast.maya) == [earlier.id]
    running = cast.open(title=TITLE, systems=["mail-relay"])
    drill = cast.open(title=TITLE, systems=["dns-resolver"], is_drill=True)
    assert alike.like_incident(drill, actor=cast.maya) == []
    cast.resolve(drill)
    assert [like.case.number for like in alike.like_incident(running, actor=cast.maya)] == [earlier.id]
    other = cast.open(title=TITLE, systems=["cdn-edge"], is_drill=True)
    assert [like.case.number for like in alike.like_incident(other, actor=cast.maya)] == [drill.id]
    kept = cast.open(title="kept", systems=["payments-api"])
    db.session.connection(execution_options={"writing": True})
    db.session.get(Incident, earlier.id).merged_into_id = kept.id
    db.session.commit()
    assert numbers(TITLE, actor=cast.maya) == []


def test_it_costs_as_many_queries_whatever_there_was(cast, earlier):
    with queries() as few:
        numbers(TITLE, "payments-api", actor=cast.maya)
    for n in range(40):
        cast.resolve(cast.open(title=f"{TITLE} {n}", systems=["payments-api"], severity=Severity.LOW))
    with queries() as many:
        assert len(numbers(TITLE, "payments-api", actor=cast.maya)) == 3
    assert len(few) == len(many) <= 7


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_any_title_gets_an_answer(cast, earlier, typed):
    maya = cast.browser("maya")
    for given in ({"title": typed}, {"title": "pool", "systems": typed}):
        assert maya.get("/new/similar", query_string=given).status_code == 200
    numbers(typed, typed, actor=cast.maya)
