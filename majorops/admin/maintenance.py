"""Scheduled maintenance, read-only here: it is planned and moved on its own page."""

from __future__ import annotations

from typing import ClassVar

from flask import url_for
from sqlalchemy.orm import joinedload

from majorops.admin.base import Table
from majorops.admin.filters import From, Is, Until, YesNo
from majorops.admin.show import by_row, lines
from majorops.domain.enums import MaintenanceStatus
from majorops.models import Maintenance, MaintenanceUpdate


class MaintenanceTable(Table):
    """Scheduled maintenance in every state, public or not. It is written on pages of its own."""

    about = "Scheduled maintenance. It is planned, changed and moved on the Maintenance page."
    empty = "0 planned."
    column_list = ("title", "status", "starts_at", "ends_at", "systems", "is_automatic", "is_public")
    column_details_list = (
        *column_list[:5],
        "body",
        "is_automatic",
        "is_public",
        "repeats",
        "repeat_every",
        "occurrence",
        "created_at",
        "changed_at",
        "started_at",
        "ended_at",
        "id",
    )
    column_labels: ClassVar = {
        "starts_at": "Begins",
        "ends_at": "Ends",
        "started_at": "Begun",
        "ended_at": "Over",
        "created_at": "Planned",
        "changed_at": "Changed",
        "body": "What people notice",
        "is_automatic": "By the clock",
        "is_public": "Public",
        "repeats": "Comes again",
        "repeat_every": "Every so many",
        "occurrence": "Number in the series, from 0",
        "id": "Row",
    }
    column_formatters: ClassVar = {"body": by_row(lambda row: lines(row.body))}
    column_formatters_export: ClassVar[dict] = {}
    column_sortable_list = ("title", "status", "starts_at", "ends_at")
    column_searchable_list = ("title", "body", "systems")
    column_filters = (
        Is(Maintenance.status, "State", MaintenanceStatus),
        YesNo(Maintenance.is_public, "Public"),
        From(Maintenance.starts_at, "From"),
        Until(Maintenance.starts_at, "Until"),
    )

    def heading(self, row: Maintenance) -> str:
        """Its title, as the public reads it."""
        return row.title

    def links(self, row: Maintenance) -> list[tuple[str, str]]:
        """The page that plans it, at this row; what has been over for long is not listed there any more."""
        return [("Maintenance page", url_for("maintenance.index", _anchor=f"m{row.id}"))]


class MaintenanceUpdateTable(Table):
    """Every update of every maintenance, with the state that it told of."""

    about = "What was said about maintenance. Append-only."
    empty = "0 updates."
    loads = (joinedload(MaintenanceUpdate.maintenance),)
    column_list = ("at", "maintenance", "status", "body")
    column_details_list = (*column_list, "id")
    column_labels: ClassVar = {"at": "At", "body": "Text", "id": "Row"}
    column_formatters: ClassVar = {"body": by_row(lambda row: lines(row.body))}
    column_formatters_export: ClassVar[dict] = {}
    column_sortable_list = ("at", "status")
    column_searchable_list = ("body",)
    column_filters = (From(MaintenanceUpdate.at, "From"), Until(MaintenanceUpdate.at, "Until"))

    def heading(self, row: MaintenanceUpdate) -> str:
        """The title of the maintenance that the update is about."""
        return row.maintenance.title


TABLES = (
    (MaintenanceTable, Maintenance, "Maintenance"),
    (MaintenanceUpdateTable, MaintenanceUpdate, "Maintenance updates"),
)
"""As in tables.py."""
