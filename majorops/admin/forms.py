"""The forms of the tables that may be written.

Every value is text, as typed; operations decide whether it can be taken.
"""

from __future__ import annotations

from typing import Any

from flask_admin.form import BaseForm
from wtforms import Field as Control
from wtforms import HiddenField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from majorops.domain.enums import (
    TYPED_CHANNELS,
    AccountRole,
    CardTier,
    CommandRole,
    Followed,
    Notice,
    PagerKind,
    Phase,
    RuleAction,
    Severity,
    SourceKind,
)
from majorops.domain.notices import OWN
from majorops.domain.parsing import YES_NO, options
from majorops.domain.runcards import HEADINGS, skeleton
from majorops.models import Incident
from majorops.operations.fields import FIELDS, Field

HINTS = {
    "time": "UTC, such as 2026-11-23 14:01.",
    "systems": "Comma-separated.",
    "count": 'Digits, "approximately" before them if not certain.',
}


def key(name: str) -> str:
    """The form's name of a field: `alert.customer_count` is `alert_customer_count`."""
    return name.replace(".", "_")


def editable(incident: Incident) -> list[Field]:
    """The fields of the registry that this page may write; of a resolved incident only what is not frozen."""
    fields = [f for f in FIELDS.values() if f.in_data_form and not f.why_missing(incident)]
    if incident.is_resolved:
        return [field for field in fields if not field.frozen_when_resolved]
    return fields


def select(label: str, rows: tuple[tuple[str, str], ...], **more) -> SelectField:
    """A list to choose one value from. `rows`: (value as sent, what people read); `more`: for WTForms."""
    return SelectField(label, choices=[SelectChoice(value=value, label=text) for value, text in rows], **more)


def control(field: Field):
    """The form control of a registry field."""
    more: dict[str, Any] = {"description": HINTS.get(field.input, "")}
    if field.audience == "public":
        more["render_kw"] = {"data-public": ""}
    if field.choices:
        return select(field.label, field.choices, **more)
    return (TextAreaField if field.input == "text" else StringField)(field.label, **more)


def with_was(controls: dict[str, object], base: type[BaseForm] = BaseForm) -> type[BaseForm]:
    """A form that carries beside each value the one that the person saw."""
    return type("EditForm", (base,), controls | {f"was_{name}": HiddenField() for name in controls})


def incident_form(incident: Incident) -> type[BaseForm]:
    """A form class for this one incident: what it holds depends on its state (`editable`)."""
    return with_was({key(field.name): control(field) for field in editable(incident)})


def line(label: str, missing: str = "", hint: str = "", **attributes) -> Control:
    """One line of text; `missing`: what is said when it is empty."""
    return StringField(
        label, [InputRequired(missing)] if missing else [], description=hint, render_kw=attributes
    )


def password(label: str, hint: str) -> Control:
    """A field for a new password; browsers are asked not to fill in one that they know."""
    return PasswordField(label, description=hint, render_kw={"autocomplete": "new-password"})


PICK = "Type a part of a name or an e-mail address, and choose."
USER = {
    "email": line("E-mail", "Needs an e-mail address.", autocomplete="off"),
    "name": line("Name", "Needs a name.", autocomplete="off"),
    "role": select("Role", options(AccountRole)),
}
SYSTEM = {
    "name": line(
        "Name", "Needs a name.", "Lower case, as said on the bridge. Incidents keep the name they have."
    ),
    "description": line("Description"),
    "owner": line("Owner", hint=f"Who may confirm its recovery. {PICK}", list="accounts", autocomplete="off"),
    "is_public": select(
        "On the public page",
        tuple(reversed(YES_NO)),
        description="Yes: anybody reads its name and how it is. No: nobody outside does, "
        "also where an incident or maintenance names it.",
    ),
    "group_name": line(
        "Group",
        hint="The heading that it stands under on the public page.",
        list="groups",
        autocomplete="off",
    ),
    "public_title": line(
        "Public title",
        hint="What its incidents are called outside at first, such as Problems with {system}. "
        "Empty: as the setting says.",
    ),
    "uptime_goal": line("Uptime goal", hint="Per cent of a month, such as 99.9. Empty: none."),
}
HINT_WHEN_NEW = "12 to 200 characters. Empty: only single sign-on lets this account in."
HINT_WHEN_KEPT = "12 to 200 characters. Empty keeps the present one; a new one ends all sessions."

FOLLOWS = {
    "follows": select(
        "Is told of an incident",
        options(Followed),
        description="Where the role is told: stakeholders and executives, unless a policy says otherwise.",
    )
}

UserForm = type("UserForm", (BaseForm,), {**USER, "password": password("Password", HINT_WHEN_NEW)})
ROLE_BY_GROUPS = (
    "Groups decide the role of who comes by single sign-on (MAJOROPS_OIDC_ROLE_MAP): what is set here holds "
    "until the next sign-in that way."
)


def user_form(*, is_by_groups: bool) -> type[BaseForm]:
    """The form of an account that exists; it says so where groups decide the role."""
    role = select("Role", options(AccountRole), description=ROLE_BY_GROUPS if is_by_groups else "")
    controls = with_was(USER | {"role": role, "is_active": select("May sign in", YES_NO)} | FOLLOWS)
    return type("UserEditForm", (controls,), {"password": password("New password", HINT_WHEN_KEPT)})


SystemForm = type("SystemForm", (BaseForm,), SYSTEM)
SystemEditForm = with_was(
    SYSTEM | {"is_active": select("In use", YES_NO, description="No: not offered at intake.")}
)
CHANNEL = {
    "address": line(
        "Address", "Needs an address.", "An e-mail address, a web address, or an Apprise address."
    ),
}
ANY = ("", "Any")
TEMPLATE = {
    "name": line("Name", "Needs a name.", "What the key in the composer says."),
    "system": line("System", hint="Its name as incidents name it. Empty: for any."),
    "phase": select("Phase", (ANY, *((str(one.value), f"{one.value} {one.title}") for one in Phase))),
    "body": TextAreaField(
        "Text",
        description="{systems} and {next_update} are filled in from the incident and the promise.",
        render_kw={"rows": 8, "data-public": ""},
    ),
    "cleared_by": line("Cleared by", "Needs who cleared it.", "Whom it concerns: legal, press, the owner."),
    "cleared_on": line("Cleared on", "Needs the day.", "A day, such as 2026-11-23."),
}
TemplateForm = type("TemplateForm", (BaseForm,), TEMPLATE)
TemplateEditForm = with_was(
    TEMPLATE | {"is_active": select("In use", YES_NO, description="No: the composer does not offer it.")}
)
ChannelForm = type(
    "ChannelForm",
    (BaseForm,),
    {
        "email": line("Person", "Needs an account.", PICK, list="accounts", autocomplete="off"),
        "kind": select("Kind", tuple((one.value, one.label) for one in TYPED_CHANNELS)),
        **CHANNEL,
    },
)
ChannelEditForm = with_was(CHANNEL | {"is_active": select("In use", YES_NO)})
INSIDE = tuple(row for row in options(Notice) if row[0] not in OWN)  # what a role can get
POLICY = {"is_on": select("Sent", YES_NO)}
PolicyForm = type(
    "PolicyForm",
    (BaseForm,),
    {"role": select("Role", options(AccountRole)), "notice": select("About", INSIDE), **POLICY},
)
PolicyEditForm = with_was(POLICY)
YES_LAST = tuple(reversed(YES_NO))
ENDPOINT = {
    "name": line("Name", "Needs a name.", "What takes the events, such as Data warehouse."),
    "address": line("Address", "Needs an address.", "It begins with https:// or http://."),
    "kinds": line(
        "Kinds", hint="Comma-separated, * for any letters, such as incident.*, phase.advanced. Empty: all."
    ),
    "systems": line(
        "Systems",
        hint="Comma-separated. Only incidents that name one of these. Empty: all.",
        list="systems",
        autocomplete="off",
    ),
    "is_internal": select(
        "Internal",
        YES_LAST,
        description="Yes: it gets what the public may not read. No: what is public, and nothing else.",
    ),
    "is_full": select(
        "Full payload",
        YES_LAST,
        description="Yes: the incident and the entry. No: their numbers, and where to read them.",
    ),
}
EndpointForm = type("EndpointForm", (BaseForm,), ENDPOINT)
EndpointEditForm = with_was(
    ENDPOINT | {"is_active": select("In use", YES_NO, description="No: what waits is not sent.")}
)
RUN_CARD = {
    "name": line("Name", "Needs a name."),
    "systems": line(
        "Answers", "Needs a system.", "Comma-separated systems; * stands for any letters, such as *-api."
    ),
    "body": TextAreaField(
        "Text",
        description="Markdown. Steps are a list. Headings by tier: "
        + "; ".join(f"{tier.label}: {', '.join(names)}" for tier, names in HEADINGS.items())
        + ".",
        render_kw={"rows": 24},
    ),
}
TIERS = tuple((str(tier.value), f"{tier.value} {tier.label}") for tier in reversed(CardTier))
RunCardForm = type(
    "RunCardForm",
    (BaseForm,),
    {
        "tier": select("Tier", TIERS),
        **RUN_CARD,
        "body": TextAreaField(
            "Text",
            description=RUN_CARD["body"].kwargs["description"],
            default=skeleton(CardTier.SPECIFIC),
            render_kw={"rows": 24},
        ),
    },
)
RunCardEditForm = with_was(RUN_CARD | {"is_active": select("In use", YES_NO)})

MAPPING = TextAreaField(
    "Mapping",
    description="Of generic JSON and CloudEvents: one line each, such as title = $.rule.name, "
    "alerts = $.alerts[*], cleared = ok, resolved. Names: key, title, state, group, severity, system, "
    "labels, link, detail, started, ended. Empty: they stand under these names.",
    render_kw={"rows": 6, "spellcheck": "false"},
)
SAMPLE = TextAreaField(
    "Sample",
    description="A body as the source sends it, for the dry run.",
    render_kw={"rows": 8, "spellcheck": "false"},
)
SOURCE = {
    "name": line("Name", "Needs a name.", "What people call it, such as Prometheus EU."),
    "system": line(
        "About",
        hint="The system that its alerts are about where their labels name none of the catalogue.",
        list="systems",
        autocomplete="off",
    ),
    "every": line(
        "Speaks every",
        hint="Minutes. Silent for longer it becomes an alert itself. Empty: it speaks of alerts alone.",
        inputmode="numeric",
    ),
    "header": line(
        "Header", hint="Of the signature or the secret, where it is another than usual. Empty: the usual one."
    ),
    "mapping": MAPPING,
    "sample": SAMPLE,
}
SourceForm = type("SourceForm", (BaseForm,), {"kind": select("Kind", options(SourceKind)), **SOURCE})
SourceEditForm = with_was(SOURCE | {"is_active": select("In use", YES_NO, description="No: it is refused.")})
DryRunForm = type("DryRunForm", (BaseForm,), {"mapping": MAPPING, "sample": SAMPLE})
RULE = {
    "name": line("Name", "Needs a name.", "It stands in the record of what it opens."),
    "matches": TextAreaField(
        "Conditions",
        description="One a line, all must hold: severity = critical, service != dev-*. A * stands for any "
        "letters. Beside the labels: title, severity, source, system. Empty: every alert.",
        render_kw={"rows": 5, "spellcheck": "false"},
    ),
    "source": line("Source", hint="Its name. Empty: every source.", list="sources", autocomplete="off"),
    "action": select("Does", options(RuleAction)),
    "severity": select("Severity", options(Severity), description="Of what it opens."),
    "at_count": StringField(
        "From the n-th alert", default="1", description="1: at once.", render_kw={"inputmode": "numeric"}
    ),
    "minutes": StringField(
        "Within minutes",
        default="10",
        description="In which the n alerts come.",
        render_kw={"inputmode": "numeric"},
    ),
    "place": line("Order", hint="Rules are asked from the lowest. Empty: the last.", inputmode="numeric"),
}
RuleForm = type("RuleForm", (BaseForm,), RULE)
RuleEditForm = with_was(RULE | {"is_active": select("In use", YES_NO)})
ROTA = {
    "name": line("Name", "Needs a name.", "Such as SRE of payments."),
    "role": select("Role", options(CommandRole)),
    "system": line("System", hint="Empty: all systems.", list="systems", autocomplete="off"),
    "shifts": TextAreaField(
        "Shifts",
        description="One a line, in UTC: 2026-11-30 09:00 to 2026-12-07 09:00 lena@example.org. With deputy "
        "at the end it is the deputy's.",
        render_kw={"rows": 8, "spellcheck": "false"},
    ),
    "calendar_url": line(
        "Calendar", hint="An iCal address of the rota, read every ten minutes.", inputmode="url"
    ),
    "pager_kind": select(
        "Pager",
        (("", "None"), *options(PagerKind)),
        description="A service outside that calls too. It may know who is on call: then leave shifts empty.",
    ),
    "pager_url": line("Pager address", hint="Empty: that of the service.", inputmode="url"),
    "pager_key": password(
        "Pager key", "Of its integration; kept encrypted and never shown. Empty: the one that is kept."
    ),
}
RotaForm = type("RotaForm", (BaseForm,), ROTA)
RotaEditForm = with_was(ROTA | {"is_active": select("In use", YES_NO)})


# What acts on several rows ask for (bulk.py)
HOW = (
    ("add", "Add to what each names"),
    ("remove", "Take away from each"),
    ("replace", "Put in place of all that each names"),
)
ASSIGN_SYSTEMS = {
    "how": select("What to do", HOW),
    "systems": line(
        "Systems", "Needs a system.", "Comma-separated for several.", list="systems", autocomplete="off"
    ),
}
SET_GROUP = {"group_name": SYSTEM["group_name"]}
SET_OWNER = {"owner": SYSTEM["owner"]}
