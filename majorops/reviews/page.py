"""The page of a review, what changed of it since it was drawn, and its appointment as a file."""

from __future__ import annotations

from flask import abort, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.access import Permission
from majorops.domain.errors import Refused
from majorops.domain.events import Signal
from majorops.models import Incident
from majorops.operations.after_action import review_of, scheduled_at
from majorops.operations.calendars import after_action_calendar
from majorops.operations.reviews import has_unread_draft, read_draft
from majorops.reviews.blueprint import bp
from majorops.reviews.forms import Typed
from majorops.reviews.model import ReviewPage, build
from majorops.reviews.stale import rests_since
from majorops.web.access import needs
from majorops.web.context import current_actor, load
from majorops.web.error_handlers import number_of, status_of, wants_partial
from majorops.web.streams import ticket

PARTS = ("state", "ai_draft", "questions", "actions", "public")


@bp.get("")
@needs(Permission.INCIDENT_READ)
def show(number: int) -> Response:
    """The review, for who may read the fireground; of a duplicate, on to the one that is kept.

    `version` in the address shows the texts of before. Who was sent the draft has read it with that.
    """
    incident = load(number)
    if incident.merged_into_id:
        return redirect(url_for("review.show", number=incident.merged_into_id), 303)
    if has_unread_draft(incident, current_actor()):
        read_draft(incident, actor=current_actor(), now=clock.now())
    return draw(incident, version=request.args.get("version", type=number_of))


@bp.get("/changes")
@needs(Permission.INCIDENT_READ)
def changes(number: int) -> Response:
    """What changed since the version that the page names, as its script swaps it in; 204 for nothing.

    A text that is being edited is left alone, and its editor says who changed it.
    """
    incident = load(number)
    seen = number_of(request.headers.get("X-Version", "")) or 0
    is_stale = wants_partial() and (incident.version > seen or is_asked())
    response = partials(incident, seen) if is_stale else make_response("", 204)
    response.headers["X-Ticket"] = ticket(str(number))
    return response


def is_asked() -> bool:
    """Asked for without a newer version: by name, or because messages of the incident were sent."""
    return "region" in request.args or Signal.MESSAGES in request.args.getlist("signal")


@bp.get("/after-action.ics")
@needs(Permission.INCIDENT_READ)
def appointment(number: int) -> Response:
    """The After Action as a calendar file; 404 where it is not scheduled."""
    incident = load(number)
    review = review_of(incident)
    if review is None or scheduled_at(review) is None:
        abort(404)
    file = after_action_calendar(incident, review, current_app.config["BASE_URL"] or "")
    return calendar_file(file, f"{incident.reference}-after-action.ics")


def calendar_file(file: bytes, name: str) -> Response:
    """A calendar file to download."""
    response = current_app.response_class(file, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def page_of(incident: Incident, form: Typed | None = None, version: int | None = None) -> ReviewPage:
    """The review as the person who asks sees it now."""
    return build(incident, current_actor(), clock.now(), form=form, version=version)


def draw(incident: Incident, form: Typed | None = None, version: int | None = None) -> Response:
    """The page, whole; 200, or the status of the refusal in `form`."""
    page = page_of(incident, form, version)
    status = status_of(form.problem) if form and form.problem else 200
    return make_response(render_template("reviews/page.html", page=page), status)


def partials(incident: Incident, seen: int, form: Typed | None = None, extra: str = "") -> Response:
    """The parts of the page that acts change, and texts that others wrote since version `seen`."""
    page = page_of(incident, form)
    editing = request.headers.get("X-Editing", "")
    rests = rests_since(page, seen, editing)
    html = render_template("reviews/_partials.html", page=page, parts=PARTS, rests=rests, extra=extra)
    response = make_response(html, status_of(form.problem) if form and form.problem else 200)
    response.headers["X-Version"] = str(incident.version)
    return response


def done(incident: Incident, anchor: str) -> Response:
    """After an act: the parts that it changed for the page's script; without script back to the page."""
    if not wants_partial():
        return redirect(url_for("review.show", number=incident.id, _anchor=anchor), 303)
    return partials(incident, number_of(request.headers.get("X-Version", "")) or 0)


def refused(incident: Incident, name: str, problem: Refused) -> Response:
    """The page, or its parts, with the sentence at the form `name` and what was typed."""
    return answer(incident, Typed(name, request.form, problem))


def answer(incident: Incident, form: Typed) -> Response:
    """The page, or its parts, with this form as it was sent."""
    if not wants_partial():
        return draw(incident, form)
    return partials(incident, number_of(request.headers.get("X-Version", "")) or 0, form)
