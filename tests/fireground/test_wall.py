"""The wall at /admin/wall: what it shows of what runs, and that its cost does not grow."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import delete

from majorops.db import db
from majorops.domain.enums import Severity, Visibility
from majorops.fireground.wall import BESIDE, TRACKS
from majorops.models import CommandAssignment
from majorops.operations import curation, handover, tracks, updates
from tests.counting import queries


@pytest.fixture
def who(cast, clock):
    return lambda: {"actor": cast.maya, "now": clock()}


@pytest.fixture
def read(cast):
    """What somebody reads on the wall, as one line of words."""

    def read(address: str = "/admin/wall", nick: str = "rita") -> str:
        page = cast.browser(nick).get(address).text
        return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main")[1].split("</main>")[0]).split())

    return read


def test_in_peacetime_it_says_so_and_what_ended_last(cast, clock, read):
    assert "No incident runs" in read()
    assert "The last one" not in read()
    incident = cast.open()
    clock.tick(minutes=5)
    cast.resolve(incident)
    assert "No incident runs The last one, INC-001, ended 14:05 UTC." in read()


def test_the_highest_box_is_large_and_the_others_stand_beside(cast, read):
    cast.open(title="search is slow", severity=Severity.LOW)
    cast.open(title="cards fail")
    for n in range(BESIDE + 1):
        cast.open(title=f"small {n}", severity=Severity.LOW)
    text = read()
    assert "INC-002 Box 3 Critical Active cards fail" in text
    assert "INC-001 Low, phase 1" in text
    assert text.endswith("and 2 more")
    assert "search is slow" in read("/admin/wall?incident=1")


def test_who_has_command_and_whom_it_is_offered_to(cast, clock, who, read):
    incident = cast.open()
    assert "Command Maya Okafor since 14:00" in read()
    assert "Vacant: " in read()
    offer = handover.offer_handover(incident, cast.omar.user_id, **who())
    assert "Offered to Omar Haddad" in read()
    handover.withdraw_handover(incident, offer.id, **who())
    cast.resolve(incident)
    assert "Maya Okafor until the end, since 14:00" in read("/admin/wall?incident=1")


def test_what_a_rule_opened_is_commanded_by_nobody(cast, read):
    cast.open()
    db.session.execute(delete(CommandAssignment))
    db.session.commit()
    assert "Command Nobody" in read()


def test_the_promise_and_when_it_is_broken(cast, clock, who, read):
    incident = cast.open()
    assert "Next update Not promised" in read()
    promise = {"visibility": Visibility.INTERNAL, "next_update_eta": clock() + timedelta(minutes=15)}
    updates.publish_milestone(incident, "Rolling back.", **promise, **who())
    assert "Next update in 15:00" in read()
    clock.tick(minutes=16)
    assert "Update overdue 01:00" in read()
    cast.open(title="worse")  # the same Box, younger
    assert "INC-001 Critical, phase 1 Overdue 01:00" in read("/admin/wall?incident=2")


def test_teams_at_work_the_first_due_first(cast, clock, who, read):
    incident = cast.open()
    assert "No track runs." in read()
    for n in range(TRACKS + 2):
        tracks.open_track(incident, team=f"T{n}", owner="Rita", goal=f"goal {n}", minutes=n + 5, **who())
    clock.tick(minutes=6)
    text = read()
    assert "T0 goal 0 late 01:00" in text
    assert "T3 goal 3 02:00" in text
    assert "goal 4" not in text
    assert "and 2 more" in text


def test_a_drill_is_marked(cast, who, read):
    incident = cast.open()
    curation.set_drill(incident, True, **who())
    assert " Drill " in read()
    cast.open(severity=Severity.LOW)
    assert "INC-001 Critical, phase 1 Drill" in read("/admin/wall?incident=2")


def test_words_from_outside_are_words(cast, read):
    cast.open(title="<script>alert(1)</script>")
    assert "&lt;script&gt;" in read()


def test_a_number_that_is_none_chooses_none(cast, read):
    assert "No incident runs" in read("/admin/wall?incident=abc")


def test_no_such_incident(cast):
    assert cast.browser("rita").get("/admin/wall?incident=9").status_code == 404


def test_its_cost_is_that_of_what_it_shows(cast, who):
    browser = cast.browser("rita")
    cast.open()
    browser.get("/admin/wall")
    with queries() as few:
        browser.get("/admin/wall")
    for _ in range(3):
        cast.open()
        cast.resolve(cast.open())
    with queries() as many:
        browser.get("/admin/wall")
    assert len(many) <= len(few)
