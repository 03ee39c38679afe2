"""What everybody may read, from projections only: no mapped row reaches these views."""

from __future__ import annotations

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
from majorops.domain.playbook import PHASES, PLAYS
from majorops.first_run import needs_first_admin
from majorops.projections import public_incident, public_status
from majorops.web.access import public
from majorops.web.assets import asset_hash

bp = Blueprint("public", __name__)


@bp.get("/")
@public
def status() -> Response:
    if needs_first_admin():
        return redirect(url_for("sign_in.setup"), 303)
    now = clock.now()
    return page("public/status.html", status=public_status(now), now=now)


@bp.get("/incidents/<int:number>")
@public
def incident(number: int) -> Response:
    before = request.args.get("before", type=int)
    found = public_incident(number, before) if number < 2**31 else None
    if found is None:
        abort(404)
    return page(
        "public/incident.html", incident=found, paged=before, phases=PHASES, plays=PLAYS, now=clock.now()
    )


def page(template: str, **values) -> Response:
    """A public page: its style stands inside it, shared caches may keep it for seconds and show it when we are down."""
    g.style_hash = asset_hash("public.css")
    response = make_response(render_template(template, org=current_app.config["ORG_NAME"], **values))
    response.headers["Cache-Control"] = "public, max-age=0, s-maxage=5, stale-if-error=600"
    return response
