"""Briefs: what leadership is asked for, how links and questions are limited (domain §7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from majorops.domain.enums import IncidentStatus, Phase, Severity
from majorops.domain.measures import words
from majorops.domain.text import clean_line

LINK_HOURS = 24
LONGEST_LINK = 30 * 24
USE_COUNTS_EVERY = timedelta(minutes=1)
QUESTION_LENGTH = 300
QUESTIONS_AT_ONCE = 5
QUESTION_MINUTES = 15
TRACKS_SHOWN = 5


@dataclass(frozen=True)
class Need:
    """One thing that is needed from leadership, from whom, and by when; `due_at` None: now."""

    what: str
    whom: str
    due_at: datetime | None = None


def needed_from_leadership(
    asks: Iterable[Need], leader: str, escalated: Iterable[tuple[str, str, str]]
) -> tuple[Need, ...]:
    """Open asks to the Leader (by role or by name), then what escalated tracks wait for.

    `escalated`: goal, who it was escalated to, and the open need of its team, if any.
    """
    names = {"leader", clean_line(leader).casefold()} - {""}
    found = [one for one in asks if clean_line(one.whom).casefold() in names]
    found += [Need(need or f"Escalated: {goal}", to) for goal, to, need in escalated]
    return tuple(found)


@dataclass(frozen=True)
class Spoken:
    """What a brief has to know of an update, a milestone or a correction to show it or not."""

    id: int
    is_milestone: bool
    is_public: bool
    is_withdrawn: bool
    corrects_id: int | None


def standing(said: Iterable[Spoken]) -> dict[int, int]:
    """Of what was said of an incident that which stands on its briefs: id → id of what it goes back to.

    Milestones stand there, also internal ones, and updates that the public was given. A correction stands in
    the place of what it corrects; with what was withdrawn its corrections are gone too.
    """
    known = {one.id: one for one in said}
    corrected = {one.corrects_id for one in known.values()}
    found = {}
    for one in known.values():
        first, is_gone = one, one.is_withdrawn
        while first.corrects_id in known:
            first = known[first.corrects_id]
            is_gone = is_gone or first.is_withdrawn
        if one.id not in corrected and not is_gone and (first.is_milestone or one.is_public):
            found[one.id] = first.id
    return found


def counts_as_use(last_used_at: datetime | None, now: datetime) -> bool:
    """A link's use counts once a minute at most: reloading is no second use."""
    return last_used_at is None or now - last_used_at >= USE_COUNTS_EVERY


def link_problems(name: str, hours: int | None) -> dict[str, str]:
    """What is wrong with a new link, one sentence a field; empty when nothing is."""
    problems = {}
    if not name:
        problems["name"] = "Say whom the link is for, such as Board or Legal, A. Novak."
    elif len(name) > 80:
        problems["name"] = "At most 80 characters."
    if hours is None or not 1 <= hours <= LONGEST_LINK:
        problems["hours"] = f"Between 1 and {LONGEST_LINK} hours (30 days)."
    return problems


def question_problem(text: str) -> str:
    """Why the text is no question, as a sentence; empty when it is one."""
    if not text:
        return "Write the question."
    return f"At most {QUESTION_LENGTH} characters." if len(text) > QUESTION_LENGTH else ""


def questions_refusal(open_questions: int) -> str:
    """Why no further question is taken; empty while there is room."""
    if open_questions < QUESTIONS_AT_ONCE:
        return ""
    return f"{open_questions} questions are open already. Ask again when one is answered."


@dataclass(frozen=True)
class Basis:
    """What an exec summary was written from, or confirmed at.

    A value that is None is not known: it moved on never. `version`: of the incident's record. `written_at`,
    `written_in`: of a confirmed one, when and in which phase its text was written.
    """

    version: int
    at: datetime
    phase: Phase
    status: IncidentStatus | None = None
    severity: Severity | None = None
    customers: str | None = None  # `approximately 1,240`, empty for not known
    is_confirmed: bool = False
    written_at: datetime | None = None
    written_in: Phase | None = None

    def confirmed(self, now: Basis) -> Basis:
        """The basis of the same text, confirmed at `now`."""
        at, phase = (self.written_at, self.written_in) if self.is_confirmed else (self.at, self.phase)
        return replace(now, is_confirmed=True, written_at=at, written_in=phase)

    @property
    def stored(self) -> dict[str, Any]:
        """As `Incident.exec_summary_from` and `Draft.made_from` keep it, in JSON."""
        return {
            "version": self.version,
            "at": self.at.isoformat(),
            "phase": self.phase.value,
            "status": self.status and self.status.value,
            "severity": self.severity and self.severity.value,
            "customers": self.customers,
            "is_confirmed": self.is_confirmed,
            "written_at": self.written_at and self.written_at.isoformat(),
            "written_in": self.written_in and self.written_in.value,
        }

    @classmethod
    def of(cls, stored: dict[str, Any] | None) -> Basis | None:
        """From what is kept; None where nothing is."""
        if not stored:
            return None
        return cls(
            version=stored["version"],
            at=datetime.fromisoformat(stored["at"]),
            phase=Phase(stored["phase"]),
            status=IncidentStatus(stored["status"]) if stored.get("status") else None,
            severity=Severity(stored["severity"]) if stored.get("severity") else None,
            customers=stored.get("customers"),
            is_confirmed=stored.get("is_confirmed", False),
            written_at=datetime.fromisoformat(stored["written_at"]) if stored.get("written_at") else None,
            written_in=Phase(stored["written_in"]) if stored.get("written_in") else None,
        )


def customer_words(number: int | None, is_approximate: bool) -> str:
    """`approximately 1,240`; empty where nobody knows."""
    return "" if number is None else f"{'approximately ' if is_approximate else ''}{number:,}"


def moved_on(basis: Basis, now: Basis) -> tuple[str, ...]:
    """What is otherwise now than when the summary was written, each in a few words.

    Empty while it is current.
    """
    moved = []
    status, severity = now.status, now.severity
    if status and basis.status is not status and (basis.status or status is not IncidentStatus.ACTIVE):
        moved.append(f"status {status.label}")
    if basis.phase is not now.phase:
        moved.append(f"phase {now.phase.title}")
    if severity and basis.severity not in (None, severity):
        moved.append(f"severity {severity.label}")
    if basis.customers not in (None, now.customers):
        moved.append(f"customers {now.customers or 'not known'}")
    return tuple(moved)


def written_words(basis: Basis, until: datetime, resolved_at: datetime | None) -> str:
    """When the summary was written: `Written in phase 4 Initial, 41 min ago`.

    After the close `Written before the close, in phase 4 Initial, 41 min before it`. The age is that of the
    confirmation where one came: `Written 14:02 UTC in phase 4 Initial, confirmed in phase 5 Isolation, 3 min
    ago`. `until`: now, or the time at which the page is read.
    """
    act = "Written"
    if basis.is_confirmed:
        act, at, phase = "Confirmed", basis.written_at, basis.written_in
        if at and phase:
            layout = "%H:%M" if at.date() == until.date() else "%-d %b %H:%M"
            act = f"Written {at:{layout}} UTC in phase {phase.title}, confirmed"
    if resolved_at is None:
        return f"{act} in phase {basis.phase.title}, {words(max(until - basis.at, timedelta()))} ago"
    if basis.at >= resolved_at:
        return f"{act} after the close, {words(max(until - basis.at, timedelta()))} ago"
    before = words(resolved_at - basis.at)
    return f"{act} before the close, in phase {basis.phase.title}, {before} before it"


class SummaryAtClose(StrEnum):
    """What becomes of an exec summary when the incident is resolved."""

    HOLDS = "holds"
    LATER = "later"  # it is rewritten after the close, and marked until then
    CLEAR = "clear"


SUMMARY_ASKED = "Say what becomes of the exec summary: it still holds, it is rewritten, or it is cleared."
