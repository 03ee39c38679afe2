"""Values as people read them in a table, and as a spreadsheet may safely take them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any

from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import DeclarativeBase

from majorops.db import UTCDateTime
from majorops.domain.enums import Phase, Visibility
from majorops.domain.parsing import as_text
from majorops.domain.text import reference
from majorops.models import Incident

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # the wide ones count as well


def label(value: Enum) -> str:
    """An enumeration's value in words; a phase with its number."""
    return value.title if isinstance(value, Phase) else getattr(value, "label", str(value.value))


def _enum(_view, value: Enum, _name: str) -> str:
    if isinstance(value, Visibility):
        style = "tag tag--public" if value is Visibility.PUBLIC else "tag"
        return Markup('<span class="{}">{}</span>').format(style, value.label)
    return label(value)


def _time(_view, value: datetime, _name: str) -> Markup:
    return Markup('<time datetime="{}Z">{}</time>').format(f"{value:%Y-%m-%dT%H:%M:%S}", as_text(value))


SHOWN = {
    type(None): lambda _view, _value, _name: "",
    bool: lambda _view, value, _name: "Yes" if value else "No",
    Enum: _enum,
    datetime: _time,
    list: lambda _view, value, _name: ", ".join(map(str, value)),
}
EXPORTED = SHOWN | {
    Enum: lambda _view, value, _name: label(value),
    datetime: lambda _view, value, _name: as_text(value),
}


def safe_cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def is_time(model: type[DeclarativeBase], name: str) -> bool:
    """The table has a column of this name and it holds a time; False for relations and dotted names."""
    column = model.__table__.columns.get(name)
    return column is not None and isinstance(column.type, UTCDateTime)


def incident_link(number: int) -> Markup:
    """`INC-042`, leading to the incident's row here."""
    address = url_for("data_incidents.details_view", id=number)
    return Markup('<a class="mono" href="{}">{}</a>').format(address, reference(number))


def box(incident: Incident) -> Markup:
    """The Box in the severity's colour, as on every list of incidents."""
    block = Markup('<span data-severity="{}"><span class="table__box">{}</span>{}</span>')
    level = incident.alarm_level
    return block.format(incident.severity.value, int(level), level.label)


def by_row(read: Callable[[Any], object]) -> Callable:
    """A column formatter that shows what `read` says of the row."""
    return lambda _view, _context, row, _name: read(row)


def lines(text: str | None) -> str:
    """A long text with its line ends kept; empty for None and for no text."""
    return Markup('<div class="data-lines">{}</div>').format(text) if text else ""
