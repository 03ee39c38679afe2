"""The archive of all reviews, with the search in them."""

from __future__ import annotations

from flask import render_template, request

from majorops import clock
from majorops.domain.access import Permission
from majorops.reviews.archive_list import SHOWN, Filter, archive
from majorops.reviews.blueprint import archive_bp
from majorops.web.access import needs
from majorops.web.error_handlers import number_of


@archive_bp.get("")
@needs(Permission.INCIDENT_READ)
def index() -> str:
    """The reviews that the address asks for, newest first."""
    given = Filter.of(request.args, request.args.get("before", type=number_of))
    return render_template("reviews/archive.html", page=archive(given, clock.now()), shown=SHOWN)
