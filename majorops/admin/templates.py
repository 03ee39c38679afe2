"""The table of templates of updates: texts that were cleared before anything happened."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from majorops.admin import forms
from majorops.admin.base import Table
from majorops.admin.filters import Contains, Is, YesNo
from majorops.admin.show import by_row, lines
from majorops.domain.access import Actor
from majorops.domain.enums import Phase
from majorops.domain.parsing import as_text
from majorops.models import UpdateTemplate
from majorops.operations import templates as operations


def phase_of(typed: str) -> Phase | None:
    """The phase that the form names; None for any."""
    return Phase(int(typed)) if typed else None


class TemplateTable(Table):
    """Templates of updates, by system and phase, with who cleared them and when."""

    about = (
        "Texts for updates, cleared in advance by whom they concern. The composer offers those that fit the "
        "incident's systems and phase."
    )
    can_create = can_edit = True
    empty = "0 templates. Write what is said each time, and have it cleared before the next one."
    create_label = "Add template"
    form = forms.TemplateForm
    presets = (("Not in use", {"flt_in_use": "no"}),)
    column_list = ("name", "system", "phase", "cleared_by", "cleared_on", "is_active")
    column_details_list = (*column_list, "body")
    column_labels: ClassVar = {
        "phase": "Phase",
        "cleared_by": "Cleared by",
        "cleared_on": "Cleared on",
        "is_active": "In use",
        "body": "Text",
    }
    column_formatters: ClassVar = {
        "system": by_row(lambda row: row.system or "Any"),
        "phase": by_row(lambda row: row.phase.title if row.phase else "Any"),
        "cleared_on": by_row(lambda row: row.cleared_on.isoformat()),
        "body": by_row(lambda row: lines(row.body)),
    }
    column_formatters_export: ClassVar = {
        "phase": by_row(lambda row: row.phase.title if row.phase else ""),
        "cleared_on": by_row(lambda row: row.cleared_on.isoformat()),
    }
    column_sortable_list = ("name", "system", "phase", "cleared_by", "cleared_on", "is_active")
    column_searchable_list = ("name", "system", "body", "cleared_by")
    column_default_sort = "name"
    column_filters = (
        YesNo(UpdateTemplate.is_active, "In use"),
        Is(UpdateTemplate.phase, "Phase", Phase),
        Contains(UpdateTemplate.system, "System"),
    )

    def heading(self, row: UpdateTemplate) -> str:
        """The template's name."""
        return row.name

    def stored(self, row: UpdateTemplate) -> dict[str, str]:
        """The text of each value; phase and system empty for any."""
        text = {name: as_text(getattr(row, name)) for name in ("name", "system", "body", "is_active")}
        phase = str(row.phase.value) if row.phase else ""
        return text | {
            "phase": phase,
            "cleared_by": row.cleared_by,
            "cleared_on": row.cleared_on.isoformat(),
        }

    def form_for(self, row: UpdateTemplate):
        """The form of a template that exists: it can be taken out of use."""
        return forms.TemplateEditForm

    def add(self, form, *, actor: Actor, now: datetime) -> UpdateTemplate:
        """Add a template. Raises Invalid."""
        return operations.add_template(
            name=form["name"].data or "",
            system=form["system"].data or "",
            phase=phase_of(form["phase"].data),
            body=form["body"].data or "",
            cleared_by=form["cleared_by"].data or "",
            cleared_on=form["cleared_on"].data or "",
            actor=actor,
            now=now,
        )

    def change(self, row: UpdateTemplate, changes: dict, form, *, actor: Actor, now: datetime) -> None:
        """Save all values or none; other words are cleared anew. Raises Invalid."""
        text = self.stored(row) | {name: typed for name, (typed, was) in changes.items()}
        operations.save_template(
            row,
            name=text["name"],
            system=text["system"],
            phase=phase_of(text["phase"]),
            body=text["body"],
            cleared_by=text["cleared_by"],
            cleared_on=text["cleared_on"],
            is_active=text["is_active"] == "yes",
            actor=actor,
            now=now,
        )


TABLES = ((TemplateTable, UpdateTemplate, "Update templates"),)
"""As in tables.py."""
