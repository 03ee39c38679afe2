"""For whoever watches the server: is the process up, is it ready to serve."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from majorops.health import is_ready
from majorops.web.access import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def process() -> Response:
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    is_well, why = is_ready()
    return jsonify(status="ok" if is_well else why), 200 if is_well else 503
