"""One incident as one person sees it at one moment.

Every region, command and form of the fireground is built from that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from majorops.domain.access import Actor, Permission
from majorops.domain.errors import Invalid, Refused
from majorops.models import Incident
from majorops.operations import closed_refusal
from majorops.operations.fields import FIELDS
from majorops.realtime import Person

Result = TypeVar("Result")


@dataclass(frozen=True)
class Look:
    """The version of the record that a person saw, and when."""

    version: int
    at: datetime


@dataclass(frozen=True)
class Form:
    """The one form of the page that was refused, or whose text is kept: what was typed, and why not.

    `name` is empty where there is none.
    """

    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    problem: Refused | None = None

    def typed(self, form: str, name: str, default: str = "") -> str:
        """What was typed into this form, else the default."""
        return self.values.get(name, default) if form == self.name else default

    def error(self, form: str, name: str | None = None) -> str:
        """The sentence at a field of the refused form; without a name the sentence about the whole."""
        if form != self.name or self.problem is None:
            return ""
        if not isinstance(self.problem, Invalid):
            return "" if name else str(self.problem)
        return self.problem.errors.get(name, "") if name else str(self.problem)


@dataclass
class View:
    """Who looks at which incident, when, and at what part of it.

    `address`: of the incident's fireground. `thresholds`: minutes until the duration turns amber and red, by
    whether the severity is strict. `present`: who looks at it now, this person too. `looked`: what the person
    saw last. Of the timeline it shows entries older than `before`, `only` public ones, and those that contain
    `q`.
    """

    incident: Incident
    actor: Actor
    now: datetime
    address: str
    thresholds: Mapping[bool, tuple[int, int]]
    is_ai_on: bool = False
    present: Sequence[Person] = ()
    looked: Look | None = None
    before: int | None = None
    only: str = ""
    q: str = ""
    form: Form = field(default_factory=Form)
    loaded: dict[Callable[..., Any], Any] = field(default_factory=dict, repr=False)

    @property
    def can_command(self) -> bool:
        """May edit: a MIM, and the incident is not over."""
        return self.may_command and not self.incident.is_resolved

    @property
    def may_command(self) -> bool:
        """Has the right at all, even where the incident is resolved (visibility, corrections, review)."""
        return self.actor.can(Permission.INCIDENT_COMMAND)

    @property
    def may_note(self) -> bool:
        """May log, answer and tick while the incident runs."""
        return self.actor.can(Permission.TIMELINE_NOTE) and not self.incident.is_resolved

    def why_not(self, permission: Permission, *, always: bool = False) -> str:
        """Why this person may not use an operation, as a sentence; empty when they may.

        `always`: even when resolved.
        """
        return self.actor.refusal(permission) or ("" if always else closed_refusal(self.incident))

    def why_not_edit(self, name: str) -> str:
        """Why this person may not edit a field now; empty when they may.

        Raises KeyError where there is no such field.
        """
        its = FIELDS[name]
        refusal = self.why_not(its.needs, always=not its.frozen_when_resolved)
        return refusal or its.why_missing(self.incident)

    def can_edit(self, name: str) -> bool:
        """Whether this person may edit a field now. Raises KeyError where there is none."""
        return not self.why_not_edit(name)

    def later(self, minutes: int) -> datetime:
        """A time ahead, for the examples that fields show."""
        return self.now + timedelta(minutes=minutes)


def once(load: Callable[[View], Result]) -> Callable[[View], Result]:
    """Read a thing once for a view, however many regions show it."""

    @wraps(load)
    def read(view: View) -> Result:
        if load not in view.loaded:
            view.loaded[load] = load(view)
        found: Result = view.loaded[load]
        return found

    return read
