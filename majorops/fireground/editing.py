"""Click-to-edit: one route for every field.

GET is the editor, POST is one value with `was`, the value the person saw.
"""

from __future__ import annotations

from flask import abort, make_response, render_template, request
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.access import Permission
from majorops.domain.errors import Refused
from majorops.fireground.blueprint import bp
from majorops.fireground.fields import at_rest, editor_of
from majorops.fireground.responses import changed, view_of
from majorops.models import Incident
from majorops.operations.edit import edit_field, last_edit, record_discarded_edit
from majorops.operations.fields import FIELDS, field_id
from majorops.web.access import needs
from majorops.web.context import current_actor, load, request_meta
from majorops.web.error_handlers import status_of, wants_partial
from majorops.web.suggestions import suggestions


@bp.get("/<int:number>/fields/<name>")
@needs(Permission.INCIDENT_COMMAND)
def editor(number: int, name: str) -> Response:
    """The editor of one field; `?rest` its text again, as after Escape."""
    incident = load(number)
    stored = FIELDS[name].read(incident) if name in FIELDS else abort(404)
    if "rest" in request.args and wants_partial():
        return make_response(
            render_template("web/fields/_rest.html", it=at_rest(view_of(incident), name), saved=None)
        )
    return draw(incident, name, typed=stored, was=stored)


@bp.post("/<int:number>/fields/<name>")
@needs(Permission.INCIDENT_COMMAND)
def save(number: int, name: str) -> Response:
    """Save one field, for who may command; 404 for no incident and no such field.

    With `take` the other's text stands and what was typed is kept in the record alone. A refusal is the
    editor once more, with what was typed and the status of the refusal.
    """
    incident = load(number)
    if name not in FIELDS:
        abort(404)
    typed, was = request.form.get("value", ""), request.form.get("was")
    typed = f"approximately {typed}" if "approximate" in request.form else typed
    was = None if was is None else was.replace("\r\n", "\n")  # browsers send every line end as CRLF
    try:
        take_or_edit(incident, name, typed, was)
    except Refused as problem:
        return draw(incident, name, typed=typed, was=was, problem=problem)
    saved = {"was": was or "", "undo": "undo" not in request.form} if "take" not in request.form else None
    it = at_rest(view_of(incident), name)
    extra = render_template("web/fields/_rest.html", it=it, saved=saved)
    return changed(incident, field_id(name), extra=extra)


def take_or_edit(incident: Incident, name: str, typed: str, was: str | None) -> None:
    """Save what was typed, or, where the other's text was taken, keep it in the record alone.

    `was`: the text that the person saw, None to compare with nothing. Raises Refused.
    """
    if "take" in request.form:
        return record_discarded_edit(incident, name, typed, actor=current_actor(), now=clock.now())
    override = request.form.get("override", "").strip()
    edit_field(
        incident,
        name,
        typed,
        was=was,
        override=override,
        actor=current_actor(),
        now=clock.now(),
        request_meta=request_meta(),
    )


@bp.get("/<int:number>/editors")
@needs(Permission.INCIDENT_COMMAND)
def editors(number: int) -> str:
    """The editors of all fields whose edits may wait, for the page's script to keep.

    It shows them while the connection is down, and puts the values in.
    """
    view = view_of(load(number))
    kept = [field for field in FIELDS.values() if field.may_wait and view.can_edit(field.name)]
    return render_template("web/fields/editors.html", editors=[editor_of(view, field) for field in kept])


def meanwhile(incident: Incident, name: str, version: int) -> str:
    """For who is editing `name`: who changed it after `version`, shown in the open editor.

    Empty for nobody, and for no such field.
    """
    by, at = last_edit(incident, name, after=version) if name in FIELDS else (None, None)
    return render_template("web/fields/_meanwhile.html", id=field_id(name), by=by, at=at) if by else ""


def draw(
    incident: Incident, name: str, *, typed: str, was: str | None, problem: Refused | None = None
) -> Response:
    """The editor in its place, or as a small page without script.

    200, or the status of the refusal where there is a `problem`.
    """
    field, is_page = FIELDS[name], not wants_partial()
    suggested = tuple(suggestions(field.suggests))
    given = {"typed": typed, "was": was or "", "problem": problem, "suggested": suggested}
    editor = editor_of(view_of(incident), field, is_page=is_page, **given)
    template = "web/fields/page.html" if is_page else "web/fields/_editor.html"
    return make_response(render_template(template, editor=editor), status_of(problem) if problem else 200)
