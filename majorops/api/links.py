"""What may be done next with what a route made, as links of the OpenAPI document.

Found by the addresses: what `POST …/tracks` made is what `…/tracks/<track_id>/…` is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from majorops.api.route import Route

PARAMETER = re.compile(r"<int:(\w+)>")
# What is made at the first address stands below the second one.
KEPT_AT = {
    "/notes": "/timeline",
    "/updates": "/publications",
    "/milestones": "/publications",
    "/<int:number>/continuation": "",
}


def links_of(route: Route, routes: Iterable[Route]) -> dict[str, Any]:
    """The links of what a route makes, by the name of the route that they lead to; none for other routes."""
    if route.status != 201:
        return {}
    at = route.path
    for made, kept in KEPT_AT.items():
        at = re.sub(rf"{made}$", kept, at)
    here = {name: f"$request.path.{name}" for name in PARAMETER.findall(at)}
    below = re.compile(rf"{re.escape(at)}/<int:(\w+)>(?:/[^<>]*)?")
    found = {}
    for other in routes:
        if match := below.fullmatch(other.path):
            values = here | {match[1]: f"$response.body#/{_named(route, match[1])}"}
            found[other.name] = {"operationId": other.name, "parameters": values}
    return found


def _named(route: Route, parameter: str) -> str:
    """What the answer calls the number that an address has."""
    return parameter if parameter in route.shows.model_fields else "id"
