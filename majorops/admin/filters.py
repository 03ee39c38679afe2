"""Filters for our column types, which Flask-Admin does not know by itself."""

from __future__ import annotations

from flask_admin.contrib.sqla import filters


class EnumIs(filters.FilterEqual):
    """Is one of the enumeration's values."""

    def __init__(self, column, name, members, options=None, **kwargs):
        self.members = members
        super().__init__(
            column, name, options=options or [(str(m.value), m.label) for m in members], **kwargs
        )

    def clean(self, value: str):
        return self.members(int(value) if issubclass(self.members, int) else value)

    def validate(self, value: str) -> bool:
        try:
            self.clean(value)
        except ValueError:
            return False
        return True


class EnumIsNot(EnumIs):
    def apply(self, query, value, alias=None):
        return query.filter(self.get_column(alias) != value)

    def operation(self) -> str:
        return "not equal"


class EnumFilters(filters.FilterConverter):
    """Flask-Admin picks filters by the lower-cased name of the column's type."""

    def convert(self, type_name: str, column, name: str, **kwargs):
        members = getattr(column.type, "enum_class", None) or getattr(column.type, "members", None)
        if members is not None:
            return [kind(column, name, members=members, **kwargs) for kind in (EnumIs, EnumIsNot)]
        return super().convert(
            "datetime" if type_name == "UTCDateTime" else type_name, column, name, **kwargs
        )
