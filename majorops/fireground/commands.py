"""The command palette's list and the key list: pages of their own, and partials for the page's script."""

from __future__ import annotations

from typing import Any

from flask import current_app, render_template, url_for

from majorops.domain.access import Permission
from majorops.fireground.blueprint import bp
from majorops.fireground.palette import sections
from majorops.fireground.palette.command import Command
from majorops.fireground.palette.keys import CHORDS, KEYS
from majorops.fireground.responses import view_of
from majorops.web.access import needs
from majorops.web.context import load
from majorops.web.error_handlers import wants_partial


@bp.get("/<int:number>/commands")
@needs(Permission.INCIDENT_READ)
def commands(number: int) -> str:
    """The list of commands, for who may read the incident; 404 for none.

    What this person may not do now is listed too, with why.
    """
    view = view_of(load(number))
    template = "fireground/_commands.html" if wants_partial() else "fireground/commands.html"
    return render_template(template, view=view, sections=sections(view))


@bp.get("/keys")
@needs(Permission.INCIDENT_READ)
def keys() -> str:
    """The single keys and the chords, the same for every incident and person."""
    template = "fireground/_keys.html" if wants_partial() else "fireground/keys.html"
    return render_template(template, keys=KEYS.values(), chords=CHORDS)


@bp.app_template_global()
def listed_keys() -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """The single keys and the chords, each with what it does."""
    return tuple((key.key, key.does) for key in KEYS.values()), CHORDS


@bp.app_template_global()
def address_of(command: Command, number: int) -> str:
    """Where a command is sent, or where its link leads without script.

    `number`: of the incident whose list it stands in.
    """
    if command.address:
        return command.address
    endpoint = command.endpoint if command.is_sent else command.link or "fireground.show"
    takes: dict[str, Any] = dict(command.takes)  # they never have one of url_for's own names
    if current_app.url_map.is_endpoint_expecting(endpoint, "number"):
        takes.setdefault("number", number)
    anchor = None if command.is_sent or command.link else command.place.split(" ")[0] or None
    return url_for(endpoint, **takes, _anchor=anchor)
