"""`/metrics`, for Prometheus: by a token with the scope `metrics:read`, or from this machine by a setting."""

from __future__ import annotations

from ipaddress import ip_address

from flask import Blueprint, Response, current_app, request

from majorops.domain.access import Permission
from majorops.web.access import by_bearer
from majorops.web.bearer import asking, check_bearer
from majorops.web.metrics import TYPE, exposition

bp = Blueprint("metrics", __name__)
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


@bp.get("/metrics")
@by_bearer
def metrics() -> Response:
    """The values of this moment; 401 without a token, 403 for one without the scope."""
    if not is_local():
        if denied := check_bearer():
            return Response(f"{denied.detail}\n", denied.status, denied.headers, content_type="text/plain")
        if refusal := asking().refusal(Permission.METRICS_READ):
            return Response(f"{refusal}\n", 403, content_type="text/plain")
    return Response(exposition(), content_type=TYPE, headers={"Cache-Control": "no-store"})


def is_local() -> bool:
    """A program on this machine asks, and the setting lets it.

    Behind a proxy on this machine everybody's address may be ours: what was handed on needs a token.
    """
    if not current_app.config["METRICS_LOCAL"] or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
