"""What became of the last act is said: to the page's script, and on the next page without it."""

import pytest

from majorops.domain.measures import brief_clock
from majorops.domain.text import brief_number
from majorops.fireground import reads

HERE = "/admin/incidents/1"


@pytest.fixture
def settings(settings):
    return {**settings, "WTF_CSRF_ENABLED": False}


@pytest.fixture
def maya(cast):
    cast.open()
    return cast.browser("maya")


ACTS = [
    (
        "/updates",
        {"kind": "update", "visibility": "public", "body": "Down.", "next_update": "20"},
        "Posted, public.",
    ),
    (
        "/updates",
        {"kind": "milestone", "visibility": "internal", "body": "Down.", "next_update": "20"},
        "Posted, internal. Milestone 1, next update by",
    ),
    ("/updates/holding", {}, "Posted, public. Milestone 1, next update by"),
    ("/notes", {"kind": "note", "text": "heard it"}, "Logged, internal,"),
    ("/notes", {"kind": "note", "text": "heard it", "public": "y"}, "Logged, public,"),
    ("/notes", {"kind": "can", "text": "App: slow"}, "Logged, internal,"),
]


@pytest.mark.parametrize(("path", "data", "said"), ACTS)
def test_posted_and_logged_are_said(maya, path, data, said):
    answer = maya.post(HERE + path, data=data, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    line = answer.text.partition('hx-target="#posted"')[2].partition("</hx-partial>")[0]
    assert said in line
    assert line.rstrip().endswith("UTC.")


@pytest.mark.parametrize(("path", "data", "said"), ACTS[:1] + ACTS[3:4])
def test_posted_and_logged_are_said_once_without_script(maya, path, data, said):
    assert maya.post(HERE + path, data=data).status_code == 303
    assert f'role="status">{said}' in maya.get(HERE).text
    assert said not in maya.get(HERE).text


def test_a_can_in_fields_on_a_desk(cast, maya):
    fields = {"kind": "can", "team": "App", "conditions": "5xx", "actions": "rollback", "needs": "freeze"}
    maya.post(f"{HERE}/notes", data={**fields, "by_field": "y", "text": "left over from a note"})
    (can,) = reads.cans(cast.fireground(1)).values()
    assert (can.team, can.conditions, can.actions, can.needs) == (
        "App",
        "5xx",
        "rollback",
        "freeze",
    )
    refused = maya.post(f"{HERE}/notes", data={**fields, "team": "", "by_field": "y"})
    assert refused.status_code == 422
    assert 'value="5xx"' in refused.text


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(0, "00:00"), (59, "59:00"), (60, "1h 00m"), (119, "1h 59m"), (1600, "26h 40m"), (6060, "4d 05h")],
)
def test_a_time_in_a_phones_tile(minutes, shown):
    from datetime import timedelta

    assert brief_clock(timedelta(minutes=minutes)) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (99_999, "99,999"), (124_900, "124k"), (1_290_000, "1.2M"), (250_000_000, "250M")],
)
def test_a_number_in_a_phones_tile(number, shown):
    assert brief_number(number) == shown
