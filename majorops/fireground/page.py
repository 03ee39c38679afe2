"""The list, the page, and what changed since a page was drawn."""

from __future__ import annotations

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.access import Permission
from majorops.domain.enums import by_value
from majorops.domain.events import Region, Signal
from majorops.fireground.blueprint import bp
from majorops.fireground.editing import meanwhile
from majorops.fireground.incident_list import IncidentList, incident_list
from majorops.fireground.regions import stale_since
from majorops.fireground.responses import incident_action, page_of, partials, seen_version, view_of
from majorops.operations.fields import FIELDS
from majorops.operations.incident import continue_incident
from majorops.realtime.invalidation import LIST
from majorops.web.access import needs
from majorops.web.context import current_actor, load
from majorops.web.error_handlers import number_of, wants_partial
from majorops.web.redirects import to_fireground
from majorops.web.streams import publish_editing, ticket

# What goes stale by itself, as when a clock runs out; all else has an entry of the timeline or a signal.
BY_NAME = frozenset(
    {
        Region.PANEL,
        Region.UPDATES,
        Region.NUDGE,
        Region.TILES,
        Region.TRACKS,
        Region.COMPOSER,
        Region.TIMELINE,
        Region.TOPBAR,
        Region.PRESENCE,
        Region.SINCE,
        Region.LEDGER,
        Region.ASKS,
        Region.HANDOVER,
        Region.EXECBRIEF,
        Region.NOTICES,
        Region.SIMILAR,
    }
)
WEEK = 7 * 24 * 3600  # seconds


@bp.get("")
@needs(Permission.INCIDENT_READ)
def index() -> str:
    """The list of incidents, for who may read the fireground.

    `before` in the address asks for older ones, `q` for those that a query asks for.
    """
    return render_template("fireground/list.html", page=_listed(), now=clock.now())


def _listed() -> IncidentList:
    before = request.args.get("before", type=number_of)
    return incident_list(before, clock.now(), request.args.get("q", ""))


@bp.get("/changes")
@needs(Permission.INCIDENT_READ)
def list_changes() -> Response:
    """The list once more, for its script; it has no version, whoever asks gets it."""
    response = make_response(render_template("fireground/list_changes.html", page=_listed()))
    response.headers["X-Ticket"] = ticket(LIST)
    return response


@bp.get("/<int:number>")
@needs(Permission.INCIDENT_READ)
def show(number: int) -> Response:
    """The fireground of one incident, for who may read it; 404 for none.

    A cookie keeps for a week what version was shown and when (`last_look`).
    """
    incident = load(number)
    response = make_response(page_of(view_of(incident)))
    looked = f"{incident.version}.{int(clock.now().timestamp())}"
    response.set_cookie("looked", looked, path=url_for(".show", number=number), samesite="Lax", max_age=WEEK)
    return response


@bp.get("/<int:number>/changes")
@needs(Permission.INCIDENT_READ)
def changes(number: int) -> Response:
    """Regions that changed since the version the page names, and with a `signal`; 204 for none.

    `region` asks for one by name, as when a clock ran out. Every answer brings a new ticket.
    """
    incident = load(number)
    signals = filter(None, (by_value(Signal, name) for name in request.args.getlist("signal")))
    asked = BY_NAME & set(request.args.getlist("region"))
    regions = {*stale_since(incident, seen_version(incident), signals), *asked}
    if regions and wants_partial():
        extra = meanwhile(incident, request.headers.get("X-Editing", ""), seen_version(incident))
        response = partials(view_of(incident), regions, extra)
    else:
        response = make_response("", 204)
    response.headers["X-Ticket"] = ticket(str(number))
    return response


@bp.post("/<int:number>/presence")
@needs(Permission.INCIDENT_READ)
def presence(number: int) -> Response:
    """The field that the person edits now, or none.

    Kept in memory, shown to the others.
    """
    field = request.form.get("field", "")
    publish_editing(str(load(number).id), field if field in FIELDS else "")
    return make_response("", 204)


@bp.post("/<int:number>/continuation")
@incident_action(continue_incident, Region.NOTICES, form="continue")
def continue_as_new(incident) -> Response:
    """Open an incident that continues this one, resolved, and go there (domain §4). Raises Conflict."""
    return to_fireground(continue_incident(incident, actor=current_actor(), now=clock.now()))
