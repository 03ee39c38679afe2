"""What every view of an act on a review shares: load, call the operation, answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from flask import request
from werkzeug.wrappers import Response

from majorops.domain.errors import NotFound, Refused
from majorops.domain.text import clean_line, clean_text
from majorops.operations import Operation
from majorops.reviews.page import done, refused
from majorops.web.access import needs
from majorops.web.context import load


def review_action(operation: Operation[..., object], form: str, anchor: str = "state") -> Callable:
    """Turn a function that calls an operation into a view of one review, open to whom the operation needs.

    A refusal is said at the form of this name, with what was typed. The view aborts with 404 for no incident.
    """

    def mark(view: Callable) -> Callable:
        @wraps(view)
        def run(number: int, **rest) -> Response:
            incident = load(number)
            try:
                view(incident, **rest)
            except NotFound:
                raise
            except Refused as problem:
                return refused(incident, form, problem)
            return done(incident, anchor)

        return needs(operation)(run)

    return mark


def line(name: str) -> str:
    """One cleaned line of what was sent under this name."""
    return clean_line(request.form.get(name, ""))


def text(name: str) -> str:
    """Cleaned text of several lines of what was sent under this name."""
    return clean_text(request.form.get(name, ""))
