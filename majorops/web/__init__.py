"""HTTP only: views load, call one operation, and answer. No rule and no query lives here."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter

from majorops.web import (
    access,
    assertions,
    assets,
    error_handlers,
    formats,
    markdown,
    posture,
    redirects,
    security,
    session,
    streams,
)


class Number(IntegerConverter):
    """A number in an address, no longer than any of ours: the database refuses to look for longer ones."""

    regex = "[0-9]{1,9}"


def init_app(app: Flask) -> None:
    """What all pages share between the network and the operations: sessions, access, answers to errors."""
    app.url_map.converters["int"] = Number
    for part in (
        formats,
        markdown,
        assets,
        security,
        redirects,
        assertions,
        session,
        access,
        error_handlers,
        streams,
        posture,
    ):
        part.init_app(app)
