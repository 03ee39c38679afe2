"""The run card on the fireground."""

from __future__ import annotations

from majorops import clock
from majorops.domain.events import Region
from majorops.fireground.blueprint import bp
from majorops.fireground.forms import CardForm, StepForm
from majorops.fireground.responses import checked, incident_action
from majorops.operations.runcards import choose_card, tick_step
from majorops.web.context import current_actor


@bp.post("/<int:number>/card")
@incident_action(choose_card, Region.RUNCARD, form="card")
def put_card(incident) -> None:
    """Put another run card in use on the fireground, by its id (domain §9). Raises Invalid, Conflict."""
    checked(form := CardForm())
    choose_card(incident, form.card.data, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/cards/<int:use>/steps/<int:step>")
@incident_action(tick_step, Region.RUNCARD, form="step")
def tick_card(incident, use: int, step: int) -> None:
    """Tick step `step`, counted from 0, of the card's use `use`, or untick it. Raises Invalid, Conflict."""
    checked(form := StepForm())
    tick_step(incident, use, step, form.ticked.data, actor=current_actor(), now=clock.now())
