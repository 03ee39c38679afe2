"""What puts the record of an incident in order: a late update, drill or not, duplicates, redactions."""

from __future__ import annotations

from dataclasses import dataclass

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.errors import Conflict, Refused
from majorops.domain.events import Region
from majorops.domain.redaction import mark_of
from majorops.domain.text import count
from majorops.fireground.blueprint import bp
from majorops.fireground.forms import DrillForm, LateForm, MergeForm, RedactionForm
from majorops.fireground.reads import Redactable, chosen_text, redactable
from majorops.fireground.responses import changed, checked, incident_action
from majorops.fireground.view import Form
from majorops.models import Incident
from majorops.operations.curation import merge_incident, named_incident, set_drill, undo_merge
from majorops.operations.drafts import Review
from majorops.operations.redaction import Found, leave_no_trace, look, redact
from majorops.operations.updates import post_late_update
from majorops.web.access import needs
from majorops.web.context import current_actor, load
from majorops.web.error_handlers import status_of


@bp.post("/<int:number>/updates/late")
@incident_action(post_late_update, Region.CURATE, form="late")
def late_update(incident) -> Response:
    """Post a public update after the close, to subscribers too with `tells`. Raises Invalid, Conflict."""
    checked(form := LateForm())
    review = Review(is_reviewed=form.reviewed.data)
    post_late_update(
        incident,
        form.body.data,
        tells=form.tells.data,
        review=review,
        actor=current_actor(),
        now=clock.now(),
    )
    told = "subscribers are told" if form.tells.data else "nobody is told"
    return changed(incident, "updates", also=(Region.CURATE,), said=f"Posted, public. Late update, {told}.")


@bp.post("/<int:number>/drill")
@incident_action(set_drill, Region.CURATE, form="drill")
def drill(incident) -> Response:
    """Mark the incident as a drill, or not. Raises Invalid."""
    checked(form := DrillForm())
    set_drill(incident, form.is_drill.data == "yes", actor=current_actor(), now=clock.now())
    said = "Marked as drill." if incident.is_drill else "No drill. Not on the public page."
    return changed(incident, "curate", said=said)


@bp.post("/<int:number>/merge")
@incident_action(merge_incident, Region.CURATE, form="merge")
def merge(incident) -> Response:
    """Merge the incident into the one that was named: `INC-042` or `42`. Raises Invalid, Conflict."""
    checked(form := MergeForm())
    kept = named_incident(form.kept.data)
    merge_incident(incident, kept, is_sure=form.sure.data, actor=current_actor(), now=clock.now())
    return changed(incident, "curate", said=f"Merged into {kept.reference}.")


@bp.post("/<int:number>/merge/undo")
@incident_action(undo_merge, Region.CURATE, form="unmerge")
def unmerge(incident) -> Response:
    """Take the incident out of the one that it was merged into. Raises Invalid."""
    undo_merge(incident, actor=current_actor(), now=clock.now())
    return changed(incident, "curate", said="Merge undone.")


@dataclass(frozen=True)
class Redaction:
    """The page on which words are redacted. `found`: every place, None before somebody asked.

    `mark`: what will stand there. `choices`: texts of the record to begin with.
    """

    address: str
    fireground: str
    reference: str
    mark: str
    form: Form
    found: Found | None
    choices: tuple[Redactable, ...]


@bp.get("/<int:number>/redaction")
@needs(redact)
def redaction(number: int) -> Response:
    """The page for words to redact; `?entry=12`, `?update=3` and `?field=title` bring theirs along."""
    incident = load(number)
    given = request.args
    key = next((f"{name}={given[name]}" for name in ("entry", "update", "field") if name in given), "")
    chosen = chosen_text(incident, key)
    return drawn(incident, Form("redaction", {"words": chosen}))


@bp.post("/<int:number>/redaction")
@needs(redact)
def redact_words(number: int) -> Response:
    """Show every place where the words stand; with the `seal` of what was shown, redact them there."""
    incident, form = load(number), RedactionForm()
    actor, now = current_actor(), clock.now()
    words, reason, seal = form.words.data, form.reason.data, form.seal.data
    try:
        checked(form)
        if not seal:
            return drawn(incident, Form("redaction", request.form), look(incident, words, reason, now))
        found = redact(incident, words, reason=reason, seal=seal, actor=actor, now=now)
    except Refused as problem:
        again = look(incident, words, reason, now) if isinstance(problem, Conflict) else None
        return drawn(incident, Form("redaction", request.form, problem), again)
    leave_no_trace(found, actor=actor, now=now)
    return changed(incident, "timeline", said=f"Redacted in {count(found.times, 'place')}.")


def drawn(incident: Incident, form: Form, found: Found | None = None) -> Response:
    """The page, with the status of what was refused."""
    page = Redaction(
        address=url_for("fireground.redact_words", number=incident.id),
        fireground=url_for("fireground.show", number=incident.id),
        reference=incident.reference,
        mark=mark_of(clock.now()),
        form=form,
        found=found,
        choices=redactable(incident),
    )
    status = status_of(form.problem) if form.problem else 200
    return make_response(render_template("fireground/redaction.html", page=page), status)
