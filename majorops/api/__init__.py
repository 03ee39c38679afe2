"""The REST API at /api/v1: programs read and act by tokens, through the operations of the screens.

A resource is one file here with its ROUTES; the addresses, the checks of what is sent, and the OpenAPI
document follow from them.
"""

from __future__ import annotations

from flask import Flask

from majorops.api import (
    acts,
    afterwards,
    catalogue,
    document,
    drafts,
    feed,
    incidents,
    messages,
    paging,
    records,
)
from majorops.api.blueprint import bp, on_http_error
from majorops.api.route import Route, view_of
from majorops.web.budget import Budget
from majorops.web.security import csrf

ROUTES: tuple[Route, ...] = tuple(
    route
    for resource in (incidents, acts, paging, records, messages, afterwards, catalogue, drafts, feed)
    for route in resource.ROUTES
)

for route in ROUTES:
    bp.add_url_rule(route.path, route.name, view_of(route), methods=[route.method])
document.describe(ROUTES)


def init_app(app: Flask) -> None:
    """Register the addresses; what carries a token in a header needs no token of a form."""
    csrf.exempt(bp)
    app.register_blueprint(bp)
    app.register_blueprint(document.pages)
    app.extensions["api_budget"] = Budget()
    app.extensions.setdefault("errors_at", {})[f"{bp.url_prefix}/"] = on_http_error
    app.add_template_global(document.properties_of, "api_properties")
