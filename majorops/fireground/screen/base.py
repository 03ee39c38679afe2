"""Who looks, what was typed, and the parts that are always in sight: top bar, phases, tiles, info."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import select

from majorops.db import db
from majorops.domain.cadence import Cadence
from majorops.domain.enums import CommandRole
from majorops.fireground import reads
from majorops.fireground.view import View
from majorops.models import (
    IS_RUNNING,
    CommandAssignment,
    Incident,
)
from majorops.operations.fields import FIELDS

OTHERS_SHOWN = 20


class Screen(View):
    """What regions that have no model of their own yet, and the commands, read of a view."""

    @property
    def problem_form(self) -> str:
        return self.form.name

    def typed(self, form: str, name: str, default: str = "") -> str:
        return self.form.typed(form, name, default)

    def error(self, form: str, name: str | None = None) -> str:
        return self.form.error(form, name)

    @property
    def edits_bridge_above(self) -> bool:
        """The bridge's field stands in the header, not under All fields: where it is asked for or set."""
        asked = bool(self.incident.bridge_url or self.incident.alarm_level)
        return asked and self.can_edit("bridge_url")

    def why_not_check(self, system: str) -> str:
        return reads.why_not_check(self, system)

    @property
    def offers_release(self) -> bool:
        return reads.offers_release(self)

    if TYPE_CHECKING:  # of the classes further up, which are the same screen

        @property
        def note(self) -> str: ...

        @cached_property
        def team(self) -> list[tuple[CommandRole, CommandAssignment | None, datetime | None]]: ...

    def text_of(self, name: str) -> str:
        """A field's stored value as editable text."""
        if name == "phase_note":
            return self.note
        if name.startswith("command."):
            return next(
                (seat.name for role, seat, _ in self.team if seat and name == f"command.{role.value}"), ""
            )
        return FIELDS[name].read(self.incident)

    # Top bar

    @cached_property
    def others(self) -> list[Incident]:
        """Other running incidents, highest Box first."""
        rows = select(Incident).where(IS_RUNNING, Incident.id != self.incident.id)
        highest = rows.order_by(Incident.alarm_level.desc(), Incident.opened_at)
        return list(db.session.scalars(highest.limit(OTHERS_SHOWN)))

    @cached_property
    def cadence(self) -> Cadence | None:
        return reads.cadence(self)

    # Info

    def fields_at(self, place: str) -> list[str]:
        """The names of the fields that stand at a place of this page."""
        names = [
            name
            for name, field in FIELDS.items()
            if field.place == place and not field.why_missing(self.incident)
        ]
        return [name for name in names if name != "bridge_url" or not self.edits_bridge_above]
