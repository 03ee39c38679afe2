"""The page of search: words, phrases and filters in its address."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.access import Permission
from majorops.domain.search import READ, parse, shown_as
from majorops.operations.searching import KINDS, quick_search, search_as_meant
from majorops.search.pages import sections
from majorops.web.access import needs
from majorops.web.context import current_actor

bp = Blueprint("search", __name__, url_prefix="/admin/search")
OF_ONE_KIND = 100  # results where one kind is asked for


@bp.get("")
@needs(Permission.INCIDENT_READ)
def index() -> str:
    """What `q` finds, in `order` (best, or the newest first), of `kind` only where one is named."""
    typed = request.args.get("q", "")
    query, is_best = parse(typed), request.args.get("order") == "best"
    names = [kind.name for kind in KINDS if kind.name == request.args.get("kind")]
    given = {"shown": OF_ONE_KIND} if names else {}
    found, meant = search_as_meant(typed, actor=current_actor(), names=names, best=is_best, **given)
    return render_template(
        "search/index.html",
        typed=shown_as(typed),
        is_cut=len(typed) > READ,
        query=query,
        is_best=is_best,
        kinds=KINDS,
        chosen=names[0] if names else "",
        found=found,
        meant=meant,
        now=clock.now(),
    )


@bp.get("/quick")
@needs(Permission.INCIDENT_READ)
def quick() -> Response:
    """The few best results, for a palette; what is said of them is in a header."""
    typed = request.args.get("q", "")
    found, meant = quick_search(typed, actor=current_actor())
    said = parse(typed).problem or (f"{len(found)} found." if found else "Nothing found.")
    given = {"found": found, "typed": meant or shown_as(typed), "meant": meant}
    answer = make_response(render_template("search/quick.html", **given))
    answer.headers["X-Said"] = "Nothing as it was typed." if meant else said
    return answer


@bp.get("/palette")
@needs(Permission.INCIDENT_READ)
def palette() -> str:
    """The palette of pages that bring none: running incidents and pages, for this person."""
    return render_template("search/palette.html", sections=sections(current_actor()))
