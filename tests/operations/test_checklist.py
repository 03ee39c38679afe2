"""Checklist ticks: who and when is kept; what only the record can know is not ticked by hand."""

import pytest
from sqlalchemy import select

from majorops.db import db
from majorops.domain.errors import Invalid
from majorops.domain.vocab import Phase
from majorops.models import ChecklistTick
from majorops.operations.checklist import set_tick, write_phase_note


def test_who_and_when(cast, clock):
    incident = cast.open()
    set_tick(incident, Phase.ALERT, "real", True, actor=cast.maya, now=clock())
    tick = db.session.scalar(select(ChecklistTick))
    assert (tick.by, tick.at) == ("Maya Okafor", clock())
    set_tick(incident, Phase.ALERT, "real", False, actor=cast.maya, now=clock())
    assert db.session.scalar(select(ChecklistTick)) is None


@pytest.mark.parametrize(
    ("phase", "key"),
    [(Phase.VALIDATION, "monitoring"), (Phase.INITIAL, "milestone"), (Phase.ALERT, "nothing")],
)
def test_not_by_hand(cast, clock, phase, key):
    with pytest.raises(Invalid):
        set_tick(cast.open(), phase, key, True, actor=cast.maya, now=clock())


def test_the_earlier_phase_note_stays_in_the_timeline(cast, clock):
    incident = cast.open()
    for text in ("first", "second", "second"):
        write_phase_note(incident, Phase.ALERT, text, actor=cast.maya, now=clock())
    assert incident.version == 5  # opened, MIM, alarm, two notes; the third said the same
