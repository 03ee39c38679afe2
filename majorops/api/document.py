"""The OpenAPI 3.1 document, made of the routes and their models, and the page that shows it.

Made here, not by a library: those that fit Flask and pydantic take a body that is no JSON for an empty one,
know one model of errors, and say nothing of ETag, If-Match and Idempotency-Key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, current_app, render_template, request
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.wrappers import Response

from majorops import clock
from majorops.api.links import links_of
from majorops.api.problems import CONTENT_TYPE, TITLES
from majorops.api.route import Route
from majorops.api.shapes import Problem
from majorops.domain.access import SCOPES
from majorops.domain.outgoing import KINDS
from majorops.notifications.payloads import schemas
from majorops.version import VERSION
from majorops.web.access import public

pages = Blueprint("api_pages", __name__, url_prefix="/api")

PARAMETER = re.compile(r"<int:(\w+)>")
TEMPLATE = "#/components/schemas/{model}"
ABOUT = (
    "Programs read and act by tokens, through the rules of the screens. Times are ISO 8601 in UTC, "
    "durations in seconds. What the public would read needs incident:publish beside a route's scope. "
    "Every error is a problem (RFC 9457)."
)
WHEN = {
    "read": (401, 403, 429, 503),
    "incident": (404,),
    "sent": (400, 413, 415, 422),
    "change": (409, 412, 507),
}


def describe(routes: Iterable[Route]) -> None:
    """Take the routes; the document is made when it is first asked for."""
    _described.extend(route for route in routes if route not in _described)


_described: list[Route] = []


def document() -> dict[str, Any]:
    """The OpenAPI document of every route."""
    models: set[tuple[type[BaseModel], str]] = {(Problem, "serialization")}
    for route in _described:
        models.add((route.shows, "serialization"))
        models.update((model, "validation") for model in (route.body,) if model)
    ordered = sorted(models, key=lambda pair: (pair[0].__name__, pair[1]))
    names, schemas = models_json_schema(ordered, ref_template=TEMPLATE)  # type: ignore[arg-type]
    paths: dict[str, Any] = {}
    for route in _described:
        path = "/api/v1" + PARAMETER.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, names)
    return {
        "openapi": "3.1.0",
        "info": {"title": "MajorOps", "version": VERSION, "description": ABOUT},
        "paths": paths,
        "security": [{"token": []}],
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route, names: dict[Any, Any]) -> dict[str, Any]:
    scope = f"Needs the scope `{route.needs}`: {SCOPES[route.needs].lower()}."
    found: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": scope,
        "tags": [route.tag],
        "parameters": _parameters(route),
        "responses": _responses(route, names),
    }
    if route.body:
        content = {"application/json": {"schema": names[(route.body, "validation")]}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _parameters(route: Route) -> list[dict[str, Any]]:
    number = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
    found = [
        {"name": name, "in": "path", "required": True, "schema": number}
        for name in PARAMETER.findall(route.path)
    ]
    if route.query:
        schema = route.query.model_json_schema(ref_template=TEMPLATE)
        for name, of in schema["properties"].items():
            is_needed = name in schema.get("required", ())
            found.append({"name": name, "in": "query", "required": is_needed, "schema": _flat(of, schema)})
    if route.changes:
        text = {"type": "string", "pattern": "^[\\x21-\\x7e]{8,200}$"}
        found.append(_header("Idempotency-Key", "Sent again with it, the act is done once.", text))
    if route.takes_version:
        text = {"type": "string", "pattern": '^"\\d{1,9}"$|^\\*$'}
        found.append(_header("If-Match", "The ETag that the incident must still have.", text))
    return found


def _flat(schema: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """A schema of a query's value: what it refers to put in its place, and no null, which nobody can send."""
    if "$ref" in schema:
        return dict(whole["$defs"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        (one,) = [part for part in schema["anyOf"] if part.get("type") != "null"]
        return _flat(one, whole)
    return schema


def _header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


def _responses(route: Route, names: dict[Any, Any]) -> dict[str, Any]:
    tag = {"ETag": {"description": "The version of the incident.", "schema": {"type": "string"}}}
    content = {"application/json": {"schema": names[(route.shows, "serialization")]}}
    found: dict[str, Any] = {str(route.status): {"description": "Done.", "content": content, "headers": tag}}
    if "<int:" not in route.path and not route.changes:
        del found[str(route.status)]["headers"]
    elif not route.changes:
        found["304"] = {"description": "You have this version."}
    if links := links_of(route, _described):
        found[str(route.status)]["links"] = links
    problem = {CONTENT_TYPE: {"schema": names[(Problem, "serialization")]}}
    statuses = {*WHEN["read"], *(WHEN["incident"] if "<int:" in route.path else ())}
    statuses |= {422} if route.query else set()
    statuses |= {*WHEN["sent"], *WHEN["change"]} if route.changes else set()
    for status in sorted(statuses):
        found[str(status)] = {"description": TITLES[status], "content": problem}
    return found


@pages.get("/v1/openapi.json")
@public
def openapi() -> Response:
    """The document, the same for everybody."""
    return kept(document())


@pages.get("/v1/events.json")
@public
def events() -> Response:
    """The JSON schemas of the bodies that endpoints are sent, and every kind of event."""
    return kept(schemas())


def kept(found: dict[str, Any]) -> Response:
    """JSON that is the same for everybody, kept for five minutes."""
    text = json.dumps(found, ensure_ascii=False)
    answer = current_app.response_class(text, content_type="application/json")
    answer.add_etag()
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer.make_conditional(request)


@pages.get("/")
@public
def index() -> str:
    """Every route, by what it is about: address, scope, what is sent and answered."""
    said = document()
    by_tag: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in said["paths"].items():
        for method, operation in methods.items():
            by_tag.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    values = {"tags": by_tag, "schemas": said["components"]["schemas"], "about": ABOUT}
    values |= {"scopes": SCOPES, "problems": TITLES, "events": KINDS.values()}
    return render_template("api/index.html", **values, now=clock.now())


def properties_of(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The values of an operation's body by name; none without a body."""
    if "requestBody" not in operation:
        return {}
    refers = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    found: dict[str, Any] = schemas[refers.rpartition("/")[2]].get("properties", {})
    return found
