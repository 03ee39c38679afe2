"""The tables that may be written, with the operations that write them.

Tables that may only be read are in records.py and response.py.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import ClassVar

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_login import current_user
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.wrappers import Response

from majorops import clock
from majorops.admin import forms, records
from majorops.admin.base import Table
from majorops.admin.bulk import Act
from majorops.admin.filters import (
    By,
    From,
    HeldBy,
    Is,
    Number,
    OfSystem,
    ResolvedFrom,
    ResolvedUntil,
    Until,
    YesNo,
)
from majorops.admin.reading import SKIMMED, counted
from majorops.admin.show import box, by_row, incident_link, lines
from majorops.domain.access import Actor
from majorops.domain.enums import (
    AccountRole,
    AlarmLevel,
    CommandRole,
    ExternalImpact,
    Followed,
    IncidentStatus,
    Phase,
    Severity,
)
from majorops.domain.errors import Invalid, Refused
from majorops.domain.parsing import as_text
from majorops.domain.parsing import systems as parse_systems
from majorops.domain.text import reference
from majorops.models import (
    AuditEntry,
    CommandAssignment,
    Handover,
    Incident,
    Milestone,
    StatusUpdate,
    System,
    TimelineEvent,
    User,
)
from majorops.operations import accounts, catalogue, second_factor, throttle
from majorops.operations.edit import edit_field, edit_fields
from majorops.operations.fields import FIELDS, Field
from majorops.operations.imports import is_imported
from majorops.operations.people import as_picked
from majorops.web.access import role_map
from majorops.web.assertions import assertions

# Fields of the registry that are kept in rows of their own: shown on the incident's page all the same.
KEPT_ELSEWHERE = {forms.key(name): field for name, field in FIELDS.items() if not field.columns}
FIELD_COLUMNS = tuple(column for field in FIELDS.values() for column in field.columns)


def shown_elsewhere(row: Incident, field: Field) -> str:
    """The text of a field that is kept in a row of its own."""
    return lines(field.show(field.read(row)))


def show_outside(incident: Incident, is_public: str, *, actor: Actor, now: datetime) -> None:
    """Put an incident on the public page, `yes`, or take it off, `no`. Raises as `edit_field`."""
    edit_field(incident, "is_public", is_public, actor=actor, now=now)


def assign_systems(incident: Incident, *, how: str, systems: str, actor: Actor, now: datetime) -> None:
    """Add systems, comma-separated, to those of an incident, `remove` them, or `replace` all by them.

    Raises Invalid at `systems`, and else as `edit_field`.
    """
    try:
        given = parse_systems(systems)
        named = incident.system_names
        left = {
            "add": [*named, *(name for name in given if name not in named)],
            "remove": [name for name in named if name not in given],
            "replace": given,
        }
        edit_field(incident, "affected_systems", ", ".join(left[how]), actor=actor, now=now)
    except ValueError as problem:
        raise Invalid({"systems": f"Systems: {problem}."}) from None
    except Invalid as problem:
        raise Invalid({"systems": str(problem)}) from None


def came_by(incident: Incident) -> str:
    """How it came in; one query, of a column that no list shows unless asked."""
    return "Import" if is_imported(incident.id) else incident.intake_source.label


class IncidentTable(Table):
    """Incidents. Edited here is what needs no gate: the registry's other fields have their operations."""

    about = "Every incident. Phase, status, severity, Box and command roles change on the fireground."
    can_edit = True
    empty = "0 incidents."
    details_template = "admin/incident.html"
    loads = (selectinload(Incident.systems),)
    presets = (
        ("Active", {"flt_status": "active"}),
        ("Monitoring", {"flt_status": "monitoring"}),
        ("Critical", {"flt_severity": "critical"}),
        ("Private", {"flt_on_public_page": "no", "flt_drill": "no"}),
        ("Drills", {"flt_drill": "yes"}),
    )
    acts: ClassVar = {
        "hide": Act("Hide from the public", partial(show_outside, is_public="no"), "Not on the public page"),
        "show": Act(
            "Show to the public",
            partial(show_outside, is_public="yes"),
            "On the public page",
            warning="Anyone reads them then: title, systems, times, what was published. Drills stay inside.",
        ),
        "systems": Act("Assign systems", assign_systems, "Systems assigned", asks=forms.ASSIGN_SYSTEMS),
    }
    indexed = frozenset({"id", "opened_at"})
    column_list = (
        "id",
        "title",
        "severity",
        "alarm_level",
        "status",
        "phase",
        "systems",
        "opened_at",
        "resolved_at",
        "opened_by_name",
        "is_public",
        "is_drill",
    )
    column_details_list = (
        "id",
        *FIELD_COLUMNS,
        *KEPT_ELSEWHERE,
        "phase",
        "phase_entered_at",
        "is_drill",
        "merged_into_id",
        "opened_at",
        "opened_by_name",
        "intake_source",
        "old_reference",
        "next_update_eta",
        "last_communicated_at",
        "window_resets",
    )
    column_labels: ClassVar = {
        **{column: field.label for field in FIELDS.values() for column in field.columns},
        **{name: field.label for name, field in KEPT_ELSEWHERE.items()},
        "id": "Incident",
        "alarm_level": "Box",
        "phase": "Phase",
        "phase_entered_at": "Phase entered",
        "is_drill": "Drill",
        "merged_into_id": "Merged into",
        "opened_at": "Opened",
        "opened_by_name": "Opened by",
        "intake_source": "Came by",
        "old_reference": "Reference before",
        "customer_count_is_approximate": f"{FIELDS['alert.customer_count'].label} is approximate",
        "next_update_eta": "Next update",
        "last_communicated_at": "Last update",
        "window_resets": "Clean window resets",
    }
    column_formatters: ClassVar = {
        "id": by_row(lambda row: incident_link(row.id)),
        "merged_into_id": by_row(lambda row: incident_link(row.merged_into_id) if row.merged_into_id else ""),
        "alarm_level": by_row(box),
        "intake_source": by_row(came_by),
        **{name: by_row(partial(shown_elsewhere, field=field)) for name, field in KEPT_ELSEWHERE.items()},
    }
    column_formatters_export: ClassVar = {"id": by_row(lambda row: reference(row.id))}
    # All fields that a column keeps; who holds which role has a table of its own.
    column_export_list = (
        *column_list,
        *sorted(set(FIELD_COLUMNS) - set(column_list), key=FIELD_COLUMNS.index),
    )
    column_sortable_list = (
        "id",
        "title",
        "severity",
        "alarm_level",
        "status",
        "phase",
        "opened_at",
        "resolved_at",
        "opened_by_name",
        "is_public",
        "is_drill",
    )
    column_searchable_list = ("id", "title", "description", "opened_by_name")
    column_filters = (
        Is(Incident.severity, "Severity", Severity),
        Is(Incident.alarm_level, "Box", AlarmLevel),
        Is(Incident.status, "Status", IncidentStatus),
        Is(Incident.phase, "Phase", Phase),
        Is(Incident.external_impact, "External impact", ExternalImpact),
        YesNo(Incident.is_public, "On public page"),
        YesNo(Incident.is_drill, "Drill"),
        OfSystem(Incident.id, "System"),
        By(Incident.opened_by_name, "Opened by"),
        HeldBy(CommandRole.MIM, "MIM"),
        From(Incident.opened_at, "Opened from"),
        Until(Incident.opened_at, "Opened until"),
        ResolvedFrom(Incident.resolved_at, "Resolved from"),
        ResolvedUntil(Incident.resolved_at, "Resolved until"),
    )

    def heading(self, row: Incident) -> str:
        """Reference and title."""
        return str(row)

    def links(self, incident: Incident) -> list[tuple[str, str]]:
        """The fireground, what is put in order there, and the public page of an incident that is shown."""
        found = [
            ("Fireground", url_for("fireground.show", number=incident.id)),
            ("Curate", url_for("fireground.show", number=incident.id, _anchor="curate-key")),
            ("Redact words", url_for("fireground.redaction", number=incident.id)),
        ]
        if incident.is_shown:
            found.append(("Public page", url_for("public.incident", number=incident.id)))
        return found

    def rows_of(self, incident: Incident) -> list[tuple[str, str, int, bool]]:
        """Of each table with rows of incidents, how many this one has there; one query a table.

        (name, address of the list of those rows, number up to SKIMMED, whether there are more).
        """
        found = []
        for view in self.admin._views:
            if isinstance(view, Table) and any(isinstance(filter, Number) for filter in view._filters or ()):
                query = view.get_query().filter(view.model.incident_id == incident.id)
                address = url_for(f"{view.endpoint}.index_view", flt_incident=incident.id)
                found.append((view.name, address, *counted(query, view.model, SKIMMED)))
        return found

    def stored(self, row: Incident) -> dict[str, str]:
        """The text of each field that this incident's form has, by the form's name of it (`forms.key`)."""
        return {forms.key(field.name): field.read(row) for field in forms.editable(row)}

    def form_for(self, row: Incident):
        """A class made for this incident: a resolved one has fewer fields (`forms.editable`)."""
        return forms.incident_form(row)

    def change(self, incident: Incident, changes: dict, form, *, actor: Actor, now: datetime) -> None:
        """Edit the changed fields, all or none. Raises Invalid at the form's names, for conflicts too."""
        rename = {field.name: forms.key(field.name) for field in forms.editable(incident)}
        given = {name: changes[key] for name, key in rename.items() if key in changes}
        edit_fields(incident, given, rename=rename, actor=actor, now=now)


def sign_in(user: User) -> str:
    """The ways in that an account has used or may use; never a secret itself."""
    ways = (
        ("Password", user.password_hash),
        ("Single sign-on", user.oidc_subject),
        ("Kept by SCIM", user.directory_name),
    )
    return ", ".join(way for way, value in ways if value) or "Single sign-on, not yet"


class UserTable(Table):
    """Accounts and their roles (domain §1), read and written; a password can be set, never read."""

    about = (
        "Who signs in, and as what. An account is switched off, never deleted: its name stands in the record."
    )
    can_create = can_edit = True
    empty = "0 accounts."
    create_label = "Add user"
    presets = (
        ("Admins", {"flt_role": "admin"}),
        ("MIMs", {"flt_role": "mim"}),
        ("Switched off", {"flt_may_sign_in": "no"}),
    )
    needs_proof = True
    acts: ClassVar = {"unlock": Act("Forget failed sign-ins", accounts.unlock_user, "May try again")}
    details_template = "admin/user.html"
    form = forms.UserForm
    column_list = ("name", "email", "role", "is_active", "sign_in", "created_at")
    column_details_list = (*column_list, "follows", "language", "time_zone")
    column_labels: ClassVar = {
        "email": "E-mail",
        "is_active": "May sign in",
        "sign_in": "Signs in by",
        "follows": "Is told of an incident",
        "created_at": "Added",
    }
    column_formatters: ClassVar = {"sign_in": by_row(sign_in)}
    column_formatters_export = column_formatters
    column_sortable_list = ("name", "email", "role", "is_active", "created_at")
    column_searchable_list = ("name", "email")
    column_default_sort = "name"
    column_filters = (Is(User.role, "Role", AccountRole), YesNo(User.is_active, "May sign in"))

    def stored(self, row: User) -> dict[str, str]:
        """E-mail, name, role and whether they may sign in; no password, which nobody can read."""
        return {
            name: as_text(getattr(row, name)) for name in ("email", "name", "role", "is_active", "follows")
        }

    def heading(self, row: User) -> str:
        """The person's name."""
        return row.name

    def pauses(self, row: User) -> list:
        """When each pause of this account's sign-ins ends, one for each address; empty for none."""
        return throttle.pauses_of(row.email, clock.now())

    @expose("/unlock/", methods=("POST",))
    def unlock(self) -> Response:
        """Lift every pause of this account after failed sign-ins. Aborts with 404."""
        row = self.get_one(request.args.get("id"))
        accounts.unlock_user(row, actor=current_user.actor, now=clock.now())
        flash(f"{row.name} may try to sign in again.", "done")
        return redirect(self.get_url(".details_view", id=row.id, url=self.way_back()), 303)

    def factors(self, row: User) -> list[str]:
        """The second factors that this account has, in words."""
        return [factor.label for factor in second_factor.factors_of(row.id)]

    @expose("/reset-factors/", methods=("POST",))
    def reset_factors(self) -> Response:
        """Take every second factor from this account, whose person lost theirs. Aborts with 404."""
        row = self.get_one(request.args.get("id"))
        try:
            second_factor.reset_factors(row, actor=current_user.actor, now=clock.now())
            flash(f"{row.name} has no second factor any more. Every session has ended.", "done")
        except Refused as problem:
            flash(str(problem), "error")
        return redirect(self.get_url(".details_view", id=row.id, url=self.way_back()), 303)

    def form_for(self, row: User):
        """The form of an account that exists: it can be switched off; an empty password stays."""
        comes_by_groups = bool(row.oidc_subject or row.directory_name or assertions())
        return forms.user_form(is_by_groups=bool(role_map().roles) and comes_by_groups)

    def more_saved(self, form) -> list[str]:
        """The password's label where a new one was typed; it is none of the stored values."""
        return [form.password.label.text] if form.password.data else []

    def add(self, form, *, actor: Actor, now: datetime) -> User:
        """Add an account; without a password only single sign-on lets it in. Raises Invalid."""
        return accounts.add_user(
            email=form.email.data,
            name=form["name"].data,
            role=AccountRole(form.role.data),
            password=form.password.data,
            actor=actor,
            now=now,
        )

    def change(self, user: User, changes: dict, form, *, actor: Actor, now: datetime) -> None:
        """Save all values or none; a new password ends all sessions of the account. Raises Invalid."""
        text = self.stored(user) | {name: typed for name, (typed, was) in changes.items()}
        role, is_active = AccountRole(text["role"]), text["is_active"] == "yes"
        accounts.save_user(
            user,
            email=text["email"],
            name=text["name"],
            role=role,
            is_active=is_active,
            password=form.password.data or "",
            follows=Followed(text["follows"]),
            actor=actor,
            now=now,
        )


class SystemTable(Table):
    """The catalogue of systems, retired ones too. Incidents keep the names that they have."""

    about = "The catalogue that intake offers. A system is retired, never deleted."
    can_create = can_edit = True
    empty = "0 systems. Add the ones that people name on the bridge."
    create_label = "Add system"
    presets = (
        ("Public", {"flt_public": "yes"}),
        ("Without an owner", {"flt_has_an_owner": "no"}),
        ("Retired", {"flt_in_use": "no"}),
    )
    acts: ClassVar = {
        "retire": Act("Retire", partial(catalogue.set_system_active, is_active=False), "Retired"),
        "use": Act("Put in use", partial(catalogue.set_system_active, is_active=True), "In use"),
        "group": Act("Set group", catalogue.set_system_group, "Group set", asks=forms.SET_GROUP),
        "owner": Act("Set owner", catalogue.set_system_owner, "Owner set", asks=forms.SET_OWNER),
        "show": Act(
            "List on the public page",
            partial(catalogue.set_system_public, is_public=True),
            "Listed",
            warning="Anyone reads then how they are called and how they are.",
        ),
        "hide": Act(
            "Take off the public page", partial(catalogue.set_system_public, is_public=False), "Not listed"
        ),
    }
    form = forms.SystemForm
    loads = (joinedload(System.owner),)
    column_list = ("name", "description", "owner", "is_public", "group_name", "is_active")
    column_details_list = (*column_list, "public_title", "uptime_goal")
    column_export_list = column_details_list
    column_labels: ClassVar = {"is_active": "In use", "is_public": "Public", "group_name": "Group"}
    column_formatters: ClassVar = {"owner": by_row(lambda row: row.owner and row.owner.email)}
    column_formatters_export = column_formatters
    column_sortable_list = (
        "name",
        "description",
        "is_public",
        "group_name",
        "is_active",
        ("owner", "owner.email"),
    )
    column_searchable_list = ("name", "description", "owner.email")
    column_default_sort = "name"
    column_filters = (
        YesNo(System.is_active, "In use"),
        YesNo(System.is_public, "Public"),
        YesNo(System.owner_id, "Has an owner", known=True),
    )

    def stored(self, row: System) -> dict[str, str]:
        """The text of each value; the owner as `as_picked` has it."""
        kept = ("name", "description", "is_active", "is_public", "group_name", "public_title")
        text = {name: as_text(getattr(row, name)) for name in kept}
        goal = "" if row.uptime_goal is None else f"{row.uptime_goal:g}"
        return text | {"owner": as_picked(row.owner), "uptime_goal": goal}

    def heading(self, row: System) -> str:
        """The system's name."""
        return row.name

    def form_for(self, row: System):
        """The form of a system that exists: it can be retired."""
        return forms.SystemEditForm

    def add(self, form, *, actor: Actor, now: datetime) -> System:
        """Add a system to the catalogue. Raises Invalid, also for an owner who has no account."""
        given = {name: form[name].data or "" for name in forms.SYSTEM}
        return catalogue.add_system(
            name=given["name"],
            description=given["description"],
            owner=given["owner"],
            is_public=given["is_public"] == "yes",
            group_name=given["group_name"],
            public_title=given["public_title"],
            uptime_goal=given["uptime_goal"],
            actor=actor,
            now=now,
        )

    def change(self, system: System, changes: dict, form, *, actor: Actor, now: datetime) -> None:
        """Save all values at once or none. Raises Invalid."""
        text = self.stored(system) | {name: typed for name, (typed, was) in changes.items()}
        catalogue.save_system(
            system,
            name=text["name"],
            description=text["description"],
            owner=text["owner"],
            is_active=text["is_active"] == "yes",
            is_public=text["is_public"] == "yes",
            group_name=text["group_name"],
            public_title=text["public_title"],
            uptime_goal=text["uptime_goal"],
            actor=actor,
            now=now,
        )


TABLES = (
    (IncidentTable, Incident, "Incidents"),
    (records.TimelineTable, TimelineEvent, "Timeline"),
    (records.UpdateTable, StatusUpdate, "Updates"),
    (records.MilestoneTable, Milestone, "Milestones"),
    (records.AssignmentTable, CommandAssignment, "Command assignments"),
    (records.HandoverTable, Handover, "Hand-overs"),
    (SystemTable, System, "Systems"),
    (UserTable, User, "Users"),
    (records.AuditTable, AuditEntry, "Audit"),
)
"""Each table's view, its mapped class, and its name in the menu."""
