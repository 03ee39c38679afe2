"""The messages in chats that are kept up to date, and why one is not."""

from __future__ import annotations

from typing import ClassVar

from majorops.admin.base import Table
from majorops.admin.filters import Number, YesNo
from majorops.admin.show import by_row, incident_link
from majorops.domain.text import reference
from majorops.models import ChatBoard


class ChatTable(Table):
    """One row an incident and chat; read-only."""

    about = (
        "One message an incident in Slack or Mattermost, changed as the incident changes, where the settings "
        "name a channel."
    )
    empty = "0 messages in chats."
    presets = (("Open", {"flt_done": "no"}),)
    column_list = ("incident_id", "service", "version", "next_at", "done_at", "error")
    column_details_list = (*column_list, "message_id", "id")
    column_labels: ClassVar = {
        "incident_id": "Incident",
        "service": "In",
        "version": "Shows version",
        "next_at": "Not changed before",
        "done_at": "Done",
        "error": "Why not",
        "message_id": "Their id",
        "id": "Row",
    }
    column_formatters: ClassVar = {"incident_id": by_row(lambda row: incident_link(row.incident_id))}
    column_formatters_export: ClassVar = {"incident_id": by_row(lambda row: reference(row.incident_id))}
    column_sortable_list = ("incident_id", "service", "done_at")
    column_filters = (
        Number(ChatBoard.incident_id, "Incident"),
        YesNo(ChatBoard.done_at, "Done", known=True),
    )

    def heading(self, row: ChatBoard) -> str:
        """The incident, and the chat."""
        return f"{reference(row.incident_id)} in {row.service.capitalize()}"


TABLES = ((ChatTable, ChatBoard, "Chat messages"),)
"""As in tables.py."""
