"""The fireground: one screen, every value editable in place. Each view calls one verb and answers with what changed."""

from __future__ import annotations

from flask import Blueprint

from majorops.domain.after_action import OFFERED
from majorops.domain.enums import SystemStatus
from majorops.domain.roles import ABOUT
from majorops.fields import FIELDS, field_id
from majorops.operations.timeline import NOTES
from majorops.screen.commands import keyed
from majorops.screen.ledger import ledger_title
from majorops.screen.nudges import settling
from majorops.screen.teams import ask_tone, ask_turns_at

bp = Blueprint("fireground", __name__, url_prefix="/admin/incidents")


bp.add_app_template_global(FIELDS, "FIELDS")
bp.add_app_template_global(tuple(SystemStatus), "SYSTEM_STATUSES")
bp.add_app_template_global(field_id)
bp.add_app_template_global(ABOUT, "ROLES_ABOUT")
bp.add_app_template_global(OFFERED, "AFTER_ACTION")
bp.add_app_template_global(keyed, "keyed_commands")
bp.add_app_template_global(settling)
bp.add_app_template_global(ask_tone)
bp.add_app_template_global(ask_turns_at)
bp.add_app_template_global(NOTES, "NOTES")
bp.add_app_template_global(ledger_title)

from majorops.web.fireground import (  # noqa: E402, F401
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
