"""The fireground: one screen, every value editable in place. Each view calls one verb and answers with what changed."""

from __future__ import annotations

from flask import Blueprint

from majorops.fields import FIELDS

bp = Blueprint("fireground", __name__, url_prefix="/admin/incidents")


@bp.app_template_global()
def field_id(name: str) -> str:
    """The id of a field's element: `f-command-sre`."""
    return "f-" + name.replace(".", "-").replace("_", "-")


bp.add_app_template_global(FIELDS, "FIELDS")

from majorops.web.fireground import editing, log, page, phases, response, updates  # noqa: E402, F401
