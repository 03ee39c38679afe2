"""Every error of the API as problem+json (RFC 9457), in the words of the rule that refused."""

from __future__ import annotations

import json
from typing import Any

from flask import current_app
from werkzeug.wrappers import Response

from majorops.domain.errors import Conflict, GateClosed, Invalid, Refused

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "The request could not be read",
    401: "The token is missing or worth nothing",
    403: "Not allowed",
    404: "Not found",
    405: "This cannot be done here",
    409: "It does not stand as you think",
    412: "Changed meanwhile",
    413: "Too long",
    415: "Not JSON",
    422: "Not taken",
    429: "Too many requests",
    500: "Server error",
    503: "The database does not answer",
    507: "The disk is full",
}


def problem(status: int, detail: str, **more: Any) -> Response:
    """An error. `detail`: the sentence; `more`: `errors` (field and sentence of each), `blockers` of a gate,
    `standing` for what stands now in place of what was sent.
    """
    known = status if status in TITLES else (400 if status < 500 else 500)
    body = {"type": f"/api/#problem-{known}", "title": TITLES[known], "status": status, "detail": detail}
    text = json.dumps(body | more, ensure_ascii=False)
    return current_app.response_class(text, status, content_type=CONTENT_TYPE)


def of_refusal(error: Refused, status: int) -> Response:
    """What a rule refused, with the fields, the blockers of the gate, or what stands now."""
    if isinstance(error, Invalid):
        errors = [{"field": name, "detail": sentence} for name, sentence in error.errors.items()]
        return problem(status, str(error), errors=errors)
    if isinstance(error, GateClosed):
        blockers = [
            {"detail": blocker.text, "opens_at": blocker.opens_at.isoformat() if blocker.opens_at else None}
            for blocker in error.blockers
        ]
        return problem(status, str(error), blockers=blockers)
    if isinstance(error, Conflict) and error.theirs is not None:
        return problem(status, str(error), standing=error.theirs)
    return problem(status, str(error))
