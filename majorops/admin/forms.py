"""The forms of the tables that may be written. What they hold goes to verbs."""

from __future__ import annotations

from flask_admin.form import BaseForm
from wtforms import BooleanField, HiddenField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from majorops.domain.vocab import AccountRole
from majorops.fields import FIELDS, Field

# What verbs own by themselves (phase, status, severity, alarm level, roles) is changed on the fireground.
EDITABLE = (
    "title",
    "description",
    "affected_systems",
    "bridge_url",
    "bridge_is_public",
    "is_public",
    "alert.alert_id",
    "alert.external_impact",
    "alert.customer_count",
    "business_impact",
    "customer_impact_summary",
    "risk_level",
    "exec_summary",
    "audience_notes",
    "resolved_at",
)


def key(name: str) -> str:
    """The form's name of a field: `alert.customer_count` → `alert_customer_count`."""
    return name.replace(".", "_")


def control(field: Field):
    """The form control of a registry field."""
    if field.choices:
        return SelectField(
            field.label, choices=[SelectChoice(value=v, label=label) for v, label in field.choices]
        )
    return TextAreaField(field.label) if field.input == "text" else StringField(field.label)


def incident_form() -> type[BaseForm]:
    """A control for each editable field, and beside it the text that the person saw."""
    controls: dict[str, object] = {key(name): control(FIELDS[name]) for name in EDITABLE}
    controls |= {f"was_{key(name)}": HiddenField() for name in EDITABLE}
    return type("IncidentForm", (BaseForm,), controls)


def roles() -> list[SelectChoice]:
    return [SelectChoice(value=role.value, label=role.label) for role in AccountRole]


class UserForm(BaseForm):
    email = StringField("E-mail", [InputRequired("Needs an e-mail address.")])
    name = StringField("Name", [InputRequired("Needs a name.")])
    role = SelectField("Role", choices=roles())
    password = PasswordField("Password", description="At least 12 characters. Empty: only single sign-on.")


class UserEditForm(UserForm):
    password = PasswordField(
        "New password", description="Empty leaves it as it is. A new one ends all sessions."
    )
    is_active = BooleanField("May sign in")


class SystemForm(BaseForm):
    name = StringField(
        "Name", [InputRequired("Needs a name.")], description="Lower case, as said on the bridge."
    )
    description = StringField("Description")
    owner = StringField("Owner", description="E-mail of the account that may confirm its recovery.")
    is_active = BooleanField("Offered at intake", default=True)
