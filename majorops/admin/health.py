"""How the server is, for people: every check in a sentence, and what to do about it. For admins."""

from __future__ import annotations

from flask import Blueprint, make_response, render_template
from werkzeug.wrappers import Response

from majorops.domain.access import Permission
from majorops.domain.health import findings
from majorops.operations.backups import newest_runs
from majorops.operations.health import beats, episodes
from majorops.web.access import needs
from majorops.web.health import measured_now

bp = Blueprint("health_page", __name__, url_prefix="/admin/health")
NEWEST = 5


@bp.get("")
@needs(Permission.DATA_MANAGE)
def index() -> Response:
    """Draw the page: the checks, the newest backups, workers, and what the admins were told of."""
    page = render_template(
        "admin/health.html",
        found=findings(measured_now()),
        runs=newest_runs(NEWEST),
        workers=beats()[:NEWEST],
        episodes=episodes(NEWEST),
    )
    return make_response(page)
