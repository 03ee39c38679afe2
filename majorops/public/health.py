"""For whoever watches the server: is the process up, is it ready to serve."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify

from majorops.web.access import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def process() -> Response:
    """200 as long as this process answers at all; the database is not asked."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    """503 where people cannot work here; `warnings` are for whoever runs the place."""
    found = current_app.extensions["health"].current()
    told = {"warnings": list(found.warnings)} if found.warnings else {}
    return jsonify(status=found.why_not or "ok", **told), 503 if found.why_not else 200
