"""The composer: updates, milestones, the resolution, corrections."""

from __future__ import annotations

from majorops.domain.access import Permission
from majorops.domain.errors import Invalid
from majorops.operations.updates import correct_publication, post_holding, publish_milestone, publish_update
from majorops.web.access import needs
from majorops.web.fireground import bp
from majorops.web.fireground.answering import checked, doing, verb
from majorops.web.fireground.forms import ComposerForm, CorrectionForm


@bp.post("/<int:number>/updates")
@needs(Permission.INCIDENT_COMMAND)
@verb("composer", "composer")
def post(incident) -> None:
    checked(form := ComposerForm())
    who = doing()
    try:
        eta = form.eta(who["now"])
    except ValueError as error:
        raise Invalid({"next_update": f"{str(error).capitalize()}."}) from None
    given = {"visibility": form.visibility.data, "next_update_eta": eta, **who}
    if form.kind.data == "update":
        publish_update(incident, form.body.data, **given)
    else:
        ends = form.kind.data == "resolution"
        publish_milestone(
            incident, form.body.data, is_resolution=ends, after_action_at=form.after_action_at.data, **given
        )


@bp.post("/<int:number>/updates/holding")
@needs(Permission.INCIDENT_COMMAND)
@verb("holding", "nudge")
def holding(incident) -> None:
    post_holding(incident, **doing())


@bp.post("/<int:number>/updates/<int:publication>/correction")
@needs(Permission.INCIDENT_COMMAND)
@verb("publication", "updates")
def correct_update(incident, publication: int) -> None:
    checked(form := CorrectionForm())
    correct_publication(incident, publication, form.text.data, **doing())
