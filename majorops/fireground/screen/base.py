"""Who looks, what was typed, and the parts that are always in sight: top bar, phases, tiles, info."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import select

from majorops.db import db
from majorops.domain.access import Permission
from majorops.domain.cadence import Cadence
from majorops.domain.enums import CommandRole, Phase
from majorops.domain.gates import check_refusal, not_yours
from majorops.domain.phases import Step
from majorops.domain.roles import release_refusal
from majorops.fireground import reads
from majorops.fireground.reads import phase_steps
from majorops.fireground.view import View
from majorops.models import (
    IS_RUNNING,
    CommandAssignment,
    Incident,
    System,
)
from majorops.operations.fields import FIELDS

OTHERS_SHOWN = 20


class Screen(View):
    """What regions that have no model of their own yet, and the commands, read of a view."""

    @property
    def may_publish(self) -> bool:
        """What this person writes may reach the public."""
        return self.actor.can(Permission.PUBLISH)

    @cached_property
    def update_count(self) -> int:
        return reads.update_count(self)

    @property
    def problem_form(self) -> str:
        return self.form.name

    def typed(self, form: str, name: str, default: str = "") -> str:
        return self.form.typed(form, name, default)

    def error(self, form: str, name: str | None = None) -> str:
        return self.form.error(form, name)

    @property
    def may_manage(self) -> bool:
        """May change channels and accounts."""
        return self.actor.can(Permission.DATA_MANAGE)

    @property
    def edits_bridge_above(self) -> bool:
        """The bridge's field stands in the header, not under All fields: where it is asked for or set."""
        asked = bool(self.incident.bridge_url or self.incident.alarm_level)
        return asked and self.can_edit("bridge_url")

    def why_not_check(self, system: str) -> str:
        refusal = check_refusal(self.incident.phase, self.incident.is_resolved)
        if not refusal and not self.may_command and system not in self._own_systems:
            return not_yours(system)
        return refusal

    def can_check(self, system: str) -> bool:
        return not self.why_not_check(system)

    @property
    def offers_release(self) -> bool:
        """Responders are released by name once recovery is applied, and after the close until all stood
        down."""
        has_left = release_refusal(self.incident.stood_down_at)
        return self.may_command and self.incident.phase >= Phase.VALIDATION and not has_left

    if TYPE_CHECKING:  # of the classes further up, which are the same screen

        @property
        def note(self) -> str: ...

        @cached_property
        def team(self) -> list[tuple[CommandRole, CommandAssignment | None, datetime | None]]: ...

    @cached_property
    def _own_systems(self) -> set[str]:
        return set(db.session.scalars(select(System.name).filter_by(owner_id=self.actor.user_id)))

    def text_of(self, name: str) -> str:
        """A field's stored value as editable text."""
        if name == "phase_note":
            return self.note
        if name.startswith("command."):
            return next(
                (seat.name for role, seat, _ in self.team if seat and name == f"command.{role.value}"), ""
            )
        return FIELDS[name].read(self.incident)

    # Top bar and phases

    @cached_property
    def others(self) -> list[Incident]:
        """Other running incidents, highest Box first."""
        rows = select(Incident).where(IS_RUNNING, Incident.id != self.incident.id)
        highest = rows.order_by(Incident.alarm_level.desc(), Incident.opened_at)
        return list(db.session.scalars(highest.limit(OTHERS_SHOWN)))

    @property
    def steps(self) -> list[Step]:
        return phase_steps(self)

    @property
    def time_in_phase(self) -> timedelta:
        return (self.incident.resolved_at or self.now) - self.incident.phase_entered_at

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
