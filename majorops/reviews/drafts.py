"""The helper that drafts a review: asked for here, discarded here. Its texts are begun with one by one."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.ai import build_context
from majorops.domain.access import Permission
from majorops.domain.enums import Helper
from majorops.domain.errors import Conflict, Refused
from majorops.domain.review_draft import REVIEW_PARTS
from majorops.models import Incident
from majorops.operations.drafts import discard_draft
from majorops.operations.reviews import mark_text_read, texts_of
from majorops.reviews.acts import review_action
from majorops.reviews.blueprint import bp
from majorops.reviews.page import refused
from majorops.web.access import needs
from majorops.web.context import current_actor, load
from majorops.web.drafting import begin_job, streamed


@bp.post("/ai-draft")
@needs(Permission.INCIDENT_COMMAND)
def ask_draft(number: int) -> Response:
    """Have a review drafted, for who may command; 404 for no incident.

    Line by line to the page's script, as it is written; without script back to the page when it is there.
    """
    incident, now = load(number), clock.now()
    try:
        demand_room(incident)
        job = begin_job(incident, build_context(Helper.REVIEW, incident.id, now=now), now)
    except Refused as problem:
        return refused(incident, "ai", problem)
    return streamed(job) or redirect(url_for("review.show", number=number, _anchor="ai_draft"), 303)


def demand_room(incident: Incident) -> None:
    """Raises Conflict where every text that a draft begins is written: it would replace people's words."""
    written = texts_of(incident)
    if all(name in written and written[name].text for name in REVIEW_PARTS.values()):
        raise Conflict("Every text that a draft begins is written. Empty one to have it drafted.")


@bp.post("/ai-draft/<int:draft_id>/discarded")
@review_action(discard_draft, "ai", "ai_draft")
def discard_ai(incident, draft_id: int) -> None:
    """Discard a draft of this person's. Raises Conflict where it is done with already."""
    discard_draft(incident, draft_id, actor=current_actor(), now=clock.now())


@bp.post("/texts/<name>/read")
@review_action(mark_text_read, "read", "state")
def mark_read(incident, name: str) -> None:
    """Say that a text which stands as a draft wrote it was read. Raises Conflict."""
    was = request.form.get("was", "").replace("\r\n", "\n")
    mark_text_read(incident, name, was=was, actor=current_actor(), now=clock.now())
