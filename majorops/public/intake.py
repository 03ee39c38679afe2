"""Call for service: the form at /new that opens an incident in seconds (guide, "Opening an Incident")."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, current_app, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.access import Permission
from majorops.domain.alarm import LEVELS, TRIGGERS
from majorops.domain.enums import Severity
from majorops.domain.errors import Invalid
from majorops.operations.first_word import hold_policy, title_preview
from majorops.operations.incident import open_incident
from majorops.operations.similar import like_title
from majorops.public.intake_form import IntakeForm
from majorops.web.access import needs, say_of
from majorops.web.context import current_actor
from majorops.web.redirects import leave_for, to_fireground
from majorops.web.suggestions import active_on, catalogue

if TYPE_CHECKING:
    from majorops.domain.similar import Like
    from majorops.models import Incident

bp = Blueprint("intake", __name__)


@bp.get("/new")
@needs(Permission.INCIDENT_OPEN)
def new() -> Response:
    """The form, filled with what a deep link carried; its key makes one incident of a form sent twice."""
    form = IntakeForm(request.args, meta={"csrf": False})
    form.request_key.data = secrets.token_urlsafe(24)
    return draw(form)


@bp.post("/new")
@needs(Permission.INCIDENT_OPEN)
def create() -> Response:
    """Open the incident and go on to its fireground, or show the form again.

    422: a value cannot be taken. 409: an open incident names one of the systems already, and the person has
    not said that this is another one (`second`).
    """
    form, now = IntakeForm(request.form), clock.now()
    try:
        given = form.accept(catalogue(), now)
        running = [] if form.second.data else active_on(given["systems"])
        key = given["request_key"]
        sent_twice = key is not None and any(incident.request_key == key for incident in running)
        if running and not sent_twice:
            return draw(form, running=running, status=409)
        return to_fireground(open_incident(**given, actor=current_actor(), now=now))
    except Invalid as problem:
        return draw(form, errors=problem.errors, status=422)


@bp.get("/new/similar")
@needs(Permission.INCIDENT_READ)
def similar() -> str:
    """Earlier incidents that one with this `title` and these `systems` resembles, while it is typed."""
    form = IntakeForm(request.args, meta={"csrf": False})
    return render_template("public/intake/_similar.html", likes=likes(form))


def likes(form: IntakeForm) -> list[Like]:
    """What the form's title and systems resemble; nothing while there is no title."""
    return like_title(*form.named(catalogue()), actor=current_actor()) if form.title.data else []


def draw(
    form: IntakeForm, *, errors: dict | None = None, running: Sequence[Incident] = (), status: int = 200
) -> Response:
    """The form with what was typed; `errors`: field → sentence; `running`: incidents on a same system."""
    page = render_template(
        "public/intake/new.html",
        form=form,
        errors=errors or {},
        running=running,
        names=catalogue(),
        severities=list(Severity),
        levels=LEVELS,
        triggers=TRIGGERS,
        policy=hold_policy(),
        public_words=title_preview(form.affected_systems.data or ""),
        likes=likes(form),
        now=clock.now(),
    )
    return make_response(page, status)


def deep_link() -> str:
    """The form's address with what was typed, for who must sign in first."""
    names = {
        "title": "title",
        "severity": "severity",
        "affected_systems": "systems",
        "bridge_url": "bridge_url",
    }
    names[f"public_{request.form.get('severity', '')}"] = "public"
    kept = {ours: request.form[name] for name, ours in names.items() if request.form.get(name)}
    return f"{url_for('intake.new')}?{urlencode(kept)}"


say_of(create, address_with_what_was_typed=deep_link)  # asked for by who must sign in first


@bp.before_app_request
def intake_host() -> Response | None:
    """The intake host's front page is the form, with what the deep link carried."""
    name = current_app.config["INTAKE_HOST"]
    if not name or request.host.split(":")[0].lower() != name or request.path != "/":
        return None
    base = current_app.config["BASE_URL"] or ""
    query = f"?{request.query_string.decode(errors='replace')}" if request.query_string else ""
    return leave_for(f"{base}{url_for('intake.new')}{query}")
