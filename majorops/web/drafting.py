"""A draft of a helper, begun in a request and written line by line into its answer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import current_app, request, stream_with_context
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
from majorops.domain.access import Actor
from majorops.domain.drafting import sentences
from majorops.domain.enums import Helper, Visibility
from majorops.models import Draft, Incident
from majorops.operations import RequestMeta
from majorops.operations.drafts import Asked, begin_draft, end_draft, keep_shown, propose_draft
from majorops.web.context import current_actor

LINES = "application/x-ndjson"
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


def begin_job(incident: Incident, context: PromptContext, now: datetime, **given) -> Job:
    """Keep what the writer of this incident's draft will see. `given`: as `Asked` has it. Raises Refused."""
    actor, prompt = current_actor(), prompt_for(context.helper)
    seconds = 3 * current_app.config["AI_TIMEOUT"] + HANGS
    asked = Asked(context.helper, incident.phase, prompt.name, context.text, seconds, **given)
    number = begin_draft(incident.id, asked, actor=actor, now=now)
    return Job(number, actor, provider_for(current_app.config), context, prompt)


def propose(
    incident: Incident,
    helper: Helper,
    text: str,
    *,
    visibility: Visibility = Visibility.INTERNAL,
    actor: Actor,
    now: datetime,
    request_meta: RequestMeta | None = None,
) -> Draft | None:
    """Lay a program's text before who may command, with what our own writer would have seen for its check.

    None where it was done already. Raises Refused.
    """
    seen = build_context(helper, incident.id, now=now, visibility=visibility).text
    given = {"seen": seen, "visibility": visibility, "actor": actor, "now": now}
    return propose_draft(incident, helper, text, **given, request_meta=request_meta)


def streamed(job: Job) -> Response | None:
    """The draft line by line, for the page's script; None for who does not read lines: it is written then."""
    if LINES in request.headers.get("Accept", ""):
        answer = current_app.response_class(stream_with_context(lines(job)), mimetype=LINES)
        # for the server and for nginx: each line goes out at once
        answer.headers["X-Accel-Buffering"] = "no"
        return answer
    for _ in lines(job):
        pass
    return None


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
