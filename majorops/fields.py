"""FIELDS: every value of the fireground that is edited in place (data dictionary, domain §3).

To add a field: the column with its migration, a line here, and, only if the public may read
it, the projection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from majorops.domain.enums import (
    AlarmLevel,
    CommandRole,
    ExternalImpact,
    IncidentStatus,
    Labelled,
    RecoveryConfidence,
    RecoveryPath,
    RiskLevel,
    Severity,
    by_value,
)
from majorops.domain.errors import Invalid
from majorops.domain.events import Region
from majorops.domain.text import clean_line, clean_text, meeting_link
from majorops.models import Incident

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
Choices: TypeAlias = type[Labelled] | type[AlarmLevel]


@dataclass(frozen=True)
class Field:
    """One editable value.

    `input`: line, text, choice, time, count, systems. `read` gives the stored value as an editor starts
    from it; `parse` turns typed text into the value, or raises ValueError with the sentence. `audience`
    is `public` where a projection shows it.
    """

    name: str
    label: str
    input: str
    region: Region
    column: str | None = None
    parse: Callable[[str], object] = clean_line
    audience: str = "internal"
    choices: tuple[tuple[str, str], ...] = ()
    empty: str = ""  # what an empty field says at rest
    frozen_when_resolved: bool = True
    limit: int = 0
    may_wait: bool = True  # an edit made without a connection may be saved later; publishing may not
    also: frozenset[Region] = frozenset()  # regions that show it beside its own

    @property
    def regions(self) -> frozenset[Region]:
        """All that a change of it makes stale, beside what its kind of event does."""
        return self.also | {self.region}

    def read(self, incident: Incident) -> str:
        """The stored value as editable text; empty for none."""
        if reader := READERS.get(self.name):
            return reader(incident)
        return as_text(getattr(incident, self.stored_in))

    @property
    def stored_in(self) -> str:
        """The column of the incident. Raises TypeError where the value lies elsewhere."""
        if self.column is None:
            raise TypeError(f"{self.name} has no column: it needs a reader, and a way to be written")
        return self.column

    def show(self, text: str) -> str:
        """What a person reads for the editable text `text`."""
        return dict(self.choices).get(text, text)

    def accept(self, typed: str) -> object:
        """The value for what was typed. Raises Invalid at this field."""
        try:
            value = self.parse(typed)
            if self.limit and isinstance(value, str) and len(value) > self.limit:
                raise ValueError(f"at most {self.limit:,} characters; this has {len(value):,}")
            return value
        except ValueError as error:
            raise Invalid({self.name: f"{self.label}: {error}."}) from None


def as_text(value: object) -> str:
    """The editable form of a stored value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime(TIME_FORMAT)
    return str(int(value)) if isinstance(value, AlarmLevel) else str(getattr(value, "value", value))


def required(parse: Callable[[str], str]) -> Callable[[str], str]:
    def check(typed: str) -> str:
        if not (value := parse(typed)):
            raise ValueError("needs a text")
        return value

    return check


def optional_line(typed: str) -> str | None:
    return clean_line(typed) or None


def time(typed: str) -> datetime | None:
    """`2026-11-23 14:01:22`, `2026-11-23 14:01` or `2026-11-23T14:01`, in UTC; empty for none."""
    text = clean_line(typed).removesuffix("UTC").removesuffix("Z").strip().replace("T", " ")
    if not text:
        return None
    for layout in (TIME_FORMAT, "%Y-%m-%d %H:%M"):
        try:
            return datetime.strptime(text, layout).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError("use a time in UTC such as 2026-11-23 14:01")


def required_time(typed: str) -> datetime:
    if (value := time(typed)) is None:
        raise ValueError("needs a time in UTC such as 2026-11-23 14:01")
    return value


def link(typed: str) -> str | None:
    if not clean_line(typed):
        return None
    if (address := meeting_link(typed)) is None or len(address) > 2000:
        raise ValueError("use a web address, such as meet.google.com/abc-defg-hij")
    return address


def customer_count(typed: str) -> tuple[int | None, bool]:
    """`1240`, `approximately 1,240`, `~1240`: the number and whether it is approximate; empty for unknown."""
    text = clean_line(typed).lower()
    if not text:
        return None, False
    bare = text.removeprefix("approximately").removeprefix("approx.").removeprefix("~").strip()
    digits = bare.replace(",", "").replace(" ", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        raise ValueError('digits only, with "approximately" before them if not certain')
    return int(digits), bare != text


def systems(typed: str) -> list[str]:
    """Comma-separated names, each once, in the order typed; lower case as in the catalogue."""
    names = list(dict.fromkeys(filter(None, (clean_line(part).lower() for part in typed.split(",")))))
    if not names:
        raise ValueError("name at least one; a guess is enough")
    if len(names) > 30:
        raise ValueError(f"at most 30; this has {len(names)}")
    if too_long := next((name for name in names if len(name) > 80), None):
        raise ValueError(f"a name has at most 80 characters; {too_long[:20]}… has {len(too_long)}")
    return names


def choice(members: Choices, none: bool = False) -> Callable[[str], object]:
    def check(typed: str) -> object:
        if none and not typed.strip():
            return None
        value = by_value(
            members, int(typed) if issubclass(members, int) and typed.isdigit() else typed.strip()
        )
        if value is None:
            raise ValueError("choose one of " + ", ".join(m.label for m in members))
        return value

    return check


def flag(typed: str) -> bool:
    if typed.strip() not in ("yes", "no"):
        raise ValueError("choose yes or no")
    return typed.strip() == "yes"


def options(members: Choices, empty: str | None = None) -> tuple[tuple[str, str], ...]:
    rows = tuple((str(m.value), m.label) for m in members)
    return (("", empty), *rows) if empty else rows


def read_customer_count(incident: Incident) -> str:
    if incident.customer_count is None:
        return ""
    return (
        "approximately " if incident.customer_count_is_approximate else ""
    ) + f"{incident.customer_count:,}"


def read_role(role: CommandRole) -> Callable[[Incident], str]:
    return lambda incident: next((a.name for a in incident.assignments if a.role is role), "")


READERS: dict[str, Callable[[Incident], str]] = {
    "affected_systems": lambda incident: ", ".join(incident.system_names),
    "alert.customer_count": read_customer_count,
    **{f"command.{role.value}": read_role(role) for role in CommandRole},
}
YES_NO = (("yes", "Yes"), ("no", "No"))


def _text(
    name: str,
    label: str,
    region: Region,
    empty: str,
    *,
    audience: str = "internal",
    frozen_when_resolved: bool = True,
    may_wait: bool = True,
) -> Field:
    return Field(
        name,
        label,
        "text",
        region,
        name,
        clean_text,
        audience,
        empty=empty,
        frozen_when_resolved=frozen_when_resolved,
        limit=10_000,
        may_wait=may_wait,
    )


def _choice(name: str, label: str, region: Region, of: Choices, empty: str | None = None) -> Field:
    return Field(name, label, "choice", region, name, choice(of, bool(empty)), choices=options(of, empty))


_ALL = (
    Field(
        "title", "Title", "line", Region.HEADER, "title", required(clean_line), audience="public", limit=200
    ),
    _text("description", "Description", Region.HEADER, "Add description"),
    Field(
        "severity",
        "Severity",
        "choice",
        Region.HEADER,
        "severity",
        choice(Severity),
        "public",
        options(Severity),
    ),
    Field(
        "alarm_level",
        "Alarm level",
        "choice",
        Region.INFO,
        "alarm_level",
        choice(AlarmLevel),
        "public",
        options(AlarmLevel),
    ),
    Field(
        "status",
        "Status",
        "choice",
        Region.INFO,
        "status",
        choice(IncidentStatus),
        "public",
        options(IncidentStatus),
        may_wait=False,
    ),
    Field(
        "bridge_url",
        "Bridge",
        "line",
        Region.INFO,
        "bridge_url",
        link,
        "public",
        empty="Paste bridge URL",
        also=frozenset({Region.HEADER, Region.NUDGE}),
    ),
    Field(
        "bridge_is_public",
        "Bridge public",
        "choice",
        Region.INFO,
        "bridge_is_public",
        flag,
        "public",
        YES_NO,
        may_wait=False,
    ),
    Field(
        "is_public",
        "On public page",
        "choice",
        Region.INFO,
        "is_public",
        flag,
        "public",
        YES_NO,
        may_wait=False,
        also=frozenset({Region.HEADER, Region.NUDGE}),
    ),
    Field("affected_systems", "Systems", "systems", Region.INFO, None, systems, "public"),
    Field(
        "alert.alert_id",
        "Alert",
        "line",
        Region.INFO,
        "alert_id",
        optional_line,
        empty="Add alert",
        limit=200,
    ),
    Field(
        "alert.issue_time",
        "Fired",
        "time",
        Region.INFO,
        "issue_time",
        time,
        "public",
        empty="Add alert time",
        also=frozenset({Region.TILES}),
    ),
    Field(
        "alert.resolve_time",
        "Cleared",
        "time",
        Region.INFO,
        "resolve_time",
        time,
        "public",
        empty="Not cleared",
        also=frozenset({Region.TILES}),
    ),
    Field(
        "alert.external_impact",
        "External",
        "choice",
        Region.INFO,
        "external_impact",
        choice(ExternalImpact),
        "public",
        options(ExternalImpact),
    ),
    Field(
        "alert.customer_count",
        "Customers",
        "count",
        Region.INFO,
        None,
        customer_count,
        "public",
        empty="Add customer count",
        also=frozenset({Region.TILES}),
    ),
    _text("business_impact", "Business", Region.INFO, "Add business impact"),
    _text("customer_impact_summary", "Customer impact", Region.INFO, "Add customer impact"),
    _choice("risk_level", "Risk level", Region.INFO, RiskLevel, "Not set"),
    _text("exec_summary", "Exec summary", Region.INFO, "Add exec summary", frozen_when_resolved=False),
    _text("audience_notes", "Audience notes", Region.INFO, "Add audience notes"),
    _text(
        "who_affected", "Public: who", Region.INFO, "Say who is affected", audience="public", may_wait=False
    ),
    _text(
        "what_to_do", "Public: to do", Region.INFO, "Say what helps now", audience="public", may_wait=False
    ),
    Field(
        "detected_at",
        "Problem began",
        "time",
        Region.INFO,
        "detected_at",
        required_time,
        also=frozenset({Region.TILES, Region.NUDGE}),
    ),
    Field(
        "resolved_at",
        "Resolved",
        "time",
        Region.INFO,
        "resolved_at",
        required_time,
        "public",
        frozen_when_resolved=False,
        also=frozenset({Region.TILES}),
    ),
    *(
        Field(
            f"command.{role.value}",
            role.label,
            "line",
            Region.TEAM,
            None,
            clean_line,
            empty="VACANT",
            limit=120,
        )
        for role in CommandRole
    ),
    _choice("exposure_confidence", "Recovery confidence", Region.TEAM, RecoveryConfidence),
    _choice("exposure_path", "Recovery path", Region.TEAM, RecoveryPath),
    Field(
        "phase_note", "Phase note", "text", Region.PANEL, None, clean_text, empty="Add a note", limit=10_000
    ),
)

FIELDS: dict[str, Field] = {entry.name: entry for entry in _ALL}


def field_id(name: str) -> str:
    """The id of a field's element: `f-command-sre`."""
    return "f-" + name.replace(".", "-").replace("_", "-")
