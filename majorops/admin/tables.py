"""The tables, one small class each: columns, search, filters, and for three of them which verbs write."""

from __future__ import annotations

from sqlalchemy.orm import selectinload

from majorops.admin import forms
from majorops.admin.base import Table
from majorops.domain.vocab import AccountRole
from majorops.fields import FIELDS
from majorops.models import (
    AuditEntry,
    CommandAssignment,
    Incident,
    Milestone,
    StatusUpdate,
    System,
    TimelineEvent,
    User,
)
from majorops.operations import accounts, catalogue
from majorops.operations.edit import edit_fields


class IncidentTable(Table):
    can_edit = True
    column_list = (
        "id", "title", "severity", "alarm_level", "status", "phase", "opened_at", "resolved_at", "systems",
        "is_public", "is_drill",
    )  # fmt: skip
    column_labels = {"id": "Number"}
    column_searchable_list = ("title", "description", "systems.name")
    column_filters = (
        "severity", "status", "phase", "alarm_level", "opened_at", "resolved_at", "is_public", "is_drill",
        "external_impact",
    )  # fmt: skip
    column_details_exclude_list = ("request_key", "version")

    def get_query(self):
        return super().get_query().options(selectinload(Incident.systems))

    def get_edit_form(self):
        return forms.incident_form()

    def edit_form(self, obj: Incident | None = None):
        form = super().edit_form(obj)
        if not form.is_submitted():
            for name in forms.EDITABLE:
                text = FIELDS[name].read(obj)
                form[forms.key(name)].data = form[f"was_{forms.key(name)}"].data = text
        return form

    def change(self, form, incident: Incident, who: dict) -> None:
        given = {}
        for name in forms.EDITABLE:
            typed, was = form[forms.key(name)].data or "", form[f"was_{forms.key(name)}"].data or ""
            if typed.replace("\r\n", "\n") != was.replace("\r\n", "\n"):
                given[name] = (typed, was)
        rename = {name: forms.key(name) for name in forms.EDITABLE}
        edit_fields(incident, given, rename=rename, **who)


class UpdateTable(Table):
    column_list = ("id", "incident", "body", "visibility", "by_name", "at", "next_update_eta", "withdrawn_at")
    column_searchable_list = ("body",)
    column_filters = ("incident_id", "visibility", "at", "by_name")


class MilestoneTable(Table):
    column_list = (
        "id", "incident", "number", "title", "body", "visibility", "by_name", "at", "next_update_eta",
        "is_resolution", "after_action_at",
    )  # fmt: skip
    column_searchable_list = ("title", "body")
    column_filters = ("incident_id", "visibility", "at", "is_resolution")


class TimelineTable(Table):
    column_list = ("incident", "seq", "at", "type", "kind", "title", "visibility", "actor_name")
    column_searchable_list = ("title", "detail", "actor_name")
    column_filters = ("incident_id", "type", "kind", "visibility", "at", "phase")


class AssignmentTable(Table):
    column_list = ("incident", "role", "name", "since", "until")
    column_searchable_list = ("name",)
    column_filters = ("incident_id", "role", "since", "until")


class UserTable(Table):
    can_create = can_edit = True
    column_list = ("name", "email", "role", "is_active", "created_at")
    column_searchable_list = ("name", "email")
    column_filters = ("role", "is_active")
    column_default_sort = "name"
    column_details_list = ("name", "email", "role", "is_active", "created_at", "oidc_subject")

    def get_create_form(self):
        return forms.UserForm

    def get_edit_form(self):
        return forms.UserEditForm

    def add(self, form, who: dict) -> User:
        role = AccountRole(form.role.data)
        given = {"email": form.email.data, "name": form.name.data, "password": form.password.data}
        return accounts.add_user(role=role, **given, **who)

    def change(self, form, user: User, who: dict) -> None:
        accounts.save_user(
            user,
            email=form.email.data,
            name=form.name.data,
            role=AccountRole(form.role.data),
            is_active=form.is_active.data,
            password=form.password.data,
            **who,
        )

    def edit_form(self, obj: User | None = None):
        form = super().edit_form(obj)
        if not form.is_submitted():
            form.role.data = obj.role.value
        return form


class SystemTable(Table):
    can_create = can_edit = True
    column_list = ("name", "description", "owner", "is_active")
    column_searchable_list = ("name", "description")
    column_filters = ("is_active",)
    column_default_sort = "name"

    def get_create_form(self):
        return forms.SystemForm

    get_edit_form = get_create_form

    def edit_form(self, obj: System | None = None):
        form = super().edit_form(obj)
        if not form.is_submitted():
            form.owner.data = obj.owner.email if obj.owner else ""
        return form

    def add(self, form, who: dict) -> System:
        return catalogue.add_system(**form.data, **who)

    def change(self, form, system: System, who: dict) -> None:
        catalogue.update_system(system, **form.data, **who)


class AuditTable(Table):
    column_list = ("at", "kind", "subject", "detail", "actor_name")
    column_searchable_list = ("subject", "detail", "actor_name")
    column_filters = ("kind", "at", "actor_name")


TABLES = (
    (IncidentTable, Incident, "Incidents"),
    (UpdateTable, StatusUpdate, "Updates"),
    (MilestoneTable, Milestone, "Milestones"),
    (TimelineTable, TimelineEvent, "Timeline"),
    (AssignmentTable, CommandAssignment, "Command assignments"),
    (UserTable, User, "Users"),
    (SystemTable, System, "Systems"),
    (AuditTable, AuditEntry, "Audit"),
)
