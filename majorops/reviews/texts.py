"""The texts of a review, edited in place as the fields of the fireground are."""

from __future__ import annotations

from flask import abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.errors import Refused
from majorops.domain.review import REVIEW_FIELDS, ReviewField, text_id
from majorops.models import Incident
from majorops.operations.reviews import discard_text, texts_of, write_text
from majorops.reviews.blueprint import bp
from majorops.reviews.model import written
from majorops.reviews.page import partials
from majorops.web.access import needs
from majorops.web.context import current_actor, load, request_meta
from majorops.web.error_handlers import number_of, status_of, wants_partial
from majorops.web.fields import Editor


@bp.get("/texts/<name>")
@needs(write_text)
def editor(number: int, name: str) -> Response:
    """The editor of one text; `?rest` the text again, as after Escape. 404 for no such text."""
    incident = load(number)
    row = texts_of(incident).get(name) if name in REVIEW_FIELDS else abort(404)
    if "rest" in request.args and wants_partial():
        return make_response(rest_of(incident, name))
    stored = row.text if row else ""
    return draw(incident, name, typed=stored, was=stored)


@bp.post("/texts/<name>")
@needs(write_text)
def save(number: int, name: str) -> Response:
    """Save one text. With `take` the other's stands, and what was typed is kept in the record alone.

    A refusal is the editor once more, with what was typed. 404 for no such text.
    """
    incident = load(number)
    if name not in REVIEW_FIELDS:
        abort(404)
    typed, was = request.form.get("value", ""), request.form.get("was", "").replace("\r\n", "\n")
    try:
        write_or_discard(incident, name, typed, was)
    except Refused as problem:
        return draw(incident, name, typed=typed, was=was, problem=problem)
    if not wants_partial():
        return redirect(url_for("review.show", number=incident.id, _anchor=text_id(name)), 303)
    saved = {"was": was, "undo": "undo" not in request.form} if "take" not in request.form else None
    seen = number_of(request.headers.get("X-Version", "")) or 0
    return partials(incident, seen, extra=rest_of(incident, name, saved))


@bp.get("/editors")
@needs(write_text)
def editors(number: int) -> str:
    """The editors of all texts, for the page's script to keep: it shows them while the connection is down."""
    incident = load(number)
    drawn = [_editor(incident, field) for field in REVIEW_FIELDS.values()]
    return render_template("web/fields/editors.html", editors=drawn)


def write_or_discard(incident: Incident, name: str, typed: str, was: str) -> None:
    """Save what was typed, or, where the other's text was taken, keep it in the record alone.

    Raises Refused.
    """
    if "take" in request.form:
        return discard_text(incident, name, typed, actor=current_actor(), now=clock.now())
    given: dict = {
        # what is put back was asked about before
        "is_sure": "sure" in request.form or "undo" in request.form,
        "by_rule": "by_rule" in request.form,
        "request_meta": request_meta(),
    }
    write_text(incident, name, typed, was=was, **given, actor=current_actor(), now=clock.now())
    return None


def rest_of(incident: Incident, name: str, saved: dict | None = None) -> str:
    """The text at rest, as the page shows it."""
    one = written(incident, name, texts_of(incident).get(name), clock.now(), may_write=True)
    return render_template("web/fields/_rest.html", it=one.rest, saved=saved)


def draw(incident: Incident, name: str, *, typed: str, was: str, problem: Refused | None = None) -> Response:
    """The editor in its place, or as a small page without script; 200, or the status of the refusal."""
    is_page = not wants_partial()
    given = {"typed": typed, "was": was, "problem": problem, "is_page": is_page}
    editor = _editor(incident, REVIEW_FIELDS[name], **given)
    template = "web/fields/page.html" if is_page else "web/fields/_editor.html"
    return make_response(render_template(template, editor=editor), status_of(problem) if problem else 200)


def _editor(incident: Incident, field: ReviewField, **given) -> Editor:
    page = url_for("review.show", number=incident.id)
    return Editor(
        field=field,
        id=text_id(field.name),
        reference=incident.reference,
        page=page,
        address=f"{page}/texts/{field.name}",
        now=clock.now(),
        hint=field.hint,
        **given,
    )
