"""A field at rest and its editor, as `web/fields/` draws them: of an incident, and of its review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from majorops.domain.alarm import LEVELS
from majorops.domain.enums import AlarmLevel, Severity
from majorops.domain.errors import Asked, Conflict, GateClosed, Refused


class EditedField(Protocol):
    """What an editor asks of a field, whichever registry it stands in."""

    @property
    def name(self) -> str:
        """How addresses and forms call it."""

    @property
    def label(self) -> str:
        """How people call it."""

    @property
    def input(self) -> str:
        """How it is typed: line, text, choice, time, count, systems, people."""

    @property
    def display(self) -> str:
        """The macro that draws it at rest."""

    @property
    def may_wait(self) -> bool:
        """An edit made without a connection may be saved later."""

    @property
    def choices(self) -> Sequence[tuple[str, str]]:
        """Value and label of what may be chosen."""

    def show(self, text: str) -> str:
        """What a person reads of an editable text."""


@dataclass(frozen=True)
class FieldAtRest:
    """A field as it stands on the page while nobody edits it.

    `text`: the stored value as editable text, `shown`: what a person reads, `spoken`: what a screen reader
    says of it. `display`: how fields.html draws it, with its `detail`.
    """

    name: str
    id: str
    label: str
    address: str  # of its editor
    text: str
    shown: str
    spoken: str
    has_lines: bool
    can_edit: bool
    told_nobody: bool  # somebody got a role with it, and no message
    display: str
    detail: object
    now: datetime


@dataclass(frozen=True)
class Editor:
    """A field that is edited: what was typed, what the person saw (`was`), and why it was refused.

    `page`: the address of its fireground. `hint`: whether public pages show it. `suggested`: a list to choose
    from. `is_page`: it stands on a page of its own, without script.
    """

    field: EditedField
    id: str
    reference: str
    page: str
    address: str
    now: datetime
    hint: str
    typed: str = ""
    was: str = ""
    problem: Refused | None = None
    suggested: tuple[str, ...] = ()
    is_page: bool = False

    @property
    def is_gate(self) -> bool:
        """A written reason opens what is closed."""
        return isinstance(self.problem, GateClosed)

    @property
    def is_question(self) -> bool:
        """Nothing is wrong with the text: it is asked about once."""
        return isinstance(self.problem, Asked)

    @property
    def theirs(self) -> str | None:
        """What somebody else saved meanwhile; None where that is not the problem."""
        return self.problem.theirs if isinstance(self.problem, Conflict) else None

    @property
    def severities(self) -> tuple[tuple[Severity, AlarmLevel], ...]:
        """What the keys of the severity offer."""
        return tuple(LEVELS.items())
