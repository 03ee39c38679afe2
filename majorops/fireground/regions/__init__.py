"""The parts of the fireground that are drawn by themselves, and which of them are stale."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from pkgutil import iter_modules

from flask import render_template
from markupsafe import Markup
from sqlalchemy import select

from majorops.db import db
from majorops.domain.enums import by_value
from majorops.domain.events import EventKind, Region, Signal
from majorops.fireground.view import View
from majorops.models import Incident, TimelineEvent
from majorops.operations.fields import FIELDS


def stale_since(incident: Incident, version: int, signals: Iterable[Signal] = ()) -> list[Region]:
    """The regions that are stale to who saw entry `version` of the timeline, in the order of the page.

    Newer entries make them so, and these signals. One query.
    """
    newer = select(TimelineEvent.kind, TimelineEvent.field).distinct()
    rows = db.session.execute(
        newer.where(TimelineEvent.incident_id == incident.id, TimelineEvent.seq > version)
    ).all()
    return stale([(kind, field) for kind, field in rows], signals)


def stale(entries: Iterable[tuple[str, str | None]], signals: Iterable[Signal] = ()) -> list[Region]:
    """The regions that entries (kind, field) and signals make stale, in the order of the page."""
    found: set[Region] = set()
    for kind, field in entries:
        # A newer version of the program beside this one may record what this one does not know.
        known = by_value(EventKind, kind)
        found |= known.stale if known else set(Region)
        if field in FIELDS:
            found |= FIELDS[field].regions
    for signal in signals:
        found |= signal.stale
    return [region for region in Region if region in found]


# A region is one file here, named like it, whose `build` gives the small frozen model that its partial
# `fireground/_<name>.html` shows under its own name, and nothing else.
BUILDERS: dict[Region, Callable[[View], object]] = {
    Region(name): import_module(f"{__name__}.{name}").build for _, name, _ in iter_modules(__path__)
}
# Partials that stand elsewhere on the page and show the same model: their elements are named like them.
PARTS: dict[Region, tuple[str, ...]] = {Region.PANEL: ("foot",), Region.NUDGE: ("nudge_top",)}


def draw(name: str, view: View, part: str = "") -> Markup:
    """The HTML of the region of this name, or of one of its parts. Raises ValueError where there is none."""
    region = Region(name)
    template = f"fireground/_{part or name}.html"
    if BUILDERS[region] not in view.loaded:
        view.loaded[BUILDERS[region]] = BUILDERS[region](view)
    html = render_template(template, **{name: view.loaded[BUILDERS[region]]})
    return Markup(html)  # noqa: S704 (our own template)
