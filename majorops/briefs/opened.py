"""A brief by its link: this one page of this one incident.

No session, no cookie, and no link into the product.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from flask import Blueprint, make_response, redirect, render_template, request
from sqlalchemy.exc import DatabaseError
from werkzeug.wrappers import Response

from majorops import clock
from majorops.briefs.drawing import draw, question_in, unkept
from majorops.db import storage_problem
from majorops.domain.access import Actor
from majorops.domain.briefs import counts_as_use
from majorops.domain.enums import AccountRole, BriefPage
from majorops.domain.errors import Conflict, Invalid
from majorops.operations.accounts import hash_token
from majorops.operations.briefs import ask_question, count_use, open_link
from majorops.projections.brief import brief_incident, opened_link
from majorops.projections.brief_values import OpenedLink
from majorops.web.access import public
from majorops.web.context import load
from majorops.web.error_handlers import status_of
from majorops.web.security import csrf

bp = Blueprint("brief_link", __name__)
ADDRESS = "/incidents/<int:number>/<any(brief, exec):page>/<token>"


def by_link(view: Callable) -> Callable:
    """Give the view the link of this address.

    Forged, expired, revoked, of another page or incident: one answer.
    """

    @wraps(view)
    def run(number: int, page: str, token: str) -> Response:
        which = BriefPage(page)
        link = opened_link(number, which, hash_token(token), clock.now())
        return view(number, which, link) if link else over()

    return run


@bp.get(ADDRESS)
@public
@by_link
def show(number: int, page: BriefPage, link: OpenedLink) -> Response:
    """The brief that the link opens. HEAD, as previews of links send it, is not counted as a use."""
    if request.method == "GET":
        count(number, link)
    return drawn(number, page, link)


@bp.post(ADDRESS)
@public
@csrf.exempt  # no cookie gives any right here: the address itself is the secret
@by_link
def ask(number: int, page: BriefPage, link: OpenedLink) -> Response:
    """Put a question in the name of the link; refused, it stays in the form."""
    text = question_in(request.form)
    try:
        ask_question(load(number), text, asked_from=source(link), actor=reader(link), now=clock.now())
    except (Invalid, Conflict) as problem:
        return drawn(number, page, link, typed=text, error=str(problem), status=status_of(problem))
    return unkept(redirect(request.path + "#ask", 303))


def drawn(number: int, page: BriefPage, link: OpenedLink, **more) -> Response:
    """The brief as it is now; where there is none, as of a drill, the answer is `over`."""
    found = brief_incident(number, None)
    if found is None:
        return over()
    return draw(found, page, source(link), address=request.path, link=link.name, **more)


def over() -> Response:
    """What every link that opens nothing answers."""
    return unkept(make_response(render_template("briefs/over.html"), 404))


def count(number: int, link: OpenedLink) -> None:
    """Count this use of the link; the first one is told by the timeline, later ones once a minute.

    A database that takes no writes must not keep anybody from reading: then it is not counted.
    """
    actor, now = reader(link), clock.now()
    try:
        if link.last_used_at is None:
            open_link(load(number), link.id, actor=actor, now=now)
        elif counts_as_use(link.last_used_at, now):
            count_use(link.id, actor=actor, now=now)
    except DatabaseError as error:
        if not storage_problem(error):
            raise


def reader(link: OpenedLink) -> Actor:
    """Who holds the link, by the name that the MIM gave it."""
    return Actor(name=f"{link.name} (link)", role=AccountRole.STAKEHOLDER)


def source(link: OpenedLink) -> str:
    """Where a question comes from, as it is stored with it: `link:12`."""
    return f"link:{link.id}"
