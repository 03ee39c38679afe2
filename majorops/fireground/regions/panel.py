"""The phase command: checklist, validation, guidance, notes, and what advances the phase (domain §4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from majorops.db import db
from majorops.domain.briefs import written_words
from majorops.domain.enums import CheckState, Helper, IncidentStatus, Phase, SystemStatus
from majorops.domain.facts import pieces
from majorops.domain.gates import CLEAN_WINDOW, STRICT, opens_at, status_blockers
from majorops.domain.systems import system_status
from majorops.fireground import reads
from majorops.fireground.fields import FieldAtRest, at_rest
from majorops.fireground.offered import Offered, offered
from majorops.fireground.view import Form, View
from majorops.models import PhaseNote, ValidationCheck

# Where a line that only the record ticks is settled: ids on the fireground, the first there gets the focus.
PLACES = {
    (Phase.ALERT, "bridge"): "f-bridge-url-value f-bridge-url-input",
    (Phase.ALERT, "systems"): "f-affected-systems-value f-affected-systems-input",
    (Phase.GATHER, "can"): "log-text",
    (Phase.GATHER, "timebox"): "gather-teams",
    (Phase.GATHER, "description"): "f-description-value f-description-input",
    (Phase.GATHER, "roles"): "team",
    (Phase.ASSESS, "external"): "f-alert-external-impact-value f-alert-external-impact-input",
    (Phase.ASSESS, "customers"): "f-alert-customer-count-value f-alert-customer-count-input",
    (Phase.INITIAL, "milestone"): "composer-body",
    (Phase.INITIAL, "eta"): "composer-body",
    (Phase.INITIAL, "leadership"): "f-exec-summary-value f-exec-summary-input",
    (Phase.ISOLATION, "tracks"): "track-line",
    (Phase.ISOLATION, "impact"): "f-business-impact-value f-business-impact-input",
    (Phase.MITIGATION, "tracks"): "tracks",
    (Phase.VALIDATION, "monitoring"): "status-key",
    (Phase.RESOLUTION, "milestone"): "composer-body",
    (Phase.RESOLUTION, "after_action"): "composer-body",
    (Phase.RESOLUTION, "released"): "release-name",
    (Phase.RESOLUTION, "resolved"): "status-key",
}
BRIEF_PHASES = (Phase.INITIAL, Phase.RESOLUTION)  # guide: "Run this at Phase 4 and again at Resolution"


@dataclass(frozen=True)
class Line:
    """A line of the checklist: done by a person (`by`, `at`), by the record itself, or open.

    `missing`: why it is open, `tells`: that stands beside it. `can_press`: this person ticks and unticks it.
    `place`: where it is settled; empty where nothing is left to this person.
    """

    key: str
    text: str
    is_done: bool
    missing: str
    tells: bool
    can_press: bool
    place: str
    by: str
    at: datetime | None

    @property
    def by_record(self) -> bool:
        """The record says that it holds, nobody pressed it."""
        return self.is_done and not self.by


@dataclass(frozen=True)
class Window:
    """The ten clean minutes.

    `cells`: each of them, `done`, `running` or `left`; `next_cell_at`: when the next one begins, None once
    all are over.
    """

    started_at: datetime
    opens_at: datetime
    is_clear: bool
    restarts: int
    cells: tuple[str, ...]
    next_cell_at: datetime | None


@dataclass(frozen=True)
class Check:
    """How a system is, who said so and when.

    `told`: what the public page says of it, where that is the contrary: worse than operational though it is
    confirmed, set to operational though it is not.
    """

    system: str
    state: CheckState
    by: str
    at: datetime | None
    note: str
    can_check: bool
    told: SystemStatus | None


@dataclass(frozen=True)
class Validation:
    """`window` is None where the ten-minute rule does not apply."""

    window: Window | None
    checks: tuple[Check, ...]

    @property
    def is_confirmed(self) -> bool:
        """Every affected system is confirmed; True where there is none."""
        return all(check.state is CheckState.CONFIRMED for check in self.checks)


@dataclass(frozen=True)
class Advance:
    """The way to the next phase.

    `why_not`: what locks it, and `opens_at`: when time alone will open it. `left`: conditions that are open.
    `skips`: phases behind the next one that may be skipped to.
    """

    to: Phase
    ready_when: str
    why_not: str
    opens_at: datetime | None
    left: tuple[str, ...]
    skips: tuple[Phase, ...]


@dataclass(frozen=True)
class Written:
    """When the exec summary was written, in words; `at`: since when, where its age is told beside them."""

    words: str
    at: datetime | None


@dataclass(frozen=True)
class Status:
    """The next status. `why_not`: what locks it. `asks_summary`: it asks what becomes of the exec summary."""

    to: IncidentStatus
    current: IncidentStatus
    why_not: str
    asks_summary: bool
    written: Written | None


@dataclass(frozen=True)
class Guidance:
    """By rule, or as a helper drafted it. `lines`: of the draft, in pieces, each with why it is marked."""

    is_ai_on: bool
    next_step: str
    watch_for: str
    failure: str
    draft: Offered | None
    lines: tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True)
class Summary:
    """What is wrong with the exec summary: there is no text, or what moved on since."""

    text: str
    moved: tuple[str, ...]
    written: Written | None


@dataclass(frozen=True)
class Note:
    """What was noted in a phase, who wrote it last, and when."""

    phase: Phase
    text: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Panel:
    """The phase command; `advance` is None in the last phase, and it and `status` for whom they are not.

    `validation`: from phase 7 on, it and `guidance` until the incident is resolved. `summary`: what is wrong
    with the exec summary, None for nothing.
    """

    address: str
    form: Form
    now: datetime
    phase: Phase
    entered_at: datetime
    time_in_phase: timedelta
    is_resolved: bool
    can_command: bool
    goal: str
    checklist: tuple[Line, ...]
    validation: Validation | None
    offers_release: bool
    advance: Advance | None
    status: Status | None
    guidance: Guidance | None
    summary: Summary | None
    note_field: FieldAtRest
    note: Note | None
    other_notes: tuple[Note, ...]

    @property
    def is_folded(self) -> bool:
        """Validation needs the room: guidance and notes are one line each."""
        return self.phase >= Phase.VALIDATION


def build(view: View) -> Panel:
    """The phase that the incident is in, as this person sees it."""
    incident = view.incident
    is_validated = incident.phase >= Phase.VALIDATION and not incident.is_resolved
    notes = reads.phase_notes(view)
    return Panel(
        address=view.address,
        form=view.form,
        now=view.now,
        phase=incident.phase,
        entered_at=incident.phase_entered_at,
        time_in_phase=reads.time_in_phase(view),
        is_resolved=incident.is_resolved,
        can_command=view.can_command,
        goal=reads.play(view).job,
        checklist=tuple(_line(view, line) for line in reads.checklist(view)),
        validation=_validation(view) if is_validated else None,
        offers_release=reads.offers_release(view),
        advance=_advance(view) if view.can_command else None,
        status=_status(view) if view.can_command else None,
        guidance=None if incident.is_resolved else _guidance(view),
        summary=_summary(view),
        note_field=at_rest(view, "phase_note"),
        note=_note(notes[incident.phase]) if incident.phase in notes else None,
        other_notes=tuple(_note(row) for phase, row in notes.items() if phase is not incident.phase),
    )


def _note(row: PhaseNote) -> Note:
    return Note(row.phase, row.text, row.by, row.at)


def _line(view: View, line: reads.Line) -> Line:
    is_open = view.can_command and not line.is_done
    return Line(
        key=line.item.key,
        text=line.item.text,
        is_done=line.is_done,
        missing=line.missing,
        tells=line.item.tells,
        can_press=view.can_command and not line.refusal,
        place=PLACES.get((view.incident.phase, line.item.key), "") if is_open else "",
        by=line.tick.by if line.tick else "",
        at=line.tick.at if line.tick else None,
    )


# Validation


def _validation(view: View) -> Validation:
    rows = db.session.scalars(select(ValidationCheck).filter_by(incident_id=view.incident.id))
    known = {row.system: row for row in rows}
    checks = tuple(_check(view, name, known.get(name)) for name in view.incident.system_names)
    return Validation(_window(view) if view.incident.severity in STRICT else None, checks)


def _window(view: View) -> Window | None:
    started_at = view.incident.window_started_at
    if started_at is None:
        return None
    passed = view.now - started_at
    minutes, all_minutes = passed // timedelta(minutes=1), CLEAN_WINDOW // timedelta(minutes=1)
    is_clear = passed >= CLEAN_WINDOW
    return Window(
        started_at=started_at,
        opens_at=started_at + CLEAN_WINDOW,
        is_clear=is_clear,
        restarts=view.incident.window_resets,
        cells=tuple(
            "done" if n < minutes else "running" if n == minutes else "left" for n in range(all_minutes)
        ),
        next_cell_at=None if is_clear else started_at + timedelta(minutes=minutes + 1),
    )


def _check(view: View, system: str, row: ValidationCheck | None) -> Check:
    state = row.state if row else CheckState.PENDING
    return Check(
        system=system,
        state=state,
        by=(row.confirmed_by if row else "") or "",
        at=row.at if row else None,
        note=row.note if row else "",
        can_check=not reads.why_not_check(view, system),
        told=_told_otherwise(view, system, state),
    )


def _told_otherwise(view: View, system: str, state: CheckState) -> SystemStatus | None:
    incident = view.incident
    if not incident.is_shown:
        return None
    chosen = next((row.status for row in incident.systems if row.name == system), None)
    if state is CheckState.CONFIRMED:
        told = system_status(chosen, incident.severity)
        return told if told is not SystemStatus.OPERATIONAL else None
    return chosen if chosen is SystemStatus.OPERATIONAL else None


# The next phase, the next status


def _advance(view: View) -> Advance | None:
    to = reads.next_phase(view)
    if to is None:
        return None
    blockers = reads.blockers(view)
    last = Phase.VALIDATION if view.incident.severity in STRICT else Phase.RESOLUTION
    return Advance(
        to=to,
        ready_when=reads.play(view).ready_when,
        why_not=" ".join(blocker.text for blocker in blockers),
        opens_at=opens_at(blockers),
        left=tuple(line.item.text for line in reads.checklist(view) if not line.is_done),
        skips=tuple(phase for phase in Phase if to < phase <= last),
    )


def _status(view: View) -> Status | None:
    to = reads.next_status(view)
    if to is None:
        return None
    blockers = status_blockers(reads.situation(view), to, view.now)
    return Status(
        to=to,
        current=view.incident.status,
        why_not=" ".join(blocker.text for blocker in blockers),
        asks_summary=to is IncidentStatus.RESOLVED and bool(view.incident.exec_summary),
        written=_written(view),
    )


# Guidance, exec summary


def _guidance(view: View) -> Guidance:
    play, draft = reads.play(view), offered(view, Helper.SUGGESTION)
    lines = _marked(draft) if draft else ()
    return Guidance(view.is_ai_on, play.next_step, play.watch_for, play.failure, draft, lines)


def _marked(draft: Offered) -> tuple[tuple[tuple[str, str], ...], ...]:
    lines: list[list[tuple[str, str]]] = [[]]
    for text, why in pieces(draft.text, draft.marks):
        first, *rest = text.split("\n")
        lines[-1].append((first, why))
        lines += [[(line, why)] for line in rest]
    return tuple(tuple(line) for line in lines)


def _summary(view: View) -> Summary | None:
    """What a person who may change that is told; none while a brief is drafted already."""
    incident = view.incident
    if not view.may_command or Helper.BRIEF in reads.drafts(view):
        return None
    if incident.exec_summary:
        moved = reads.summary_moved(view)
        return Summary(incident.exec_summary, moved, _written(view)) if moved else None
    is_due = incident.phase in BRIEF_PHASES or incident.is_resolved
    return Summary("", (), None) if is_due else None


def _written(view: View) -> Written | None:
    """When the exec summary was written; None where nothing is known of it.

    Its age is told but for where the close came after it: the words end with how long before.
    """
    basis, closed_at = reads.summary_basis(view), view.incident.resolved_at
    if basis is None:
        return None
    words = written_words(basis, view.now, closed_at)
    if closed_at is None or basis.at >= closed_at:
        return Written(words.rpartition(", ")[0], basis.at)
    return Written(words, None)
