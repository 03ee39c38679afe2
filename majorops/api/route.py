"""What a route of the API is, and the view that is made of it.

A view checks the scope, the headers and what was sent, calls the route's function, and answers. What the
function raises becomes a problem (blueprint.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from flask import current_app, g, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.wrappers import Response

from majorops import clock
from majorops.db import Base, db
from majorops.domain.access import Actor, Permission
from majorops.domain.errors import Forbidden, Invalid, NotFound
from majorops.models import Incident
from majorops.operations import RequestMeta
from majorops.operations.kept_answers import keep_answer, kept_answer
from majorops.web.access import by_bearer
from majorops.web.bearer import asking

KEY = re.compile(r"[\x21-\x7e]{8,200}")
VERSION = re.compile(r'"(\d{1,9})"')
Row = TypeVar("Row", bound=Base)
NO_INCIDENT = "There is no such incident."


@dataclass(frozen=True)
class Done:
    """What a function of a route answers: a model, and the incident that it is about, if it is about one."""

    shown: BaseModel
    incident: Incident | None = None


@dataclass(frozen=True)
class Route:
    """An address with a method.

    `name`: of the endpoint, and the operationId. `do`: takes the arguments of the address, `given` (the
    checked body or query, where `body` or `query` says that there is one), `meta` (how the act came, for
    routes that change something), and `actor`; answers Done. `needs`: the scope.
    """

    method: str
    path: str
    name: str
    summary: str
    tag: str
    needs: Permission
    do: Callable[..., Done]
    shows: type[BaseModel]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    status: int = 200

    @property
    def changes(self) -> bool:
        """Whether it changes anything; then it takes an Idempotency-Key."""
        return self.method != "GET"

    @property
    def takes_version(self) -> bool:
        """Whether If-Match may name the version that the incident must still have."""
        return self.changes and "<int:number>" in self.path


def view_of(route: Route) -> Callable[..., Response]:
    """The view of a route."""

    def view(**address: Any) -> Response:
        actor = asking()
        if refusal := actor.refusal(route.needs):
            raise Forbidden(refusal)
        if route.needs is Permission.DATA_MANAGE and actor.only_system:
            raise Forbidden("A token of one system manages no data.")
        given: dict[str, Any] = {}
        if route.query:
            given["given"] = checked_query(route.query)
        if route.body:
            given["given"] = checked_body(route.body)
        if not route.changes:
            return answer(route.do(**address, **given, actor=actor), route.status)
        return act(route, address, given, actor)

    return by_bearer(view)


def act(route: Route, address: Mapping[str, Any], given: Mapping[str, Any], actor: Actor) -> Response:
    """Do what a program sends, once: with a key that was used before it gets the answer of then."""
    key, sent = idempotency_key(), sha256(request.get_data()).hexdigest()
    if key and (known := kept_answer(key, clock.now())):
        if known.sent != sent:
            raise Invalid({"Idempotency-Key": "This key was sent with another body. Take a new one."})
        again = json_answer(known.body, known.code, known.version)
        again.headers["Idempotent-Replayed"] = "true"
        return again
    meta = RequestMeta(key, expected_version=expected_version() if route.takes_version else None)
    done = route.do(**address, **given, meta=meta, actor=actor)
    drawn = answer(done, route.status)
    if key:
        about = done.incident
        kept = {"incident_id": about.id if about else None, "version": about.version if about else None}
        body = drawn.get_data(as_text=True)
        keep_answer(key, sent=sent, code=route.status, **kept, body=body, actor=actor, now=clock.now())
    return drawn


def incident_of(number: int, actor: Actor) -> Incident:
    """The incident with this number. Raises NotFound, also where the token does not see it."""
    incident = db.session.get(Incident, number) if number < 2**31 else None
    if incident is None or not actor.sees(incident.system_names):
        raise NotFound(NO_INCIDENT)
    return incident


def row_of(model: type[Row], number: int) -> Row:
    """The row with this number. Raises NotFound."""
    row = db.session.get(model, number) if 0 < number < 2**31 else None
    if row is None:
        raise NotFound("There is nothing with this number.")
    return row


def checked_body(model: type[BaseModel]) -> BaseModel:
    """The body, as the model has it. Raises Invalid at each field that is wrong, and as HTTP 400 and 415."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    raw = request.get_data()
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise BadRequest from None
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise Invalid(sentences(error)) from None


def checked_query(model: type[BaseModel]) -> BaseModel:
    """What follows the `?`, as the model has it; each name once. Raises Invalid."""
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise Invalid(dict.fromkeys(twice, "Given more than once."))
    try:
        return model.model_validate_strings(request.args.to_dict())
    except ValidationError as error:
        raise Invalid(sentences(error)) from None


def sentences(error: ValidationError) -> dict[str, str]:
    """Field → sentence. What is no JSON at all stands at `body`."""
    found: dict[str, str] = {}
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        place = ".".join(str(part) for part in one["loc"]) or "body"
        found.setdefault(place[:100], f"{one['msg'].removesuffix('.')}.")
    return found


def idempotency_key() -> str:
    """A hash of this token, address and key; empty where the request has no key. Raises Invalid."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not KEY.fullmatch(key):
        raise Invalid({"Idempotency-Key": "8 to 200 letters, digits and signs."})
    return sha256(f"{g.api_token} {request.method} {request.path} {key}".encode()).hexdigest()


def expected_version() -> int | None:
    """The version that If-Match names; None for none, or any. Raises Invalid."""
    given = request.headers.get("If-Match", "*").strip()
    if given == "*":
        return None
    found = VERSION.fullmatch(given)
    if found is None:
        raise Invalid({"If-Match": 'One ETag, such as "17", as the incident was read with it.'})
    return int(found[1])


def answer(done: Done, status: int) -> Response:
    """The answer; 304 where the program has this version already."""
    incident = done.incident
    version = incident.version if incident is not None else None
    drawn = json_answer(done.shown.model_dump_json(), status, version)
    if request.method == "GET" and version is not None:
        drawn.make_conditional(request)
    return drawn


def json_answer(body: str, status: int, version: int | None) -> Response:
    """JSON, not to be kept by anybody between; with the version of the incident as its ETag."""
    drawn = current_app.response_class(body, status, content_type="application/json")
    drawn.headers["Cache-Control"] = "no-store"
    if version is not None:
        drawn.set_etag(str(version))
    return drawn
