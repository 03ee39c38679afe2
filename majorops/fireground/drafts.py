"""The helpers on the fireground: asked for here, read and decided on here.

Nothing of theirs is published by these views.
"""

from __future__ import annotations

from flask import redirect, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.ai import build_context
from majorops.ai.context import promise_words
from majorops.domain.access import Permission
from majorops.domain.enums import Helper
from majorops.domain.errors import Invalid, Refused
from majorops.domain.events import Region
from majorops.fireground.blueprint import bp
from majorops.fireground.forms import BriefForm, ComposerForm, SummaryForm
from majorops.fireground.responses import changed, checked, incident_action, refused, shown_again
from majorops.fireground.updates import promised
from majorops.models import Incident
from majorops.operations.drafts import discard_draft, own_words, take_brief
from majorops.operations.summary import clear_summary, confirm_summary
from majorops.web.access import needs
from majorops.web.context import current_actor, load
from majorops.web.drafting import Job, begin_job, streamed
from majorops.web.error_handlers import wants_partial

REGION = {
    Helper.UPDATE: Region.COMPOSER,
    Helper.BRIEF: Region.EXECBRIEF,
    Helper.SUGGESTION: Region.PANEL,
}


@bp.post("/<int:number>/drafts/<any(update, brief, suggestion):name>")
@needs(Permission.INCIDENT_COMMAND)
def draft(number: int, name: str) -> Response:
    """Have a draft written, for who may command; 404 for no incident.

    Line by line to the page's script, as it is written; without script, or for the palette, when it is there.
    """
    incident, helper = load(number), Helper(name)
    try:
        job = begin(incident, helper)
    except Refused as problem:
        return refused(incident, problem, "composer" if helper is Helper.UPDATE else name, REGION[helper])
    if (answer := streamed(job)) is not None:
        return answer
    if wants_partial():
        return changed(load(number), REGION[helper], also=(REGION[helper],))
    return redirect(url_for("fireground.show", number=number, _anchor=REGION[helper]), 303)


def begin(incident: Incident, helper: Helper) -> Job:
    """Look at the record, and keep what the writer will see. Raises Refused."""
    now = clock.now()
    if helper is not Helper.UPDATE:
        return begin_job(incident, build_context(helper, incident.id, now=now), now)
    checked(form := ComposerForm())
    eta = promised(form, now)
    given: dict = {
        "visibility": form.visibility.data,
        "typed": own_words(incident, form.body.data, current_actor()),
    }
    promise = promise_words(form.next_update.data, eta, now)
    context = build_context(helper, incident.id, now=now, promise=promise, **given)
    return begin_job(incident, context, now, **given)


@bp.post("/<int:number>/drafts/<int:draft_id>/taken")
@incident_action(take_brief, Region.EXECBRIEF, form="brief")
def take(incident, draft_id: int) -> Response:
    """Put the drafted exec brief, as it was edited, into the exec summary. Raises Invalid, Conflict."""
    checked(form := BriefForm())
    take_brief(incident, draft_id, form.value.data, was=form.was.data, actor=current_actor(), now=clock.now())
    return changed(incident, "execbrief", also=(Region.EXECBRIEF,))


@bp.post("/<int:number>/drafts/<int:draft_id>/discarded")
@incident_action(discard_draft, Region.COMPOSER, form="draft")
def discard(incident, draft_id: int) -> Response:
    """Discard a draft of this person's. Raises Conflict where it is done with already.

    Without script what they had typed before it came returns to the form.
    """
    typed = discard_draft(incident, draft_id, actor=current_actor(), now=clock.now())
    if typed and not wants_partial():
        return shown_again(incident, "composer", {"body": typed})
    return changed(incident, "composer", also=tuple(REGION.values()))


@bp.post("/<int:number>/summary")
@incident_action(confirm_summary, Region.PANEL, form="summary")
def summary(incident) -> None:
    """The exec summary still holds, or is taken away. Raises Invalid, Conflict."""
    checked(form := SummaryForm())
    act = {"holds": confirm_summary, "clear": clear_summary}.get(form.act.data)
    if act is None:
        raise Invalid({"summary": "Choose what becomes of the exec summary."})
    act(incident, was=form.was.data, actor=current_actor(), now=clock.now())
