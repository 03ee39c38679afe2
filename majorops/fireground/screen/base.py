"""Who looks, what was typed, and the parts that are always in sight: top bar, phases, tiles, info."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from majorops.db import db
from majorops.domain import measures
from majorops.domain.access import Actor, Permission
from majorops.domain.cadence import Cadence
from majorops.domain.enums import CommandRole, Phase
from majorops.domain.errors import Invalid, Refused
from majorops.domain.gates import STRICT, check_refusal, not_yours
from majorops.domain.phases import Step, steps
from majorops.domain.roles import release_refusal
from majorops.models import (
    IS_RUNNING,
    PHASES_ENTERED,
    CommandAssignment,
    Incident,
    Publication,
    System,
    TimelineEvent,
)
from majorops.operations import closed_refusal
from majorops.operations.fields import FIELDS

OTHERS_SHOWN = 20


@dataclass(frozen=True)
class Look:
    """The version of the record that a person saw, and when."""

    version: int
    at: datetime


class Screen:
    """One incident as one person sees it at one moment.

    `present`: who else looks (live.Person). `looked`: what the person saw last.
    Of the timeline it shows entries older than `before`, `only` public ones, and those that contain `q`.
    """

    def __init__(
        self,
        incident: Incident,
        actor: Actor,
        now: datetime,
        *,
        address: str,
        thresholds: dict[bool, tuple[int, int]],
        is_ai_on: bool = False,
        present: list | None = None,
        looked: Look | None = None,
        before: int | None = None,
        only: str = "",
        q: str = "",
    ):
        self.incident, self.actor, self.now = incident, actor, now
        self.before, self.only, self.q = before, only, q
        self.present, self.looked = present or [], looked
        self.address, self._thresholds, self.is_ai_on = address, thresholds, is_ai_on
        self.problem: Refused | None = None
        self.problem_form = ""
        self._typed: Mapping[str, str] = {}

    def keep(self, form: str, typed: Mapping[str, str]) -> None:
        """What was typed into a form of this page is shown in it."""
        self.problem_form, self._typed = form, typed

    def refuse(self, problem: Refused, form: str, typed: Mapping[str, str]) -> None:
        """A form of this page was refused: its reason and what was typed are shown where it stands."""
        self.problem = problem
        self.keep(form, typed)

    def typed(self, form: str, name: str, default: str = "") -> str:
        """What was typed into a refused form, else the default."""
        return self._typed.get(name, default) if form == self.problem_form else default

    def error(self, form: str, name: str | None = None) -> str:
        """The sentence at a field of a refused form; without a name the sentence about the whole."""
        if form != self.problem_form or self.problem is None:
            return ""
        if not isinstance(self.problem, Invalid):
            return "" if name else str(self.problem)
        return self.problem.errors.get(name, "") if name else str(self.problem)

    # Who looks

    @property
    def can_command(self) -> bool:
        """May edit: a MIM, and the incident is not over."""
        return self.actor.can(Permission.INCIDENT_COMMAND) and not self.incident.is_resolved

    @property
    def may_command(self) -> bool:
        """Has the right at all, even where the incident is resolved (visibility, corrections, review)."""
        return self.actor.can(Permission.INCIDENT_COMMAND)

    @property
    def may_publish(self) -> bool:
        """What this person writes may reach the public."""
        return self.actor.can(Permission.PUBLISH)

    @property
    def may_manage(self) -> bool:
        """May change channels and accounts."""
        return self.actor.can(Permission.DATA_MANAGE)

    def why_not(self, permission: Permission, *, always: bool = False) -> str:
        """Why this person may not use an operation, as a sentence; empty when they may.

        `always`: even when resolved.
        """
        return self.actor.refusal(permission) or ("" if always else closed_refusal(self.incident))

    def why_not_edit(self, name: str) -> str:
        field = FIELDS[name]
        refusal = self.why_not(field.needs, always=not field.frozen_when_resolved)
        return refusal or field.why_missing(self.incident)

    @property
    def edits_bridge_above(self) -> bool:
        """The bridge's field stands in the header, not under All fields: where it is asked for or set."""
        asked = bool(self.incident.bridge_url or self.incident.alarm_level)
        return asked and self.can_edit("bridge_url")

    def can_edit(self, name: str) -> bool:
        return not self.why_not_edit(name)

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

    def later(self, minutes: int) -> datetime:
        """A time ahead, for the examples that fields show."""
        return self.now + timedelta(minutes=minutes)

    # Top bar and phases

    @cached_property
    def others(self) -> list[Incident]:
        """Other running incidents, highest Box first."""
        rows = select(Incident).where(IS_RUNNING, Incident.id != self.incident.id)
        highest = rows.order_by(Incident.alarm_level.desc(), Incident.opened_at)
        return list(db.session.scalars(highest.limit(OTHERS_SHOWN)))

    @cached_property
    def steps(self) -> list[Step]:
        rows = PHASES_ENTERED.where(TimelineEvent.incident_id == self.incident.id)
        could_skip = self.incident.phase > Phase.GATHER
        entered: Iterable[Phase] = db.session.scalars(rows) if could_skip else [self.incident.phase]
        return steps(self.incident.phase, entered, self.incident.is_resolved)

    @property
    def time_in_phase(self) -> timedelta:
        return (self.incident.resolved_at or self.now) - self.incident.phase_entered_at

    @cached_property
    def cadence(self) -> Cadence | None:
        return self.incident.cadence(self.now)

    # Tiles

    @property
    def thresholds(self) -> tuple[int, int]:
        """Minutes until the duration turns amber and red."""
        return self._thresholds[self.incident.severity in STRICT]

    @property
    def duration(self) -> timedelta:
        return measures.total_duration(self.incident.opened_at, self.incident.resolved_at, self.now)

    @property
    def duration_colour(self) -> str:
        return measures.duration_colour(self.duration, self.thresholds)

    @property
    def impact_from(self) -> datetime:
        return measures.impact_started_at(self.incident.issue_time, self.incident.detected_at)

    @property
    def impact_to(self) -> datetime | None:
        return measures.impact_ended_at(self.incident.resolve_time, self.incident.resolved_at)

    @property
    def impact(self) -> timedelta:
        return measures.impact_duration(self.impact_from, self.impact_to, self.now)

    @cached_property
    def update_count(self) -> int:
        rows = select(func.count(Publication.id)).filter_by(incident_id=self.incident.id)
        return db.session.execute(rows).scalar_one()

    # Info

    def fields_at(self, place: str) -> list[str]:
        """The names of the fields that stand at a place of this page."""
        names = [
            name
            for name, field in FIELDS.items()
            if field.place == place and not field.why_missing(self.incident)
        ]
        return [name for name in names if name != "bridge_url" or not self.edits_bridge_above]
