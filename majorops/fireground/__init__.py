"""The fireground: one screen, every value editable in place.

Each view calls one operation and answers with what changed.
"""

from __future__ import annotations

from flask import Flask

from majorops.domain.enums import SystemStatus
from majorops.domain.roles import ABOUT
from majorops.fireground import (  # noqa: F401  (their views join the blueprint)
    cards,
    coach,
    commands,
    drafts,
    editing,
    log,
    page,
    phases,
    response,
    team,
    updates,
)
from majorops.fireground.blueprint import bp
from majorops.fireground.palette import keyed
from majorops.fireground.regions import PARTS, draw
from majorops.operations.fields import FIELDS, field_id

# What the templates ask for by name.
GLOBALS = {
    "FIELDS": FIELDS,
    "SYSTEM_STATUSES": tuple(SystemStatus),
    "ROLES_ABOUT": ABOUT,
    "PARTS": PARTS,
    "draw": draw,
    "field_id": field_id,
}


def init_app(app: Flask) -> None:
    """Register the pages and what their templates ask for."""
    app.register_blueprint(bp)
    app.jinja_env.globals.update(GLOBALS)
