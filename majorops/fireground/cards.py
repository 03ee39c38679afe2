"""The run card on the fireground."""

from __future__ import annotations

from majorops.domain.access import Permission
from majorops.domain.events import Region
from majorops.fireground.blueprint import bp
from majorops.fireground.forms import CardForm, StepForm
from majorops.fireground.responses import checked, incident_action
from majorops.operations.runcards import choose_card, tick_step
from majorops.web.access import needs
from majorops.web.context import command_context


@bp.post("/<int:number>/card")
@needs(Permission.INCIDENT_COMMAND)
@incident_action("card", Region.RUNCARD)
def put_card(incident) -> None:
    checked(form := CardForm())
    choose_card(incident, form.card.data, **command_context())


@bp.post("/<int:number>/cards/<int:use>/steps/<int:step>")
@needs(Permission.TIMELINE_NOTE)
@incident_action("step", Region.RUNCARD)
def tick_card(incident, use: int, step: int) -> None:
    checked(form := StepForm())
    tick_step(incident, use, step, form.ticked.data, **command_context())
