"""The helpers on the fireground: asked for here, read and decided on here.

Nothing of theirs is published by these views.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

from flask import current_app, redirect, request, stream_with_context, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.ai import (
    Prompt,
    PromptContext,
    Provider,
    Written,
    build_context,
    prompt_for,
    provider_for,
    write,
)
from majorops.ai.context import promise_words
from majorops.domain.access import Actor, Permission
from majorops.domain.drafting import sentences
from majorops.domain.enums import Helper
from majorops.domain.errors import Invalid, Refused
from majorops.domain.events import Region
from majorops.fireground.blueprint import bp
from majorops.fireground.forms import BriefForm, ComposerForm, SummaryForm
from majorops.fireground.responses import changed, checked, incident_action, refused, shown_again
from majorops.fireground.updates import promised
from majorops.models import Incident
from majorops.operations.drafts import (
    Asked,
    begin_draft,
    discard_draft,
    end_draft,
    keep_shown,
    own_words,
    take_brief,
)
from majorops.operations.summary import clear_summary, confirm_summary
from majorops.web.access import needs
from majorops.web.context import current_actor, load
from majorops.web.error_handlers import wants_partial

LINES = "application/x-ndjson"
REGION = {
    Helper.UPDATE: Region.COMPOSER,
    Helper.BRIEF: Region.EXECBRIEF,
    Helper.SUGGESTION: Region.PANEL,
}
KEPT_EVERY = 0.5  # seconds between two looks of the record at a draft that is being written
HANGS = 10  # seconds beyond its limits after which a draft counts as dead


@dataclass(frozen=True)
class Job:
    """A draft that was begun."""

    id: int
    actor: Actor
    provider: Provider | None
    context: PromptContext
    prompt: Prompt


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
    if LINES in request.headers.get("Accept", ""):
        answer = current_app.response_class(stream_with_context(lines(job)), mimetype=LINES)
        # for the server and for nginx: each line goes out at once
        answer.headers["X-Accel-Buffering"] = "no"
        return answer
    for _ in lines(job):
        pass
    if wants_partial():
        return changed(load(number), REGION[helper], also=(REGION[helper],))
    return redirect(url_for("fireground.show", number=number, _anchor=REGION[helper]), 303)


def begin(incident: Incident, helper: Helper) -> Job:
    """Look at the record, and keep what the writer will see. Raises Refused."""
    actor, now = current_actor(), clock.now()
    provider, prompt = provider_for(current_app.config), prompt_for(helper)
    given: dict = {}
    if helper is Helper.UPDATE:
        checked(form := ComposerForm())
        eta = promised(form, now)
        given["visibility"] = form.visibility.data
        given["typed"] = own_words(incident, form.body.data, actor)
        promise = promise_words(form.next_update.data, eta, now)
        context = build_context(helper, incident.id, now=now, promise=promise, **given)
    else:
        context = build_context(helper, incident.id, now=now)
    seconds = 3 * current_app.config["AI_TIMEOUT"] + HANGS
    asked = Asked(helper, incident.phase, prompt.name, context.text, seconds, **given)
    return Job(begin_draft(incident.id, asked, actor=actor, now=now), actor, provider, context, prompt)


def lines(job: Job) -> Iterator[str]:
    """A line a step: what is read, the text so far, that it is done.

    Holds no connection to the database meanwhile. Whoever leaves, or presses Stop, ends it: the draft is then
    recorded as stopped.
    """
    written, count, since = Written(""), 0, time.monotonic()
    try:
        yield line(about=job.context.about, draft=job.id)
        for piece in write(job.provider, job.context, job.prompt, request.environ.get("majorops.gone")):
            if isinstance(piece, Written):
                written = piece
            else:
                # Known before it is shown: each sentence, and what there is of one twice a second.
                if piece and (len(sentences(piece)) > count or time.monotonic() - since > KEPT_EVERY):
                    count, since = len(sentences(piece)), time.monotonic()
                    keep_shown(job.id, piece, actor=job.actor, now=clock.now())
                yield line(text=piece) if piece else "\n"
    finally:
        ended = {"text": written.text, "model": written.model, "note": written.note, "answer": written.answer}
        end_draft(job.id, **ended, actor=job.actor, now=clock.now())
    yield line(done=True, text=written.text, note=written.note)


def line(**told: object) -> str:
    """What is told as one line of JSON, with its line end. Raises TypeError for what JSON does not have."""
    return json.dumps(told) + "\n"


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
