"""The After Action in the composer: by a key, or typed; a wrong date is told at its field."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import Phase
from majorops.models import Milestone

HERE = "/admin/incidents/1"


@pytest.fixture
def settings(settings):
    return {**settings, "WTF_CSRF_ENABLED": False}


@pytest.fixture
def maya(cast):
    incident = cast.open()
    cast.validate(incident)
    cast.bring_to(incident, Phase.RESOLUTION)
    return cast.browser("maya")


def post(maya, **given):
    given = {"kind": "resolution", "visibility": "public", "body": "Fixed.", **given}
    return maya.post(f"{HERE}/updates", data=given)


def field(text: str, name: str) -> str:
    return re.search(rf'<(?:input|textarea)[^>]* id="{name}"[^>]*>', text)[0]


@pytest.mark.parametrize(
    ("given", "when"),
    [
        ({"after_action": "tomorrow"}, (1, "10:00")),
        ({"after_action": "48h"}, (2, None)),
        ({"after_action": "48h", "after_action_at": "{tomorrow} 09:30 UTC"}, (1, "09:30")),
    ],
)
def test_after_action_by_one_press_works_without_script(maya, clock, given, when):
    tomorrow = clock() + timedelta(days=1)
    given = {name: value.format(tomorrow=f"{tomorrow:%Y-%m-%d}") for name, value in given.items()}
    assert post(maya, **given).status_code == 303
    at = db.session.scalar(select(Milestone)).after_action_at
    days, hour = when
    assert (at.date() - clock().date()).days == days
    assert f"{at:%H:%M}" == (hour or f"{clock():%H:%M}")


@pytest.mark.parametrize("typed", ["soon", "2020-01-01 10:00", ""])
def test_a_wrong_after_action_marks_its_field_and_keeps_the_rest(maya, typed):
    answer = post(maya, after_action_at=typed, reviewed="y")
    assert answer.status_code == 422
    marked = field(answer.text, "after-action")
    assert 'aria-invalid="true"' in marked
    assert 'aria-describedby="after_action_at-error"' in marked
    assert re.search(r'<p class="error" role="alert" id="after_action_at-error">[^<]+\.</p>', answer.text)
    assert "aria-invalid" not in field(answer.text, "composer-body")
    assert f'value="{typed}"' in marked
    assert ">Fixed.</textarea>" in answer.text


def test_a_date_that_lies_in_a_hidden_field_stops_no_update(maya):
    answer = post(maya, kind="update", after_action_at="soon", next_update="20")
    assert answer.status_code == 303


def test_placeholders_lie_ahead(cast, maya, clock):
    clock.tick(days=400)
    text = cast.browser("maya").get(HERE).text
    examples = re.findall(r'placeholder="(\d{4}-\d\d-\d\d \d\d:\d\d)', text)
    assert examples
    assert min(examples) > f"{clock():%Y-%m-%d %H:%M}"
    assert re.search(r'id="next-at"[^>]* placeholder="\d\d:\d\d UTC"', text, re.DOTALL)
