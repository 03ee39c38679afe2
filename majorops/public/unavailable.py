"""What a web server shows in place of `/login`, `/new` and `/subscribe` while MajorOps does not answer."""

from __future__ import annotations

from flask import Flask, render_template

from majorops.i18n import LANGUAGES
from majorops.public.page import blueprint_of, style


def draw_unavailable(app: Flask, language: str) -> str:
    """The page that says what still works, as HTML that needs no other file.

    In every language, `language` first: it answers at any address. It asks the database for nothing.
    """
    first = LANGUAGES[language]
    order = [first, *(other for other in LANGUAGES.values() if other is not first)]
    with app.test_request_context(base_url=app.extensions["public_origin"] or "http://localhost"):
        return render_template(
            "public/unavailable.html",
            t=first,
            languages=[(other, f"{blueprint_of(other.language)}.") for other in order],
            org=app.config["ORG_NAME"],
            style=style(app.config["ACCENT"], first("incident.seen")).text,
        )
