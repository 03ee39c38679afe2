"""The command team: command is taken, offered, answered; responders stand down;
the exposure line goes out.
"""

from __future__ import annotations

from majorops.domain.access import Permission
from majorops.domain.errors import Invalid
from majorops.domain.events import Region
from majorops.fireground.blueprint import bp
from majorops.fireground.forms import HandoverAnswerForm, HandoverForm
from majorops.fireground.responses import checked, incident_action
from majorops.operations.command import take_command as take
from majorops.operations.exposure import publish_exposure as publish
from majorops.operations.handover import accept_handover, decline_handover, withdraw_handover
from majorops.operations.handover import offer_handover as offer
from majorops.operations.stand_down import stand_down as release_all
from majorops.web.access import needs
from majorops.web.context import command_context

ANSWERS = {"accept": accept_handover, "decline": decline_handover, "withdraw": withdraw_handover}


@bp.post("/<int:number>/command")
@needs(Permission.INCIDENT_COMMAND)
@incident_action("take", Region.HANDOVER)
def take_command(incident) -> None:
    take(incident, **command_context())


@bp.post("/<int:number>/handovers")
@needs(Permission.INCIDENT_COMMAND)
@incident_action("handover", Region.TEAM)
def offer_handover(incident) -> None:
    checked(form := HandoverForm())
    offer(incident, form.user_id, **command_context())


@bp.post("/<int:number>/handovers/<int:handover>/answer")
@needs(Permission.INCIDENT_COMMAND)
@incident_action("handover_answer", Region.HANDOVER)
def answer_handover(incident, handover: int) -> None:
    checked(form := HandoverAnswerForm())
    if form.answer.data not in ANSWERS:
        raise Invalid({"answer": "Accept, decline or withdraw."})
    ANSWERS[form.answer.data](incident, handover, **command_context())


@bp.post("/<int:number>/stand-down")
@needs(Permission.INCIDENT_COMMAND)
@incident_action("stand_down", Region.NOTICES)
def stand_down(incident) -> None:
    release_all(incident, **command_context())


@bp.post("/<int:number>/exposure")
@needs(Permission.INCIDENT_COMMAND)
@incident_action("exposure", Region.TEAM)
def publish_exposure(incident) -> None:
    publish(incident, **command_context())
