"""The list, the page, and what changed since a page was drawn."""

from __future__ import annotations

from flask import Response, make_response, render_template, request

from majorops import clock
from majorops.domain.access import Permission
from majorops.lists import incident_list
from majorops.operations.incident import continue_incident
from majorops.regions import stale_since
from majorops.web.access import needs
from majorops.web.answers import wants_partial
from majorops.web.fireground import bp
from majorops.web.fireground.answering import doing, load, partials, screen, seen_version, verb


@bp.get("")
@needs(Permission.INCIDENT_READ)
def index() -> str:
    before = request.args.get("before", type=int)
    return render_template("fireground/list.html", page=incident_list(before, clock.now()), now=clock.now())


@bp.get("/<int:number>")
@needs(Permission.INCIDENT_READ)
def show(number: int) -> Response:
    return make_response(render_template("fireground/page.html", f=screen(load(number))))


@bp.get("/<int:number>/changes")
@needs(Permission.INCIDENT_READ)
def changes(number: int) -> Response:
    """Regions that changed since the version the page names; `region` asks for one by name, as when a clock ran out."""
    incident = load(number)
    names = stale_since(incident, seen_version(incident))
    names += [
        name
        for name in request.args.getlist("region")
        if name in ("panel", "updates", "nudge", "tiles", "tracks", "composer", "timeline")
    ]
    if not names or not wants_partial():
        return make_response("", 204)
    return partials(screen(incident), list(dict.fromkeys(names)))


@bp.post("/<int:number>/continuation")
@needs(Permission.INCIDENT_OPEN)
@verb("continue", "notices")
def continue_as_new(incident) -> Response:
    from majorops.web.public.intake import to_fireground

    return to_fireground(continue_incident(incident, **doing()))
