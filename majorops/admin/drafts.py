"""What the AI helpers saw and wrote, and the prompts they were asked with.

Nothing here is written by hand.
"""

from __future__ import annotations

from typing import ClassVar

from flask import current_app
from flask_admin import expose

from majorops.admin.base import Table
from majorops.admin.filters import From, Is, Number, Until
from majorops.admin.show import by_row, incident_link
from majorops.ai import prompts
from majorops.domain.enums import DraftState, Helper
from majorops.domain.text import reference
from majorops.models import Draft


class DraftTable(Table):
    """Drafts of the AI helpers: what the model saw and what it said is kept (domain §8).

    They are deleted after AI_KEEP_DAYS days.
    """

    about = "What the AI helpers saw and wrote, for whom, and what became of it."
    empty = "0 drafts."
    list_template = "admin/drafts.html"
    column_list = (
        "made_at",
        "incident_id",
        "helper",
        "by_name",
        "model",
        "prompt",
        "state",
        "changed_percent",
    )
    column_details_list = (
        *column_list,
        "visibility",
        "phase",
        "note",
        "seen",
        "typed",
        "answer",
        "text",
        "ended_at",
        "id",
    )
    column_labels: ClassVar = {
        "made_at": "At",
        "incident_id": "Incident",
        "by_name": "For",
        "changed_percent": "Changed, %",
        "seen": "What it saw",
        "typed": "In the composer before",
        "answer": "What the model said",
        "text": "Draft",
        "ended_at": "Ended",
        "id": "Row",
    }
    column_formatters: ClassVar = {
        "incident_id": by_row(lambda row: incident_link(row.incident_id)),
        "model": by_row(lambda row: row.writer),
    }
    column_formatters_export: ClassVar = {
        "incident_id": by_row(lambda row: reference(row.incident_id)),
        "model": by_row(lambda row: row.writer),
    }
    column_sortable_list = (
        "made_at",
        "incident_id",
        "helper",
        "by_name",
        "model",
        "state",
        "changed_percent",
    )
    column_searchable_list = ("by_name", "model", "text")
    column_filters = (
        Is(Draft.helper, "Helper", Helper),
        Is(Draft.state, "State", DraftState),
        Number(Draft.incident_id, "Incident"),
        From(Draft.made_at, "From"),
        Until(Draft.made_at, "Until"),
    )

    def heading(self, row: Draft) -> str:
        """Which helper wrote it and for which incident: `AI exec brief for INC-042`."""
        return f"{row.helper.label} for {reference(row.incident_id)}"

    @expose("/prompts/")
    def prompts_view(self) -> str:
        """Show the prompts as they are asked with now, the model, and for how many days drafts are kept."""
        return self.render(
            "admin/prompts.html",
            prompts=prompts(),
            model=current_app.config["AI_MODEL"],
            days=current_app.config["AI_KEEP_DAYS"],
        )


TABLES = ((DraftTable, Draft, "AI drafts"),)
"""As in tables.py."""
