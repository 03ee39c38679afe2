"""HTTP only: views load, call one operation, and answer. No rule and no query lives here."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter

from majorops.web import (
    access,
    assertions,
    assets,
    branding,
    error_handlers,
    formats,
    markdown,
    posture,
    redirects,
    request_ids,
    security,
    session,
    shell,
    streams,
)


class Number(IntegerConverter):
    """A number in an address, no longer than any of ours: the database refuses to look for longer ones."""

    regex = "[0-9]{1,9}"


def init_app(app: Flask) -> None:
    """What all pages share between the network and the operations: sessions, access, answers to errors."""
    app.url_map.converters["int"] = Number
    for part in (
        request_ids,
        formats,
        markdown,
        assets,
        branding,
        security,
        redirects,
        assertions,
        session,
        access,
        error_handlers,
        streams,
        posture,
        shell,
    ):
        part.init_app(app)
