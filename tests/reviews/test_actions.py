"""The list of all actions, filtered by its address, and the page of one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from icalendar import Calendar

from majorops.db import db
from majorops.domain.enums import ActionState
from majorops.models import ActionItem
from majorops.operations.actions import add_action, end_action
from majorops.reviews import action_list
from majorops.reviews.action_list import Filter
from tests.operations.afterwards import planned
from tests.reviews.acts import typed

LIST = "/admin/actions"


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


@pytest.fixture
def who(cast, clock):
    return {"actor": cast.maya, "now": clock()}


@pytest.fixture
def maya(cast):
    return cast.browser("maya")


@pytest.fixture
def four(cast, who):
    """Of incident 1: Rita's, Maya's, one that ended; of incident 2, with another system: one that is late."""
    first, second = cast.open(), cast.open(systems=["cdn"])
    add_action(first, planned(who["now"], text="Add a cap"), **who)
    add_action(first, planned(who["now"], text="Alert on the pool", owner="Maya Okafor"), **who)
    add_action(first, planned(who["now"], text="Raise the canary"), **who)
    end_action(first, 3, ActionState.DONE, "https://ci.example/7", **who)
    late = add_action(second, planned(who["now"], text="Purge by tag"), **who)
    late.due_on -= timedelta(days=26)
    db.session.commit()


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"Add a cap", "Alert on the pool", "Purge by tag"}),
        ("?show=mine", {"Alert on the pool"}),
        ("?show=overdue", {"Purge by tag"}),
        ("?show=ended", {"Raise the canary"}),
        ("?system=cdn", {"Purge by tag"}),
        ("?incident=INC-001", {"Add a cap", "Alert on the pool"}),
        ("?incident=1&show=ended", {"Raise the canary"}),
        ("?system=nowhere", set()),
        ("?practice=1", set()),
        ("?show=everything&page=x", {"Add a cap", "Alert on the pool", "Purge by tag"}),
        ("?incident=99999999999", {"Add a cap", "Alert on the pool", "Purge by tag"}),
    ],
)
def test_the_filters_stand_in_the_address(four, maya, query, shown):
    page = maya.get(LIST + query).text
    every = {"Add a cap", "Alert on the pool", "Raise the canary", "Purge by tag"}
    assert {text for text in every if f">{text}</a>" in page} == shown


def test_a_filter_that_names_no_incident_says_so(four, maya):
    page = maya.get(f"{LIST}?incident=%3D1%2B1&system=%22x%22%20OR%201").text
    assert "Name an incident such as INC-031." in page
    assert 'value="=1+1"' in page


def test_how_they_stand_is_on_the_list(four, maya):
    page = maya.get(LIST).text
    assert "12 days late" in page
    assert "INC-002" in page
    assert '<span class="mono">3</span>' in page  # open


def test_pages(four, maya, monkeypatch):
    monkeypatch.setattr(action_list, "PER_PAGE", 2)
    assert ">More</a>" in maya.get(LIST).text
    second = maya.get(f"{LIST}?page=2").text
    assert ">More</a>" not in second
    assert ">Earlier</a>" in second
    given = Filter.of({"show": "mine", "page": "3"})
    assert given.address(page=4) == {"show": "mine", "page": 4}


def test_an_action_is_changed_and_ended_on_its_page(four, maya, cast):
    page = maya.get(f"{LIST}/1").text
    assert "Add a cap" in page
    due = {"due_on": f"{(cast.clock() + timedelta(days=30)).date()}", "seen": "0"}
    assert maya.post(f"{LIST}/1", data=typed(cast, **due)).status_code == 303
    assert "moved 1×" in maya.get(f"{LIST}/1").text
    answer = maya.post(f"{LIST}/1/end", data={"state": "done", "outcome": "", "seen": "1"})
    assert answer.status_code == 422
    assert "Show the evidence" in answer.text
    maya.post(f"{LIST}/1/end", data={"state": "dropped", "outcome": "It goes away.", "seen": "1"})
    page = maya.get(f"{LIST}/1").text
    assert "It goes away." in page
    assert "Change it" not in page
    answer = maya.post(f"{LIST}/1/end", data={"state": "done", "outcome": "x", "seen": "2"})
    assert answer.status_code == 409
    assert "ended it on" in answer.text


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"due_on": "2020-01-01"}, "lies in the past"),
        ({"due_on": "next week"}, "Choose a day"),
        ({"owner": "Rita and Omar"}, "an action of two has none"),
        ({"kind": "blame"}, "prevent, detect, respond or communicate"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(four, maya, cast, given, says):
    answer = maya.post("/admin/incidents/1/review/actions", data=typed(cast, text="Cap it", **given))
    assert answer.status_code == 422
    assert says in answer.text
    assert 'value="Cap it"' in answer.text


def test_a_verb_without_an_end_is_asked_about(four, maya, cast):
    form = typed(cast, text="Investigate the pool")
    answer = maya.post("/admin/incidents/1/review/actions", data=form)
    assert answer.status_code == 422
    assert "Keep it as it is" in answer.text
    answer = maya.post("/admin/incidents/1/review/actions", data=form | {"sure": "y"})
    assert answer.status_code == 303


def test_somebody_elses_is_read_only(four, cast):
    page = cast.browser("rita").get(f"{LIST}/2").text
    assert "Only Maya Okafor or a MIM changes it." in page
    answer = cast.browser("rita").post(f"{LIST}/2/end", data={"state": "done", "outcome": "x"})
    assert answer.status_code == 403


def test_as_a_calendar_file(four, maya):
    file = maya.get(f"{LIST}/1.ics")
    assert Calendar.from_ical(file.data).walk("VEVENT")[0]["summary"] == "INC-001 A1 due: Add a cap"
    assert maya.get(f"{LIST}/99.ics").status_code == 404
    assert maya.get(f"{LIST}/99").status_code == 404


def test_an_owner_who_left_is_marked(four, maya, cast):
    item = db.session.get(ActionItem, 1)
    item.owner.is_active = False
    db.session.commit()
    assert "Left</span>" in maya.get(LIST).text
