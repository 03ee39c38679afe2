"""Where an MIM makes links to briefs, sees their use, and revokes them."""

from __future__ import annotations

import secrets

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.briefs.drawing import unkept
from majorops.domain.access import Permission
from majorops.domain.briefs import LINK_HOURS
from majorops.domain.enums import BriefPage, by_value
from majorops.domain.errors import Invalid, Refused
from majorops.domain.text import clean_line
from majorops.models import Incident
from majorops.operations.briefs import links_of, make_link, revoke_link
from majorops.web.access import needs
from majorops.web.context import current_actor, load, request_meta
from majorops.web.error_handlers import number_of, status_of

bp = Blueprint("brief_links", __name__, url_prefix="/admin/incidents/<int:number>/links")


@bp.get("")
@needs(Permission.INCIDENT_COMMAND)
def show(number: int) -> Response:
    """The links of an incident and their use, with the form for another one."""
    return draw(load(number))


def chosen_page() -> BriefPage:
    """The brief that the form names. Raises Invalid."""
    page = by_value(BriefPage, request.form.get("page", ""))
    if page is None:
        raise Invalid({"page": "Choose which brief the link opens."})
    return page


@bp.post("")
@needs(Permission.INCIDENT_COMMAND)
def make(number: int) -> Response:
    """Make a link; its address is in this answer only (201). Refused, the form again with what was typed.

    The same form sent twice makes one link and then leads to the list.
    """
    incident, name = load(number), clean_line(request.form.get("name", ""))
    given = {"name": name, "email": clean_line(request.form.get("email", ""))}
    try:
        page = chosen_page()
        hours = number_of(request.form.get("hours", "").strip())
        actor, now, sent = current_actor(), clock.now(), request_meta()
        token = make_link(incident, page=page, hours=hours, **given, actor=actor, now=now, request_meta=sent)
    except Refused as problem:
        return draw(incident, problem, status=status_of(problem))
    if token is None:  # the same form, sent twice
        return redirect(url_for(".show", number=number), 303)
    return draw(incident, made={"name": name, "address": address_of(number, page, token)}, status=201)


@bp.post("/<int:link>/revocation")
@needs(Permission.INCIDENT_COMMAND)
def revoke(number: int, link: int) -> Response:
    """End a link at once, whoever has it open; then back to the list."""
    incident = load(number)
    try:
        revoke_link(incident, link, actor=current_actor(), now=clock.now())
    except Refused as problem:
        return draw(incident, problem, status=status_of(problem))
    return redirect(url_for(".show", number=number), 303)


def address_of(number: int, page: BriefPage, token: str) -> str:
    """The link as it is sent to somebody."""
    path = url_for("brief_link.show", number=number, page=page.value, token=token)
    return (current_app.config["BASE_URL"] or request.host_url.rstrip("/")) + path


def draw(
    incident: Incident, problem: Refused | None = None, made: dict | None = None, status: int = 200
) -> Response:
    """The page. `problem`: a refusal to show; `made`: a new link, whose address is shown this once."""
    errors = problem.errors if isinstance(problem, Invalid) else {"form": str(problem)} if problem else {}
    typed = request.form if problem else {}
    values = {
        "i": incident,
        "links": links_of(incident.id),
        "errors": errors,
        "typed": typed,
        "made": made,
        "hours": LINK_HOURS,
        "pages": tuple(BriefPage),
        "key": secrets.token_hex(16),
        "now": clock.now(),
    }
    return unkept(make_response(render_template("briefs/links.html", **values), status))
