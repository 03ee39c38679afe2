"""The page of alerts at /admin/alerts: what fires, and what people do with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.alerts.listing import SHOWN, AlertList, Filter, alert_list, group_page
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import Severity, by_value
from majorops.domain.errors import Refused
from majorops.operations.alert_groups import (
    SILENCES,
    attach_alerts,
    end_silence,
    open_from_alerts,
    silence_group,
)
from majorops.realtime.invalidation import ALERTS, publish_alerts
from majorops.web.access import needs
from majorops.web.context import current_actor
from majorops.web.error_handlers import number_of, status_of
from majorops.web.streams import ticket

bp = Blueprint("alerts", __name__, url_prefix="/admin/alerts")

SEEN = Permission.INCIDENT_COMMAND  # MIMs and admins


@bp.get("")
@needs(SEEN)
def index() -> str:
    """The list that the address asks for."""
    return render_template("alerts/list.html", page=_listed(), **_given())


@bp.get("/changes")
@needs(SEEN)
def changes() -> Response:
    """The list once more, for its script; it has no version, whoever asks gets it."""
    response = make_response(render_template("alerts/changes.html", page=_listed(), **_given()))
    response.headers["X-Ticket"] = ticket(ALERTS)
    return response


@bp.get("/<int:number>")
@needs(SEEN)
def show(number: int) -> Response:
    """One group with its alerts; 404 for none."""
    return draw(number)


@bp.post("/<int:number>/open")
@needs(open_from_alerts)
def open_incident(number: int) -> Response:
    """Open an incident from a group, or the continuation of the one it belonged to; on to its fireground."""
    severity, continues = by_value(Severity, request.form.get("severity")), "continues" in request.form
    given: dict[str, Any] = {"severity": severity or Severity.MEDIUM, "continues": continues}

    def act(actor: Actor, now: datetime) -> str:
        return url_for("fireground.show", number=open_from_alerts(number, **given, actor=actor, now=now).id)

    return said(number, act)


@bp.post("/<int:number>/attach")
@needs(attach_alerts)
def attach(number: int) -> Response:
    """Attach a group to a running incident."""
    chosen = number_of(request.form.get("incident", "")) or 0
    return said(number, lambda actor, now: attach_alerts(number, chosen, actor=actor, now=now))


@bp.post("/<int:number>/silence")
@needs(silence_group)
def silence(number: int) -> Response:
    """Call a group noise for a time."""
    minutes, reason = number_of(request.form.get("minutes", "")) or 0, request.form.get("reason", "")
    given: dict[str, Any] = {"minutes": minutes, "reason": reason}
    return said(number, lambda actor, now: silence_group(number, **given, actor=actor, now=now))


@bp.post("/<int:number>/unsilence")
@needs(end_silence)
def unsilence(number: int) -> Response:
    """End a silence before its time."""
    return said(number, lambda actor, now: end_silence(number, actor=actor, now=now))


def said(number: int, operation: Callable[[Actor, datetime], object]) -> Response:
    """Call the operation and go on to the address that it returns, else to the group.

    Refused, the page of the group with the sentence.
    """
    try:
        address = operation(current_actor(), clock.now())
    except Refused as problem:
        return draw(number, problem)
    publish_alerts()
    return redirect(address if isinstance(address, str) else url_for(".show", number=number), 303)


def draw(number: int, problem: Refused | None = None) -> Response:
    """The page of a group; 200, or the status of the refusal. Aborts with 404."""
    page = group_page(number, clock.now()) or abort(404)
    reason = request.form.get("reason", "")
    drawn = render_template("alerts/group.html", page=page, problem=problem, reason=reason, **_given())
    return make_response(drawn, status_of(problem) if problem else 200)


def _listed() -> AlertList:
    return alert_list(Filter.of(request.args), clock.now())


def _given() -> dict[str, object]:
    return {"shown": SHOWN, "severities": list(Severity), "silences": SILENCES}
