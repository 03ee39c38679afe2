"""Opened late (guide, first common mistake), asked about once and kept;
the condition to advance above its button.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import Phase
from majorops.domain.errors import Conflict
from majorops.domain.playbook import PLAYS
from majorops.fireground import reads
from majorops.models import TimelineEvent
from majorops.operations import coaching, edit

HERE = "/admin/incidents/1"


@pytest.fixture
def settings(settings):
    return settings | {"WTF_CSRF_ENABLED": False}


def open_late(cast, minutes: int):
    return cast.open(detected_at=cast.clock() - timedelta(minutes=minutes))


def asked(cast) -> list[str]:
    return [nudge.what for nudge in reads.standing_nudges(cast.fireground(1))]


def kept() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(TimelineEvent.title).filter_by(kind="opened.late")))


@pytest.mark.parametrize(("minutes", "is_asked"), [(0, False), (10, False), (11, True), (90, True)])
def test_opened_late_is_asked_about_beyond_ten_minutes(cast, minutes, is_asked):
    open_late(cast, minutes)
    assert bool(asked(cast)) is is_asked


def test_that_it_is_right_is_said_once_and_kept_for_the_review(cast, clock):
    case = open_late(cast, 25)
    maya = cast.browser("maya")
    shown = maya.get(HERE).text
    assert "Opened 25 min after the problem began" in shown
    assert "Began 13:35 UTC, opened 14:00: is that right?" in shown
    assert 'data-place="f-detected-at-value f-detected-at-input"' in shown
    maya.post(f"{HERE}/late")
    assert kept() == ["Opened 25 min after the problem began"]
    assert asked(cast) == []
    edit.edit_field(case, "detected_at", "2026-11-23 13:00", actor=cast.maya, now=clock())
    assert asked(cast) == []  # once
    with pytest.raises(Conflict):
        coaching.confirm_late(case, actor=cast.maya, now=clock())


def test_a_slip_is_put_right_and_leaves_no_finding(cast, clock):
    case = open_late(cast, 25)
    edit.edit_field(case, "detected_at", "2026-11-23 13:58", actor=cast.maya, now=clock())
    assert asked(cast) == []
    cast.resolve(case)
    assert kept() == []


def test_the_review_gets_it_though_nobody_answered(cast):
    cast.resolve(open_late(cast, 25))
    assert kept() == ["Opened 25 min after the problem began"]


@pytest.mark.parametrize("phase", list(Phase)[:-1])
def test_the_condition_to_advance_stands_above_its_button(cast, phase):
    case = cast.open()
    cast.bring_to(case, phase)
    shown = cast.browser("maya").get(HERE).text
    when = shown.index('id="advance-when"')
    assert PLAYS[phase].ready_when in shown[when : shown.index('id="advance-key"')]
