"""The tables of the response, read-only: tracks, timeboxes, CAN reports, asks.

They change on the fireground.
"""

from __future__ import annotations

from typing import ClassVar

from majorops.admin.filters import From, Is, Number, Until, YesNo
from majorops.admin.records import IncidentRecord
from majorops.admin.show import by_row, lines
from majorops.domain.enums import AskState, CheckState, TrackOutcome
from majorops.models import Ask, CanReport, RecoveryTrack, Timebox, ValidationCheck


class TrackTable(IncidentRecord):
    """Recovery tracks of all incidents (domain §3). `minutes` is the timebox; `extensions` counts."""

    about = "Recovery tracks: who works on what, until when, and how it ended."
    empty = "0 tracks."
    presets = (
        ("Running", {"flt_outcome": TrackOutcome.RUNNING}),
        ("Failed", {"flt_outcome": TrackOutcome.FAILED}),
    )
    column_list = ("incident_id", "team", "owner", "goal", "started_at", "expires_at", "outcome", "closed_at")
    column_details_list = (
        *column_list,
        "outcome_note",
        "minutes",
        "extensions",
        "escalated_at",
        "escalated_to",
        "id",
    )
    column_labels: ClassVar = IncidentRecord.column_labels | {
        "started_at": "Timebox began",
        "expires_at": "Timebox ends",
        "closed_at": "Ended",
    }
    column_sortable_list = ("incident_id", "team", "owner", "started_at", "expires_at", "outcome")
    column_searchable_list = ("incident_id", "team", "owner", "goal")
    column_filters = (
        Number(RecoveryTrack.incident_id, "Incident"),
        Is(RecoveryTrack.outcome, "Outcome", TrackOutcome),
        From(RecoveryTrack.started_at, "From"),
        Until(RecoveryTrack.started_at, "Until"),
    )


class TimeboxTable(IncidentRecord):
    """Timeboxes that belong to no track (domain §3), in minutes; without `closed_at` one is still open."""

    about = "Timeboxes without a track, such as for gathering conditions."
    empty = "0 timeboxes."
    presets = (("Running", {"flt_closed": "no"}),)
    column_list = (
        "incident_id",
        "purpose",
        "team",
        "owner",
        "minutes",
        "started_at",
        "expires_at",
        "closed_at",
    )
    column_details_list = (*column_list, "id")
    column_labels: ClassVar = IncidentRecord.column_labels | {
        "started_at": "Began",
        "expires_at": "Ends",
        "closed_at": "Closed",
    }
    column_sortable_list = ("incident_id", "team", "owner", "started_at", "expires_at")
    column_searchable_list = ("incident_id", "purpose", "team", "owner")
    column_filters = (
        Number(Timebox.incident_id, "Incident"),
        YesNo(Timebox.closed_at, "Closed", known=True),
        From(Timebox.started_at, "From"),
        Until(Timebox.started_at, "Until"),
    )


class CanTable(IncidentRecord):
    """CAN reports of all teams (domain §3). `needs_met_at`: empty while a need stands, or where none was."""

    about = "What each team reported: conditions, actions, needs."
    empty = "0 CAN reports."
    column_list = ("incident_id", "at", "team", "conditions", "actions", "needs", "by")
    column_details_list = (*column_list, "needs_met_at", "needs_met_by", "id")
    column_labels: ClassVar = IncidentRecord.column_labels | {
        "needs_met_at": "Need met",
        "needs_met_by": "Need met by",
    }
    column_formatters: ClassVar = IncidentRecord.column_formatters | {
        "conditions": by_row(lambda row: lines(row.conditions)),
        "actions": by_row(lambda row: lines(row.actions)),
        "needs": by_row(lambda row: lines(row.needs)),
    }
    column_sortable_list = ("incident_id", "at", "team", "by")
    column_searchable_list = ("incident_id", "team", "conditions", "actions", "needs")
    column_filters = (
        Number(CanReport.incident_id, "Incident"),
        YesNo(CanReport.needs_met_at, "Need met", known=True),
        From(CanReport.at, "From"),
        Until(CanReport.at, "Until"),
    )


class AskTable(IncidentRecord):
    """What was asked of people, questions from briefs too; `parked` counts how often one was put off."""

    about = "What people were asked to do or to say, by when, and what they answered."
    empty = "0 asks."
    presets = (("Open", {"flt_state": AskState.OPEN}),)
    column_list = (
        "incident_id",
        "whom",
        "what",
        "asked_by",
        "asked_as",
        "asked_at",
        "due_at",
        "state",
        "answer",
    )
    column_details_list = (*column_list, "parked", "closed_by", "closed_at", "id")
    column_labels: ClassVar = IncidentRecord.column_labels | {
        "whom": "Asked",
        "what": "To do",
        "asked_by": "By",
        "asked_as": "As",
        "asked_at": "At",
        "due_at": "Due",
        "parked": "Times parked",
        "closed_by": "Closed by",
        "closed_at": "Closed",
    }
    column_formatters: ClassVar = IncidentRecord.column_formatters | {
        "answer": by_row(lambda row: lines(row.answer))
    }
    column_sortable_list = ("incident_id", "whom", "asked_by", "asked_at", "due_at", "state")
    column_searchable_list = ("incident_id", "whom", "what", "answer")
    column_filters = (
        Number(Ask.incident_id, "Incident"),
        Is(Ask.state, "State", AskState),
        From(Ask.asked_at, "From"),
        Until(Ask.asked_at, "Until"),
    )


class CheckTable(IncidentRecord):
    """Validation of affected systems, one row a system once something was said; no row yet means pending."""

    about = "Validation: which affected system's recovery was confirmed, by whom."
    empty = "0 checks."
    presets = (("Failed", {"flt_state": CheckState.FAILED}),)
    column_list = ("incident_id", "system", "state", "confirmed_by", "at", "note")
    column_details_list = (*column_list, "id")
    column_labels: ClassVar = IncidentRecord.column_labels | {"confirmed_by": "Confirmed by"}
    column_formatters: ClassVar = IncidentRecord.column_formatters | {
        "note": by_row(lambda row: lines(row.note))
    }
    column_sortable_list = ("incident_id", "system", "state", "at")
    column_searchable_list = ("incident_id", "system", "note")
    column_filters = (
        Number(ValidationCheck.incident_id, "Incident"),
        Is(ValidationCheck.state, "State", CheckState),
    )


TABLES = (
    (TrackTable, RecoveryTrack, "Tracks"),
    (TimeboxTable, Timebox, "Timeboxes"),
    (CanTable, CanReport, "CAN reports"),
    (AskTable, Ask, "Asks"),
    (CheckTable, ValidationCheck, "Checks"),
)
"""As in tables.py."""
