"""Where the first run ends: what is still to do, and what the settings mean. For admins, at any time."""

from __future__ import annotations

from flask import Blueprint, current_app, make_response, render_template
from werkzeug.wrappers import Response

import config
from majorops.admin.setting_words import in_words
from majorops.domain.access import Permission
from majorops.operations.first_steps import FirstSteps, first_steps
from majorops.web.access import needs

bp = Blueprint("first_steps", __name__, url_prefix="/admin/first-steps")


def steps_now() -> FirstSteps:
    """The first steps as they are at this moment."""
    return first_steps(has_mail_server=bool(current_app.config["SMTP_URL"]))


@bp.get("")
@needs(Permission.DATA_MANAGE)
def index() -> Response:
    """Draw the page: the three steps, then what the settings mean, then each of them."""
    settings, states = current_app.config, current_app.extensions["setting_states"]
    files = current_app.extensions.get("public_files")
    page = render_template(
        "admin/first_steps.html",
        steps=steps_now(),
        said=in_words(settings, states, files.problem if files else ""),
        listed=listed_settings(),
        has_server=bool(settings["SMTP_URL"]),
    )
    return make_response(page)


def listed_settings() -> list[tuple[str, str, str]]:
    """Name, state and description of every setting; the value of none that is secret."""
    states = current_app.extensions["setting_states"]
    return [
        (
            config.PREFIX + name,
            config.shown(name, current_app.config[name], states.get(name, config.DEFAULT)),
            setting.description or "",
        )
        for name, setting in config.Settings.model_fields.items()
    ]
