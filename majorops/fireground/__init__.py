"""The fireground: one screen, every value editable in place.

Each view calls one operation and answers with what changed.
"""

from __future__ import annotations

from flask import Flask

from majorops.fireground import (  # noqa: F401  (their views join the blueprint)
    cards,
    coach,
    commands,
    curate,
    drafts,
    editing,
    first_word,
    log,
    page,
    phases,
    response,
    team,
    updates,
    wall,
)
from majorops.fireground.blueprint import bp
from majorops.fireground.regions import PARTS, draw

# What the templates ask for by name.
GLOBALS = {
    "PARTS": PARTS,
    "draw": draw,
}


def init_app(app: Flask) -> None:
    """Register the pages and what their templates ask for."""
    app.register_blueprint(bp)
    app.register_blueprint(wall.bp)
    app.jinja_env.globals.update(GLOBALS)
