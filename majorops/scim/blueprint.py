"""The blueprint of SCIM: who may ask, and how every answer and every error looks."""

from __future__ import annotations

import hmac
import json
from typing import Any

from flask import Blueprint, current_app, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.access import DIRECTORY
from majorops.domain.errors import Refused
from majorops.scim.requests import Misunderstood
from majorops.web.access import role_map
from majorops.web.error_handlers import on_database_error, status_of

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
MESSAGES = {
    401: "The bearer token is missing or wrong.",
    404: "There is nothing at this address.",
    405: "This cannot be done here.",
    413: "The body is longer than 256 KB: send it in parts.",
}

bp = Blueprint("scim", __name__, url_prefix="/scim/v2")


def answer(body: dict[str, Any] | None, status: int = 200) -> Response:
    """A SCIM answer; without a body it is 204."""
    if body is None:
        return current_app.response_class(status=204)
    text = json.dumps(body, ensure_ascii=False)
    return current_app.response_class(text, status, content_type="application/scim+json")


def problem(status: int, detail: str, kind: str = "") -> Response:
    """An error as RFC 7644, 3.12 wants it; `kind`: its scimType, or empty."""
    body = {"schemas": [ERROR], "status": str(status), "detail": detail}
    return answer(body | ({"scimType": kind} if kind else {}), status)


@bp.before_request
def check_token() -> Response | None:
    """404 where SCIM is off, 401 for any token but the one of the settings."""
    wanted = current_app.config["SCIM_TOKEN"]
    if not wanted:
        return problem(404, "SCIM is switched off: MAJOROPS_SCIM_TOKEN is not set.")
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), wanted.encode()):
        return None
    refused = problem(401, MESSAGES[401])
    refused.headers["WWW-Authenticate"] = 'Bearer realm="SCIM"'
    return refused


@bp.errorhandler(Misunderstood)
def on_misunderstood(error: Misunderstood) -> Response:
    """400 with the scimType."""
    return problem(400, str(error), error.kind)


@bp.errorhandler(Refused)
def on_refused(error: Refused) -> Response:
    """The rule's own sentence: 409 for what is there already, 404, else 400 for a wrong value."""
    status = status_of(error)
    if status == 422:
        return problem(400, str(error), "invalidValue")
    return problem(status, str(error), "uniqueness" if status == 409 else "")


@bp.errorhandler(HTTPException)
@bp.errorhandler(401)
def on_http_error(error: HTTPException) -> Response:
    """An error of HTTP, in SCIM's form."""
    code = error.code or 500
    return problem(code, MESSAGES.get(code, "The request could not be read."))


@bp.errorhandler(DBAPIError)
def on_database(error: DBAPIError) -> Response:
    """503 or 507: the directory tries again."""
    found = on_database_error(error)
    return problem(found.status_code, "Nothing was saved: the database does not take it at this moment.")


def acting() -> dict[str, Any]:
    """The keywords of an operation: the directory acts, now, and the role map of the settings counts."""
    return {"role_map": role_map(), "actor": DIRECTORY, "now": clock.now()}


def base_address() -> str:
    """Where this is reached, without a slash at the end."""
    return (current_app.config["BASE_URL"] or request.host_url.rstrip("/")) + "/scim/v2"


def page_of(resources: list[dict[str, Any]], total: int, start: int) -> Response:
    """A ListResponse; `start`: the number of its first one, from 1."""
    return answer(
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": total,
            "startIndex": start,
            "itemsPerPage": len(resources),
            "Resources": resources,
        }
    )
