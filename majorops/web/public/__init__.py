"""What everybody may read, from projections only: no mapped row reaches these views."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from majorops import clock
from majorops.domain.cadence import Cadence
from majorops.domain.measures import words
from majorops.domain.playbook import PHASES, PLAYS
from majorops.first_run import needs_first_admin
from majorops.projections import PublicIncident, PublicStatus, public_incident, public_status
from majorops.web.access import public
from majorops.web.answers import number_of
from majorops.web.assets import asset_hash

bp = Blueprint("public", __name__)
STATIC = Path(__file__).resolve().parents[2] / "static"
TEMPLATES = Path(__file__).resolve().parents[3] / "templates/public"
FILES = [*sorted(TEMPLATES.glob("*.html")), STATIC / "css/public.css", *sorted(STATIC.glob("js/public/*.js"))]
LOOK = hashlib.sha256(
    b"".join(path.read_bytes() for path in FILES)
).hexdigest()  # a new version is another page


@bp.get("/")
@public
def status() -> Response:
    if needs_first_admin():
        return redirect(url_for("sign_in.setup"), 303)
    now = clock.now()
    shown = public_status(now)
    states = [incident.cadence(now) for incident in shown.active]
    quiet = shown.last_resolved and words(now - shown.last_resolved.resolved_at)
    return page("public/status.html", etag(shown, states, quiet), status=shown, now=now)


@bp.get("/incidents/<int:number>")
@public
def incident(number: int) -> Response:
    before = request.args.get("before", type=number_of)
    found = public_incident(number, before) if number < 2**31 else None
    if found is None:
        abort(404)
    now = clock.now()
    given = {"incident": found, "paged": before, "phases": PHASES, "plays": PLAYS, "now": now}
    return page("public/incident.html", etag(found, [found.cadence(now)]), **given)


def etag(shown: PublicStatus | PublicIncident, states: list[Cadence | None], more: object = "") -> str:
    """A name for what a public page says, whoever asks and whenever: the projection, and what the hour makes of it."""
    badges = [(state.state, state.is_soon) for state in states if state]
    parts = (shown, badges, more, clock.now().date(), current_app.config["ORG_NAME"], LOOK)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def page(template: str, tag: str, **values) -> Response:
    """A public page: its style stands inside it, shared caches may keep it for seconds and show it when we are down."""
    g.style_hash = asset_hash("public.css")
    response = make_response(render_template(template, org=current_app.config["ORG_NAME"], **values))
    response.set_etag(tag)
    response.headers["Cache-Control"] = "public, max-age=0, s-maxage=5, stale-if-error=600"
    return response.make_conditional(request)
