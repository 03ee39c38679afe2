"""The public record for programs: Statuspage's JSON (status-api).

It stands at the root because Statuspage's widget overwrites the path.
"""

from __future__ import annotations

import json

from flask import Blueprint, current_app, request
from werkzeug.wrappers import Response

from majorops import clock
from majorops.projections import clients as shapes
from majorops.projections import public_maintenances, public_status
from majorops.projections.feed import feed_incidents, newest_change
from majorops.public.page import answer, base_address
from majorops.web.access import status_page

bp = Blueprint("machine", __name__)


def body(**parts: object) -> Response:
    """One JSON answer: the page, and the parts asked for.

    Any origin may read it; its ETag names the bytes.
    """
    base, org = base_address(), current_app.config["ORG_NAME"]
    text = json.dumps({"page": shapes.page(org, base, newest_change()), **parts}, ensure_ascii=False)
    response = answer(text, "application/json")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def systems_now() -> list[dict]:
    """Every public system as it is now, in Statuspage's shape."""
    return shapes.components(public_status(clock.now()).systems, newest_change())


def incidents(systems: list[dict], unresolved_only: bool = False) -> list[dict]:
    """The newest public incidents, newest first, or only those that run, in Statuspage's shape."""
    return [shapes.incident(one, base_address(), systems) for one in feed_incidents(unresolved_only)]


def works(systems: list[dict], which: str = "") -> list[dict]:
    """Scheduled maintenance: all, `upcoming`, `active`, or what is not over."""
    wanted = {
        "": lambda one: True,
        "upcoming": lambda one: not one.is_running and not one.is_over,
        "active": lambda one: one.is_running,
        "open": lambda one: not one.is_over,
    }[which]
    shown = filter(wanted, public_maintenances())
    return [shapes.maintenance(one, base_address(), systems) for one in shown]


@bp.get("/api/v2/summary.json")
@status_page
def summary() -> Response:
    """In one answer: systems, incidents that run, maintenance that is not over, state of the whole."""
    shown = public_status(clock.now())
    systems = shapes.components(shown.systems, newest_change())
    return body(
        components=systems,
        incidents=incidents(systems, unresolved_only=True),
        scheduled_maintenances=works(systems, "open"),
        status=shapes.status(*shown.headline),
    )


@bp.get("/api/v2/status.json")
@status_page
def status() -> Response:
    """The state of the whole: an indicator and its sentence."""
    return body(status=shapes.status(*public_status(clock.now()).headline))


@bp.get("/api/v2/components.json")
@status_page
def components() -> Response:
    """The public systems and how each is."""
    return body(components=systems_now())


@bp.get("/api/v2/incidents.json")
@status_page
def newest() -> Response:
    """The newest incidents, resolved ones too."""
    return body(incidents=incidents(systems_now()))


@bp.get("/api/v2/incidents/unresolved.json")
@status_page
def unresolved() -> Response:
    """The incidents that run."""
    return body(incidents=incidents(systems_now(), unresolved_only=True))


@bp.get("/api/v2/scheduled-maintenances.json")
@status_page
def maintenances() -> Response:
    """Public maintenance, what is over too."""
    return body(scheduled_maintenances=works(systems_now()))


@bp.get("/api/v2/scheduled-maintenances/upcoming.json")
@bp.get("/api/v2/scheduled-maintenances/active.json")
@status_page
def some_maintenances() -> Response:
    """Maintenance that is planned, or that runs, by the last part of the address."""
    which = request.path.rpartition("/")[2].removesuffix(".json")
    return body(scheduled_maintenances=works(systems_now(), which))
