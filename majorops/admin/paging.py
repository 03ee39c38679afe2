"""The tables of paging: who is on call, and the pages that were sent."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import joinedload

from majorops.admin import forms
from majorops.admin.base import Table
from majorops.admin.filters import From, Is, Number, Until, YesNo
from majorops.admin.show import by_row, incident_link, lines
from majorops.domain.access import Actor
from majorops.domain.enums import CommandRole, PagerKind, by_value
from majorops.domain.errors import Invalid
from majorops.domain.parsing import as_text
from majorops.models import Page, Rota
from majorops.operations import rotas


def role_of(typed: str) -> CommandRole:
    """The role that a form names. Raises Invalid."""
    role = by_value(CommandRole, typed)
    if role is None:
        raise Invalid({"role": "Choose one of the roles."})
    return role


def pager_of(typed: str) -> PagerKind | None:
    """The service that a form names; None for none."""
    return by_value(PagerKind, typed)


class RotaTable(Table):
    """Who is on call for a role. The key of a pager is shown to nobody."""

    needs_proof = True
    about = (
        "Who is on call for a role of the command team, of one system or of all. The fireground pages them: "
        "once more, then the deputy, then the leader, until somebody is on it."
    )
    can_create = can_edit = True
    empty = "0 rotas: whoever pages says whom."
    create_label = "Add rota"
    form = forms.RotaForm
    column_list = (
        "name",
        "role",
        "system",
        "pager_kind",
        "calendar_url",
        "calendar_at",
        "calendar_why",
        "is_active",
    )
    column_details_list = (*column_list, "pager_url", "shifts", "calendar", "id")
    column_labels: ClassVar = {
        "calendar_url": "Calendar",
        "calendar_at": "Read",
        "calendar_why": "Why not",
        "calendar": "As the calendar says",
        "pager_kind": "Pager",
        "pager_url": "Pager address",
        "is_active": "In use",
        "id": "Row",
    }
    column_formatters: ClassVar = {
        "system": by_row(lambda row: row.system or "All"),
        "shifts": by_row(lambda row: lines(row.shifts)),
        "calendar": by_row(lambda row: lines(row.calendar)),
    }
    column_sortable_list = ("name", "role", "system", "is_active")
    column_searchable_list = ("name",)
    column_default_sort = "name"
    column_filters = (Is(Rota.role, "Role", CommandRole), YesNo(Rota.is_active, "In use"))

    def heading(self, row: Rota) -> str:
        """The rota's name."""
        return row.name

    def stored(self, row: Rota) -> dict[str, str]:
        """The text of each value."""
        shown = (name for name in (*forms.ROTA, "is_active") if name != "pager_key")
        return {name: as_text(getattr(row, name)) for name in shown} | {"pager_key": ""}

    def form_for(self, row: Rota):
        """The form of a rota that exists: it can be switched off."""
        return forms.RotaEditForm

    def add(self, form, *, actor: Actor, now: datetime) -> Rota:
        """Add a rota. Raises Invalid."""
        text = {name: form[name].data or "" for name in forms.ROTA}
        role, pager = role_of(text.pop("role")), pager_of(text.pop("pager_kind"))
        return rotas.add_rota(role=role, pager_kind=pager, **text, actor=actor, now=now)

    def change(self, row: Rota, changes: dict, form, *, actor: Actor, now: datetime) -> None:
        """Save all values or none. Raises Invalid."""
        text = self.stored(row) | {name: typed for name, (typed, was) in changes.items()}
        role, is_active = role_of(text.pop("role")), text.pop("is_active") == "yes"
        given = {"role": role, "is_active": is_active, "pager_kind": pager_of(text.pop("pager_kind"))}
        rotas.save_rota(row, **given, **text, actor=actor, now=now)


class PageTable(Table):
    """Who was paged, and who was on it."""

    about = "Who was paged for a role, by which call, and who was on it. Each call stands on the timeline."
    empty = "0 pages."
    loads = (joinedload(Page.rota),)
    column_list = ("begun_at", "incident_id", "role", "whom", "call", "answered_by", "ended_at", "begun_by")
    column_details_list = (*column_list, "rota", "called_at", "next_at", "pager_name", "id")
    column_labels: ClassVar = {
        "begun_at": "Paged",
        "incident_id": "Incident",
        "call": "Newest call",
        "answered_by": "On it",
        "ended_at": "Ended",
        "begun_by": "By",
        "called_at": "Newest call at",
        "next_at": "Next call",
        "pager_name": "Pager",
        "id": "Row",
    }
    column_formatters: ClassVar = {
        "incident_id": by_row(lambda row: incident_link(row.incident_id)),
        "call": by_row(lambda row: row.call.label),
    }
    column_export_list = ("begun_at", "role", "whom", "answered_by", "ended_at", "begun_by")
    column_sortable_list = ("begun_at", "role", "ended_at")
    column_default_sort = ("begun_at", True)
    column_filters = (
        Number(Page.incident_id, "Incident"),
        Is(Page.role, "Role", CommandRole),
        From(Page.begun_at, "From"),
        Until(Page.begun_at, "Until"),
    )

    def heading(self, row: Page) -> str:
        """Whom it was for."""
        return str(row)


TABLES = ((RotaTable, Rota, "Rotas"), (PageTable, Page, "Pages"))
"""As in tables.py."""
