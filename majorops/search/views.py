"""The page of search: words, phrases and filters in its address."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from majorops import clock
from majorops.domain.access import Permission
from majorops.domain.search import READ, parse, shown_as
from majorops.operations.searching import KINDS, search
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
    return render_template(
        "search/index.html",
        typed=shown_as(typed),
        is_cut=len(typed) > READ,
        query=query,
        is_best=is_best,
        kinds=KINDS,
        chosen=names[0] if names else "",
        found=search(query, actor=current_actor(), names=names, best=is_best, **given),
        now=clock.now(),
    )
