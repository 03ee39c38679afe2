"""The briefs for who is signed in, and the list of them."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from majorops import clock
from majorops.briefs.drawing import draw, question_in, unkept
from majorops.domain.access import Permission
from majorops.domain.enums import BriefPage
from majorops.domain.errors import Conflict, Invalid
from majorops.operations.briefs import ask_question
from majorops.projections.brief import brief_incident, brief_list
from majorops.web.access import needs
from majorops.web.context import current_actor, load
from majorops.web.error_handlers import status_of

bp = Blueprint("brief", __name__)


@bp.get("/briefs")
@needs(Permission.BRIEF_READ)
def index() -> str:
    """The briefs of incidents that run or were resolved within seven days; no drills, and of private ones
    those whose briefs this person was added to.
    """
    now = clock.now()
    return render_template("briefs/list.html", lines=brief_list(now, current_actor()), now=now)


@bp.get("/incidents/<int:number>/brief")
@needs(Permission.BRIEF_READ)
def stakeholder(number: int) -> Response:
    """The stakeholder brief (domain §7). Aborts with 404 for a drill, for no incident, and who may not."""
    return page(number, BriefPage.BRIEF)


@bp.get("/incidents/<int:number>/exec")
@needs(Permission.EXEC_READ)
def executive(number: int) -> Response:
    """The executive brief (domain §7). Aborts with 404 for a drill, for no incident, and who may not."""
    return page(number, BriefPage.EXEC)


@bp.post("/incidents/<int:number>/brief")
@needs(Permission.BRIEF_READ)
def ask_stakeholder(number: int) -> Response:
    """Ask from the stakeholder brief (`ask`)."""
    return ask(number, BriefPage.BRIEF)


@bp.post("/incidents/<int:number>/exec")
@needs(Permission.EXEC_READ)
def ask_executive(number: int) -> Response:
    """Ask from the executive brief (`ask`)."""
    return ask(number, BriefPage.EXEC)


def page(number: int, which: BriefPage, **more) -> Response:
    """The brief of the account that asks. `more`: as of `draw`. Aborts with 404."""
    found = brief_incident(number, current_actor()) or abort(404)
    return draw(found, which, mine(), address=request.path, **more)


def ask(number: int, which: BriefPage) -> Response:
    """Put the question before the MIM; refused, it stays in the form. Aborts with 404."""
    brief_incident(number, current_actor()) or abort(404)
    text = question_in(request.form)
    try:
        ask_question(load(number), text, asked_from=mine(), actor=current_actor(), now=clock.now())
    except (Invalid, Conflict) as problem:
        return page(number, which, typed=text, error=str(problem), status=status_of(problem))
    return unkept(redirect(request.path + "#ask", 303))


def mine() -> str:
    """Where this person's questions come from, as it is stored with them: `account:7`."""
    return f"account:{current_user.actor.user_id}"


@bp.app_template_global()
def brief_address(number: int, which: BriefPage) -> str:
    """Where an account reads this brief."""
    return url_for("brief.executive" if which is BriefPage.EXEC else "brief.stakeholder", number=number)
