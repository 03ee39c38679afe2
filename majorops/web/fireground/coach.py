"""The coach's nudge: set it aside."""

from __future__ import annotations

from majorops.domain.access import Permission
from majorops.operations.coaching import note_called, rest_nudge
from majorops.web.access import needs
from majorops.web.fireground import bp
from majorops.web.fireground.answering import checked, doing, verb
from majorops.web.fireground.forms import NudgeForm


@bp.post("/<int:number>/nudges")
@needs(Permission.INCIDENT_COMMAND)
@verb("nudge", "nudge")
def rest(incident) -> None:
    checked(form := NudgeForm())
    rest_nudge(incident, form.key.data, is_snooze=form.snooze.data, **doing())


@bp.post("/<int:number>/called")
@needs(Permission.INCIDENT_COMMAND)
@verb("nudge", "nudge")
def called(incident) -> None:
    """Whom no message reached was called by phone."""
    note_called(incident, **doing())
