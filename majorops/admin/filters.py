"""Filters of the tables: one control each, drawn by the server, so that they need no script."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import Enum

from flask_admin.contrib.sqla.filters import BaseSQLAFilter

LARGEST = 2**31 - 1  # an identifier in both databases


class Filter(BaseSQLAFilter):
    """`control`: select, date or text. `clean` raises ValueError for what cannot be a value."""

    control = "select"

    @property
    def arg(self) -> str:
        """The name in addresses: `on_public_page`."""
        return re.sub(r"\W+", "_", self.name.lower())

    def operation(self) -> str:
        return "is"

    def apply(self, query, value, alias=None):
        return query.filter(self.get_column(alias) == value)


class Is(Filter):
    """Is one of an enumeration's values."""

    def __init__(self, column, name: str, members: type[Enum]):
        self.members = members
        super().__init__(column, name, options=[(str(m.value), getattr(m, "label", m.name)) for m in members])

    def clean(self, value: str) -> Enum:
        return self.members(int(value) if issubclass(self.members, int) else value)


class YesNo(Filter):
    """A truth value; with `known`, whether there is a value at all."""

    def __init__(self, column, name: str, labels: tuple[str, str] = ("Yes", "No"), known: bool = False):
        self.known = known
        super().__init__(column, name, options=[("yes", labels[0]), ("no", labels[1])])

    def clean(self, value: str) -> bool:
        if value not in ("yes", "no"):
            raise ValueError(value)
        return value == "yes"

    def apply(self, query, value, alias=None):
        column = self.get_column(alias)
        if not self.known:
            return query.filter(column.is_(value))
        return query.filter(column.is_not(None) if value else column.is_(None))


class Number(Filter):
    """The number of an incident, as `42` or `INC-042`."""

    control = "text"

    def clean(self, value: str) -> int:
        number = int(value.strip().upper().removeprefix("INC-"))
        if not 0 <= number <= LARGEST:
            raise ValueError(value)
        return number


class Contains(Filter):
    """A text that holds what was typed, whatever the case."""

    control = "text"

    def apply(self, query, value, alias=None):
        return query.filter(self.get_column(alias).icontains(value, autoescape=True))

    def operation(self) -> str:
        return "contains"


class From(Filter):
    """At or after the beginning of a day, UTC."""

    control = "date"

    def clean(self, value: str) -> datetime:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)

    def apply(self, query, value, alias=None):
        return query.filter(self.get_column(alias) >= value)

    def operation(self) -> str:
        return "from"


class Until(From):
    """Before the end of a day, UTC."""

    def clean(self, value: str) -> datetime:
        try:
            return super().clean(value) + timedelta(days=1)
        except OverflowError:
            raise ValueError(value) from None

    def apply(self, query, value, alias=None):
        return query.filter(self.get_column(alias) < value)

    def operation(self) -> str:
        return "until"
