"""Filters of the tables: one control each, drawn by the server, so that they need no script."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import Enum

from flask_admin.contrib.sqla.filters import BaseSQLAFilter
from sqlalchemy import select

from majorops.domain.enums import CommandRole, IncidentStatus
from majorops.domain.text import clean_line
from majorops.models import AffectedSystem, AlertSource, CommandAssignment, Incident
from majorops.operations.people import names_like

MOST = 50  # accounts that one text may mean
LARGEST = 2**31 - 1  # an identifier in both databases


class Filter(BaseSQLAFilter):
    """One condition on one column.

    `control`: select, date or text. `clean` raises ValueError for what cannot be a value.
    """

    control = "select"
    suggests = ""  # a kind of suggestions.py

    @property
    def arg(self) -> str:
        """The name in addresses: `on_public_page`."""
        return re.sub(r"\W+", "_", self.name.lower())

    def operation(self) -> str:
        """The word that Flask-Admin puts between the filter's name and the value."""
        return "is"

    def apply(self, query, value, alias=None):
        """The query, narrowed. `value`: what `clean` returned; `alias`: the joined table of the column."""
        return query.filter(self.get_column(alias) == value)


class Is(Filter):
    """Is one of an enumeration's values."""

    def __init__(self, column, name: str, members: type[Enum]):
        self.members = members
        super().__init__(column, name, options=[(str(m.value), getattr(m, "label", m.name)) for m in members])

    def clean(self, value: str) -> Enum:
        """The member with this value. Raises ValueError where there is none."""
        return self.members(int(value) if issubclass(self.members, int) else value)


class YesNo(Filter):
    """A truth value; with `known`, whether there is a value at all."""

    def __init__(self, column, name: str, labels: tuple[str, str] = ("Yes", "No"), known: bool = False):
        self.known = known
        super().__init__(column, name, options=[("yes", labels[0]), ("no", labels[1])])

    def clean(self, value: str) -> bool:
        """True for `yes`, False for `no`. Raises ValueError for all else."""
        if value not in ("yes", "no"):
            raise ValueError(value)
        return value == "yes"

    def apply(self, query, value, alias=None):
        """As `Filter.apply`. With `known`, True finds rows that have a value, False the others."""
        column = self.get_column(alias)
        if not self.known:
            return query.filter(column.is_(value))
        return query.filter(column.is_not(None) if value else column.is_(None))


class Number(Filter):
    """The number of an incident, as `42` or `INC-042`."""

    control = "text"

    def clean(self, value: str) -> int:
        """The number, in any case of `inc-`. Raises ValueError below 0 and above LARGEST."""
        number = int(value.strip().upper().removeprefix("INC-"))
        if not 0 <= number <= LARGEST:
            raise ValueError(value)
        return number


class Contains(Filter):
    """A text that holds what was typed, whatever the case."""

    control = "text"

    def __init__(self, column, name: str, suggests: str = ""):
        self.suggests = suggests
        super().__init__(column, name)

    def clean(self, value: str) -> str:
        """One line: PostgreSQL takes no NUL."""
        return clean_line(value)

    def apply(self, query, value, alias=None):
        """As `Filter.apply`; `%` and `_` in the value stand for themselves."""
        return query.filter(self.get_column(alias).icontains(value, autoescape=True))

    def operation(self) -> str:
        """As `Filter.operation`."""
        return "contains"


class OfSystem(Filter):
    """Names a system, as the catalogue or the record writes it."""

    control, suggests = "text", "systems"

    def clean(self, value: str) -> str:
        """The name in lower case, as it is kept."""
        return clean_line(value).lower()

    def apply(self, query, value, alias=None):
        """As `Filter.apply`, for incidents."""
        named = select(AffectedSystem.incident_id).where(AffectedSystem.name == value)
        return query.filter(Incident.id.in_(named))

    def operation(self) -> str:
        """As `Filter.operation`."""
        return "is or was"


class OfSource(Filter):
    """Names an alert source."""

    control, suggests = "text", "sources"

    def clean(self, value: str) -> str:
        """One line: PostgreSQL takes no NUL."""
        return clean_line(value)

    def apply(self, query, value, alias=None):
        """As `Filter.apply`."""
        named = select(AlertSource.id).where(AlertSource.name == value)
        return query.filter(self.get_column(alias).in_(named))


class By(Filter):
    """A name in the column belongs to a person of whom a part of the name or e-mail address was typed."""

    control, suggests = "text", "people"

    def clean(self, value: str) -> str:
        """One line: PostgreSQL takes no NUL."""
        return clean_line(value)

    def apply(self, query, value, alias=None):
        """As `Filter.apply`. Meant are the text itself, and the names of MOST accounts at most."""
        return query.filter(self.get_column(alias).in_(names_like(value, MOST)))


class HeldBy(By):
    """Such a person held a role at some time of an incident, or holds it now."""

    def __init__(self, role: CommandRole, name: str):
        self.role = role
        super().__init__(Incident.id, name)  # of another table Flask-Admin would join it

    def apply(self, query, value, alias=None):
        """As `Filter.apply`, for incidents."""
        held = select(CommandAssignment.incident_id).where(
            CommandAssignment.role == self.role, CommandAssignment.name.in_(names_like(value, MOST))
        )
        return query.filter(Incident.id.in_(held))


class From(Filter):
    """At or after the beginning of a day, UTC."""

    control = "date"

    def clean(self, value: str) -> datetime:
        """Midnight UTC at the beginning of the day, typed as 2026-11-23. Raises ValueError."""
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)

    def apply(self, query, value, alias=None):
        """As `Filter.apply`; a row without a time is not found."""
        return query.filter(self.get_column(alias) >= value)

    def operation(self) -> str:
        """As `Filter.operation`."""
        return "from"


class Until(From):
    """Before the end of a day, UTC."""

    def clean(self, value: str) -> datetime:
        """Midnight UTC at the end of the day. Raises ValueError, also for the calendar's very last day."""
        try:
            return super().clean(value) + timedelta(days=1)
        except OverflowError:
            raise ValueError(value) from None

    def apply(self, query, value, alias=None):
        """As `Filter.apply`; a row without a time is not found."""
        return query.filter(self.get_column(alias) < value)

    def operation(self) -> str:
        """As `Filter.operation`."""
        return "until"


class _Resolved(From):
    """Of the resolved ones, which an index has in the order of that time."""

    def apply(self, query, value, alias=None):
        """As `Filter.apply`."""
        return super().apply(query.filter(Incident.status == IncidentStatus.RESOLVED), value, alias)


class ResolvedFrom(_Resolved, From):
    """Resolved at or after the beginning of a day, UTC."""


class ResolvedUntil(_Resolved, Until):
    """Resolved before the end of a day, UTC."""
