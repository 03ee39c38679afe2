"""The command team.

Command is taken, offered, answered; responders stand down; the exposure line goes out.
"""

from __future__ import annotations

from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.errors import Invalid
from majorops.domain.events import Region
from majorops.fireground.blueprint import bp
from majorops.fireground.forms import HandoverAnswerForm, HandoverForm, PageForm
from majorops.fireground.responses import changed, checked, incident_action
from majorops.operations.command import take_command
from majorops.operations.exposure import publish_exposure
from majorops.operations.handover import (
    accept_handover,
    decline_handover,
    offer_handover,
    withdraw_handover,
)
from majorops.operations.paging import answer_page, end_page, page_role
from majorops.operations.stand_down import stand_down
from majorops.web.context import current_actor

ANSWERS = {"accept": accept_handover, "decline": decline_handover, "withdraw": withdraw_handover}


@bp.post("/<int:number>/command")
@incident_action(take_command, Region.HANDOVER, form="take")
def assume_command(incident) -> None:
    """Take the vacant role of MIM; of two at once one has it. Raises Conflict with who has it, Forbidden."""
    take_command(incident, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/handovers")
@incident_action(offer_handover, Region.TEAM, form="handover")
def offer_command(incident) -> None:
    """Offer command to an account, which is told; it moves only when accepted (domain §5).

    Raises Invalid, Conflict, Forbidden.
    """
    checked(form := HandoverForm())
    offer_handover(incident, form.user_id, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/handovers/<int:handover>/answer")
@incident_action(accept_handover, Region.HANDOVER, form="handover_answer")
def answer_offer(incident, handover: int) -> None:
    """Accept, decline or withdraw an offer of command. Raises Invalid, Conflict, Forbidden."""
    checked(form := HandoverAnswerForm())
    if form.answer.data not in ANSWERS:
        raise Invalid({"answer": "Accept, decline or withdraw."})
    ANSWERS[form.answer.data](incident, handover, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/stand-down")
@incident_action(stand_down, Region.NOTICES, form="stand_down")
def stand_down_all(incident) -> None:
    """Release everybody at a resolved incident, once, and tell them. Raises Conflict."""
    stand_down(incident, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/exposure")
@incident_action(publish_exposure, Region.TEAM, form="exposure")
def post_exposure(incident) -> None:
    """Publish the exposure line as it is now (domain §12). Raises Conflict."""
    publish_exposure(incident, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/pages")
@incident_action(page_role, Region.TEAM, form="page")
def page_for(incident) -> Response:
    """Page whoever is on call for a role, until somebody is on it. Raises Invalid, Conflict."""
    checked(form := PageForm())
    row = page_role(incident, form.chosen, whom=form.whom.data, actor=current_actor(), now=clock.now())
    return changed(incident, Region.TEAM, said=f"Paged: {row.whom}.")


@bp.post("/<int:number>/pages/<int:page_id>/answer")
@incident_action(answer_page, Region.HANDOVER, form="page_answer")
def answer_page_of(incident, page_id: int) -> None:
    """ "I am on it". Raises Invalid, Conflict with who is."""
    answer_page(incident, page_id, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/pages/<int:page_id>/end")
@incident_action(end_page, Region.HANDOVER, form="page_answer")
def end_page_of(incident, page_id: int) -> None:
    """Call nobody any more. Raises Invalid, Conflict."""
    end_page(incident, page_id, actor=current_actor(), now=clock.now())
