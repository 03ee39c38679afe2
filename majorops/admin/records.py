"""The tables of the record, read-only: what was said and what happened is not rewritten."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_login import current_user
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from majorops import clock
from majorops.admin.base import Table
from majorops.admin.bulk import Act
from majorops.admin.filters import Contains, From, Is, Number, Until, YesNo
from majorops.admin.show import by_row, incident_link, lines
from majorops.domain.access import Actor
from majorops.domain.enums import CommandRole, EventType, HandoverState, IncidentStatus, Visibility, by_value
from majorops.domain.errors import Refused
from majorops.domain.events import AuditKind, EventKind
from majorops.domain.text import reference
from majorops.models import AuditEntry, CommandAssignment, Handover, Milestone, StatusUpdate, TimelineEvent
from majorops.operations import timeline


class IncidentRecord(Table):
    """Rows that belong to an incident."""

    column_formatters: ClassVar = {
        "incident_id": by_row(lambda row: incident_link(row.incident_id)),
        "body": by_row(lambda row: lines(row.body)),
        "detail": by_row(lambda row: lines(row.detail)),
    }
    column_formatters_export: ClassVar = {"incident_id": by_row(lambda row: reference(row.incident_id))}
    column_labels: ClassVar = {
        "incident_id": "Incident",
        "incident.title": "Title of the incident",
        "seq": "Entry",
        "by_name": "By",
        "actor_name": "By",
        "at": "At",
        "next_update_eta": "Next update promised",
        "status_at_cut": "Status then",
        "is_resolution": "Resolution",
        "after_action_at": "After Action",
        "withdrawn_at": "Withdrawn",
        "corrects_id": "Corrects row",
        "id": "Row",
    }

    def heading(self, row) -> str:
        """Which table, and of which incident: `Timeline, INC-042`."""
        return f"{self.name}, {reference(row.incident_id)}"

    def links(self, row) -> list[tuple[str, str]]:
        """The fireground of the row's incident."""
        return [("Fireground", url_for("fireground.show", number=row.incident_id))]


def make_internal(entry: TimelineEvent, *, actor: Actor, now: datetime) -> None:
    """Make an entry internal, which withdraws an update or milestone. Raises as `set_visibility`."""
    timeline.set_visibility(entry.incident, entry.seq, Visibility.INTERNAL, actor=actor, now=now)


class TimelineTable(IncidentRecord):
    """Every entry of every incident (domain §6). Nothing is written here but the visibility."""

    about = "The record: append-only. Only the visibility of an entry changes, and that is logged."
    empty = "0 entries."
    details_template = "admin/entry.html"
    presets = (
        ("Public", {"flt_visibility": "public"}),
        ("Overrides", {"flt_kind": EventKind.GATE_OVERRIDDEN}),
        ("Corrections", {"flt_kind": EventKind.NOTE_CORRECTED}),
    )
    acts: ClassVar = {"internal": Act("Make internal", make_internal, "Internal")}
    loads = (selectinload(TimelineEvent.incident),)
    column_list = ("incident_id", "seq", "at", "type", "kind", "title", "visibility", "actor_name")
    column_details_list = (
        "incident_id",
        "incident.title",
        "seq",
        "at",
        "type",
        "kind",
        "title",
        "detail",
        "visibility",
        "actor_name",
        "phase",
        "field",
        "corrects_id",
        "id",
    )
    column_export_list = (
        "incident_id",
        "seq",
        "at",
        "type",
        "kind",
        "title",
        "detail",
        "visibility",
        "actor_name",
    )
    column_sortable_list = ("incident_id", "seq", "at", "type", "kind", "title", "visibility", "actor_name")
    column_searchable_list = ("incident_id", "title", "detail", "actor_name", "kind")
    column_filters = (
        Number(TimelineEvent.incident_id, "Incident"),
        Is(TimelineEvent.type, "Type", EventType),
        Is(TimelineEvent.visibility, "Visibility", Visibility),
        Is(TimelineEvent.kind, "Kind", EventKind),
        From(TimelineEvent.at, "From"),
        Until(TimelineEvent.at, "Until"),
    )

    @expose("/visibility/", methods=("POST",))
    def set_visibility(self) -> Response:
        """Make an entry public or internal; both ways are logged (domain §3). Aborts with 400 and 404."""
        entry = self.get_one(request.args.get("id"))
        visibility = by_value(Visibility, request.form.get("visibility")) or abort(400)
        try:
            timeline.set_visibility(
                entry.incident, entry.seq, visibility, actor=current_user.actor, now=clock.now()
            )
            flash(f"Entry {entry.seq} is {visibility.value}.", "done")
        except Refused as problem:
            flash(str(problem), "error")
        return redirect(self.get_url(".details_view", id=entry.id, url=self.way_back()), 303)


class UpdateTable(IncidentRecord):
    """Status updates of all incidents, withdrawn ones too; their text never changes (domain §3)."""

    about = (
        "Status updates as published. A correction is a new update; withdrawing is a press on the fireground."
    )
    empty = "0 updates."
    presets = (("Public", {"flt_visibility": "public"}), ("Withdrawn", {"flt_withdrawn": "yes"}))
    loads = (selectinload(StatusUpdate.incident),)

    def get_query(self):
        """Of the table that updates and milestones share, the updates."""
        # Milestones have numbers: the index of those without one is short where updates are rare.
        return super().get_query().filter(StatusUpdate.number.is_(None))

    column_list = ("incident_id", "at", "body", "visibility", "by_name", "next_update_eta", "withdrawn_at")
    column_details_list = (
        "incident_id",
        "incident.title",
        "at",
        "by_name",
        "visibility",
        "title",
        "body",
        "next_update_eta",
        "status_at_cut",
        "source",
        "withdrawn_at",
        "corrects_id",
        "id",
    )
    column_sortable_list = ("incident_id", "at", "visibility", "by_name", "next_update_eta", "withdrawn_at")
    column_searchable_list = ("incident_id", "body", "by_name")
    column_filters = (
        Number(StatusUpdate.incident_id, "Incident"),
        Is(StatusUpdate.visibility, "Visibility", Visibility),
        YesNo(StatusUpdate.withdrawn_at, "Withdrawn", known=True),
        From(StatusUpdate.at, "From"),
        Until(StatusUpdate.at, "Until"),
    )


class MilestoneTable(IncidentRecord):
    """Milestones of all incidents, withdrawn ones too; their text never changes (domain §3)."""

    about = "Milestones as cut: numbered within the incident, never rewritten."
    empty = "0 milestones."
    presets = (("Resolutions", {"flt_resolution": "yes"}), ("Public", {"flt_visibility": "public"}))
    loads = (selectinload(Milestone.incident),)
    column_list = (
        "incident_id",
        "number",
        "at",
        "title",
        "body",
        "visibility",
        "status_at_cut",
        "by_name",
        "next_update_eta",
        "is_resolution",
        "after_action_at",
    )
    column_details_list = (
        "incident_id",
        "incident.title",
        "number",
        "at",
        "by_name",
        "visibility",
        "title",
        "body",
        "next_update_eta",
        "status_at_cut",
        "is_resolution",
        "after_action_at",
        "source",
        "withdrawn_at",
        "id",
    )
    column_sortable_list = (
        "incident_id",
        "number",
        "at",
        "title",
        "visibility",
        "status_at_cut",
        "by_name",
        "next_update_eta",
    )
    column_searchable_list = ("incident_id", "title", "body", "by_name")
    column_filters = (
        Number(Milestone.incident_id, "Incident"),
        Is(Milestone.visibility, "Visibility", Visibility),
        Is(Milestone.status_at_cut, "Status then", IncidentStatus),
        YesNo(Milestone.is_resolution, "Resolution"),
        From(Milestone.at, "From"),
        Until(Milestone.at, "Until"),
    )


class AssignmentTable(IncidentRecord):
    """Who held which command role from when until when (domain §3); without an end it is held now."""

    about = "Who held which command role, and when. Roles are handed over on the fireground."
    empty = "0 assignments."
    presets = (("Held now", {"flt_held": "no"}),)
    loads = (selectinload(CommandAssignment.incident),)
    column_list = ("incident_id", "role", "name", "since", "until")
    column_details_list = ("incident_id", "incident.title", "role", "name", "since", "until", "id")
    column_sortable_list = ("incident_id", "role", "name", "since", "until")
    column_searchable_list = ("incident_id", "name")
    column_filters = (
        Number(CommandAssignment.incident_id, "Incident"),
        Is(CommandAssignment.role, "Role", CommandRole),
        YesNo(CommandAssignment.until, "Held", ("Until a time", "Still"), known=True),
        From(CommandAssignment.since, "From"),
        Until(CommandAssignment.since, "Until"),
    )


class HandoverTable(IncidentRecord):
    """Hand-overs of the MIM role: offered, accepted or not, with the brief (domain §5)."""

    about = "Command offered by one person to another, and the brief that both read."
    empty = "0 hand-overs."
    loads = (selectinload(Handover.incident),)
    column_list = ("incident_id", "from_name", "to_name", "state", "reason", "offered_at", "closed_at")
    column_details_list = (*column_list, "brief", "id")
    column_labels: ClassVar = IncidentRecord.column_labels | {"from_name": "From", "to_name": "To"}
    column_formatters: ClassVar = IncidentRecord.column_formatters | {
        "brief": by_row(lambda row: lines(row.brief))
    }
    column_sortable_list = ("incident_id", "from_name", "to_name", "state", "offered_at", "closed_at")
    column_searchable_list = ("incident_id", "from_name", "to_name", "brief")
    column_filters = (
        Number(Handover.incident_id, "Incident"),
        Is(Handover.state, "State", HandoverState),
        From(Handover.offered_at, "From"),
        Until(Handover.offered_at, "Until"),
    )


class AuditTable(Table):
    """What operations outside incidents left: accounts, sign-ins, catalogue, settings of delivery."""

    about = "What happened outside incidents: accounts, sign-ins, the catalogue. Append-only."
    presets = (
        ("Failed sign-ins", {"flt_kind": AuditKind.SIGN_IN_FAILED}),
        ("Accounts", {"flt_kind": "user."}),
    )
    empty = "0 entries."
    column_list = ("at", "kind", "subject", "detail", "actor_name")
    column_details_list = ("at", "kind", "subject", "detail", "actor_name", "id")
    column_labels: ClassVar = {"at": "At", "actor_name": "By", "id": "Row"}
    column_formatters: ClassVar = {"detail": by_row(lambda row: lines(row.detail))}
    column_formatters_export: ClassVar[dict] = {}
    column_sortable_list = ("at", "kind", "subject", "actor_name")
    column_searchable_list = ("kind", "subject", "detail", "actor_name")
    column_filters = (
        Contains(AuditEntry.kind, "Kind"),
        Contains(AuditEntry.actor_name, "By", "people"),
        From(AuditEntry.at, "From"),
        Until(AuditEntry.at, "Until"),
    )
