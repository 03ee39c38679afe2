"""Click-to-edit: one route for every field. GET is the editor, POST is one value with `was`, the value the person saw."""

from __future__ import annotations

from flask import Response, abort, make_response, render_template, request

from majorops.domain.access import Permission
from majorops.domain.errors import GateClosed, Refused
from majorops.fields import FIELDS
from majorops.lists import catalogue
from majorops.models import Incident
from majorops.operations.edit import edit_field, read
from majorops.web.access import needs
from majorops.web.answers import status_of, wants_partial
from majorops.web.fireground import bp
from majorops.web.fireground.answering import changed, doing, load, screen


@bp.get("/<int:number>/fields/<name>")
@needs(Permission.INCIDENT_COMMAND)
def editor(number: int, name: str) -> Response:
    """The editor of one field; `?rest` its text again, as after Escape."""
    incident = load(number)
    stored = read(incident, FIELDS[name]) if name in FIELDS else abort(404)
    if "rest" in request.args and wants_partial():
        return make_response(
            render_template("fireground/_field_rest.html", f=screen(incident), name=name, saved=None)
        )
    return draw(incident, name, typed=stored, was=stored)


@bp.post("/<int:number>/fields/<name>")
@needs(Permission.INCIDENT_COMMAND)
def save(number: int, name: str) -> Response:
    incident = load(number)
    typed, was = request.form.get("value", ""), request.form.get("was")
    was = was and was.replace("\r\n", "\n")  # browsers send every line end as CRLF
    if name not in FIELDS:
        abort(404)
    if "approximate" in request.form:
        typed = f"approximately {typed}"
    try:
        edit_field(
            incident, name, typed, was=was, override=request.form.get("override", "").strip(), **doing()
        )
    except Refused as problem:
        return draw(incident, name, typed=typed, was=was, problem=problem)
    saved = {"was": was or "", "undo": "undo" not in request.form}
    extra = render_template("fireground/_field_rest.html", f=screen(incident), name=name, saved=saved)
    return changed(incident, f"f-{name}", extra=extra)


def draw(
    incident: Incident, name: str, *, typed: str, was: str | None, problem: Refused | None = None
) -> Response:
    """The editor in its place, or as a small page without script."""
    template = "fireground/_field_editor.html" if wants_partial() else "fireground/field_page.html"
    page = render_template(
        template,
        f=screen(incident),
        field=FIELDS[name],
        typed=typed,
        was=was or "",
        problem=problem,
        is_gate=isinstance(problem, GateClosed),
        is_page=not wants_partial(),
        names=catalogue() if FIELDS[name].input == "systems" else [],
    )
    return make_response(page, status_of(problem) if problem else 200)
