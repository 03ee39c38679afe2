"""The coach's nudge: set it aside."""

from __future__ import annotations

from majorops import clock
from majorops.domain.events import Region
from majorops.fireground.blueprint import bp
from majorops.fireground.forms import NudgeForm
from majorops.fireground.responses import checked, incident_action
from majorops.operations.coaching import confirm_late, note_called, rest_nudge
from majorops.web.context import current_actor


@bp.post("/<int:number>/nudges")
@incident_action(rest_nudge, Region.NUDGE, form="nudge")
def rest(incident) -> None:
    """Set one nudge aside, for five minutes or for good.

    Raises Conflict where it is settled already, Invalid for a red one that is to be snoozed.
    """
    checked(form := NudgeForm())
    rest_nudge(incident, form.key.data, is_snooze=form.snooze.data, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/called")
@incident_action(note_called, Region.NUDGE, form="nudge")
def called(incident) -> None:
    """Whom no message reached was called by phone. Raises Conflict where that is settled."""
    note_called(incident, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/late")
@incident_action(confirm_late, Region.NUDGE, form="nudge")
def late(incident) -> None:
    """The problem did begin so long before the opening. Raises Conflict where that is settled."""
    confirm_late(incident, actor=current_actor(), now=clock.now())
