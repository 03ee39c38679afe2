"""What the record shows of an incident that is over: numbers, charts and findings of its Learning Review.

Every number is computed from the facts at each look, nothing is kept (domain §10, "never retyped").
Positions in charts are percent of their width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from majorops.domain.alarm import is_role_asked
from majorops.domain.coach import FIRST_MILESTONE, GATHER, VACANT
from majorops.domain.enums import AlarmLevel, CommandRole, Phase, Severity, TrackOutcome
from majorops.domain.gates import CLEAN_WINDOW, STRICT
from majorops.domain.measures import OPENED_LATE, Kept, kept, passed, short_clock
from majorops.domain.text import count

OPEN_WITHIN = timedelta(minutes=5)  # after the alert fired
SILENCE = timedelta(minutes=20)
NEARLY_UNEDITED = 10  # percent of a draft that were changed
NARROWEST = 6.5  # percent of the bar that a phase gets, so that its name can be read
LETTER = 0.72  # percent of the strip that a letter of a label takes on a desk
ROWS = 3  # of labels above the strip
SHORT = {"Opened": "Open", "Update": "Upd", "Holding": "Hold", "Resolution": "Res"}
LISTED = 12  # findings of one kind


@dataclass(frozen=True)
class Word:
    """An update or a milestone, as it was said: `label` is `M2`, `Update`, `Holding`, `Resolution`.

    `due_at`: the next one that it promised, None for none.
    """

    label: str
    at: datetime
    due_at: datetime | None
    is_public: bool
    is_milestone: bool = True
    text: str = ""
    seq: int = 0


@dataclass(frozen=True)
class Spell:
    """Somebody held a role; `until` None: to the end."""

    role: CommandRole
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class TrackRun:
    """A recovery track as it ended. `expires_at`: of its last timebox, None where it had none."""

    team: str
    goal: str
    owner: str
    outcome: TrackOutcome
    note: str
    started_at: datetime
    closed_at: datetime | None
    expires_at: datetime | None
    extensions: int = 0


@dataclass(frozen=True)
class Known:
    """What somebody knew at a moment: an internal or public entry of the timeline."""

    seq: int
    at: datetime
    text: str


@dataclass(frozen=True)
class ReviewFacts:
    """All that the rules look at, as the record has it.

    `until`: the close, or now while the incident runs. `level_at`: since when the Box is this one. `entered`:
    the phases after the first, as they were entered. `window_ended_at`: when the clean window was over, None
    where it did not begin. `drafts`: percent changed of each draft that was published. `booked_at`: when the
    After Action was first given a time, `after_action_at` that time; both None for never. `opened_said`: the
    public knew of the incident from its opening on.
    """

    severity: Severity
    level: AlarmLevel
    level_at: datetime
    detected_at: datetime
    opened_at: datetime
    until: datetime
    is_over: bool
    issue_time: datetime | None = None
    impact_from: datetime | None = None
    impact_until: datetime | None = None
    customer_count: int | None = None
    is_approximate: bool = False
    entered: tuple[tuple[Phase, datetime], ...] = ()
    words: tuple[Word, ...] = ()
    spells: tuple[Spell, ...] = ()
    window_started_at: datetime | None = None
    window_ended_at: datetime | None = None
    resets: int = 0
    overrides: int = 0
    drafts: tuple[int, ...] = ()
    tracks: tuple[TrackRun, ...] = ()
    known: tuple[Known, ...] = ()
    booked_at: datetime | None = None
    after_action_at: datetime | None = None
    opened_said: bool = False


# Head numbers


@dataclass(frozen=True)
class Head:
    """A number at the head of the review: its label, value, and a note with its tone: good, bad or plain."""

    label: str
    value: str
    note: str
    tone: str = "plain"


def heads(facts: ReviewFacts) -> list[Head]:
    """The six numbers at the head, as the design has them."""
    return [
        _duration(facts),
        _impact(facts),
        _alert_to_open(facts),
        _first_milestone(facts),
        _cadence_kept(facts),
        _clean_window(facts),
    ]


def _clock(duration: timedelta) -> str:
    return short_clock(duration)


def _judged(label: str, value: timedelta, limit: timedelta, *, at_least: bool = False) -> Head:
    is_good = value >= limit if at_least else value <= limit
    word = "under" if is_good != at_least else "over"
    return Head(label, _clock(value), f"{word} {_clock(limit)}", "good" if is_good else "bad")


def _duration(facts: ReviewFacts) -> Head:
    lasted = passed(facts.opened_at, facts.until, facts.until)
    layout = "%H:%M:%S" if facts.opened_at.date() == facts.until.date() else "%-d %b %H:%M"
    note = f"{facts.opened_at:{layout}} to {facts.until:{layout}}"
    return Head("Duration", _clock(lasted), note if facts.is_over else f"{note}, running")


def _impact(facts: ReviewFacts) -> Head:
    began = facts.impact_from or facts.detected_at
    lasted = passed(began, facts.impact_until or facts.until, facts.until)
    if facts.customer_count is None:
        return Head("Customer impact", _clock(lasted), "customers not counted", "bad")
    sure = "approximately " if facts.is_approximate else ""
    return Head("Customer impact", _clock(lasted), f"{sure}{count(facts.customer_count, 'customer')}")


def _alert_to_open(facts: ReviewFacts) -> Head:
    if facts.issue_time is None:
        return Head("Alert to open", "no alert", "opened by a person")
    lasted = passed(facts.issue_time, facts.opened_at, facts.opened_at)
    return _judged("Alert to open", lasted, OPEN_WITHIN)


def _first_milestone(facts: ReviewFacts) -> Head:
    first = next((word.at for word in facts.words if word.is_milestone), None)
    if first is None:
        return Head("First milestone", "none", "nobody was told by one", "bad")
    return _judged("First milestone", passed(facts.opened_at, first, first), FIRST_MILESTONE)


def _cadence_kept(facts: ReviewFacts) -> Head:
    found = _kept(facts)
    if not found.promises:
        return Head("Cadence kept", "0/0", "no update was promised", "bad")
    late = [mark.late for mark in strip(facts) if mark.late]
    value = f"{found.on_time}/{found.promises}"
    if not late:
        return Head("Cadence kept", value, "no update was late", "good")
    return Head("Cadence kept", value, f"worst {_clock(max(late))} late", "bad")


def _kept(facts: ReviewFacts) -> Kept:
    end = facts.until if facts.is_over else None
    return kept(facts.opened_at, [(word.at, word.due_at) for word in facts.words], end)


def _clean_window(facts: ReviewFacts) -> Head:
    if facts.window_started_at is None or facts.window_ended_at is None:
        return Head("Clean window", "none", "recovery was not watched", "bad")
    lasted = passed(facts.window_started_at, facts.window_ended_at, facts.window_ended_at)
    is_good = not facts.resets and (lasted >= CLEAN_WINDOW or facts.severity not in STRICT)
    return Head("Clean window", _clock(lasted), count(facts.resets, "reset"), "good" if is_good else "bad")


# Time in phase


@dataclass(frozen=True)
class PhaseTime:
    """How long the incident was in a phase. `left`, `width`: where it stands in the bar."""

    phase: Phase
    at: datetime
    lasted: timedelta
    percent: int
    is_longest: bool
    left: float
    width: float


def phase_times(facts: ReviewFacts) -> list[PhaseTime]:
    """The phases that were gone through, in order; what was skipped is not there."""
    begun = [(Phase.ALERT, facts.opened_at), *facts.entered]
    ends = [at for _, at in begun[1:]] + [facts.until]
    lasted = [passed(at, end, end) for (_, at), end in zip(begun, ends, strict=True)]
    total = sum(lasted, timedelta())
    shares = [each / total if total else 1 / len(lasted) for each in lasted]
    widths = _widths(shares)
    longest = max(range(len(lasted)), key=lambda n: lasted[n])
    return [
        PhaseTime(
            phase=phase,
            at=at,
            lasted=lasted[n],
            percent=round(shares[n] * 100),
            is_longest=n == longest and len(lasted) > 1,
            left=round(sum(widths[:n]), 2),
            width=round(widths[n], 2),
        )
        for n, (phase, at) in enumerate(begun)
    ]


def _widths(shares: Sequence[float]) -> list[float]:
    """Percent of the bar for each: its share, but for short ones, which get enough to be read."""
    rest = 100 - NARROWEST * len(shares)
    return [NARROWEST + share * rest for share in shares]


# The cadence strip


@dataclass(frozen=True)
class StripMark:
    """A word on the strip.

    `promised_for`: when it was due by the word before it, None where nothing was promised; `late`: None
    where it came in time. `x`: where it stands, `late_x`: from where on it was late; `row`: of its label,
    counted from below, None where there is no room for one.
    """

    label: str
    at: datetime
    promised_for: datetime | None
    late: timedelta | None
    x: float
    late_x: float | None
    row: int | None
    anchor: str


def strip(facts: ReviewFacts) -> list[StripMark]:
    """Each word that was said, and the close, with what was promised before it.

    A promise that the close answered counts as the close.
    """
    said = [(word.label, word.at, word.due_at) for word in facts.words]
    last_due = said[-1][2] if said else None
    if facts.is_over and last_due:
        said.append(("Close", facts.until, None))
    promised = [None, *(due for _, _, due in said)][: len(said)]
    axis = _Axis(facts.opened_at, facts.until)
    marks = []
    free = [-1.0] * ROWS
    for (label, at, _), due in zip(said, promised, strict=True):
        late = at - due if due and at > due else None
        x = axis.at(at)
        shown = f"{label} {at:%H:%M}{f', {_clock(late)} late' if late else ''}"
        row, anchor = _row(free, x, len(shown) * LETTER)
        marks.append(StripMark(label, at, due, late, x, axis.at(due) if late and due else None, row, anchor))
    return marks


def _row(free: list[float], x: float, width: float) -> tuple[int | None, str]:
    """The lowest row with room for a label of this width at `x`, which it takes; and how it is anchored."""
    half = width / 2
    anchor = "start" if x < half else "end" if x > 100 - half else "middle"
    left = {"start": x, "middle": x - half, "end": x - width}[anchor]
    for row, taken in enumerate(free):
        if left > taken:
            free[row] = left + width
            return row, anchor
    return None, anchor


class _Axis:
    """Percent of the way from one time to another."""

    def __init__(self, start: datetime, end: datetime):
        self.start, self.length = start, max(end - start, timedelta(seconds=1))

    def at(self, moment: datetime) -> float:
        return round(min(max((moment - self.start) / self.length, 0), 1) * 100, 2)


# Two lanes: what we knew, what we said


@dataclass(frozen=True)
class Point:
    """A point of a lane; `seq`: its entry."""

    seq: int
    at: datetime
    text: str
    x: float


@dataclass(frozen=True)
class SaidPoint:
    """A public word, with how long what it could tell had been known: since `lag_from`, None for nothing."""

    label: str
    at: datetime
    text: str
    x: float
    lag_from: datetime | None
    lag: timedelta
    lag_x: float

    @property
    def short(self) -> str:
        """Its label where there is little room."""
        return SHORT.get(self.label, self.label)


@dataclass(frozen=True)
class Tick:
    """A time of the axis."""

    at: datetime
    x: float


@dataclass(frozen=True)
class Lanes:
    """The two lanes on one axis, from the beginning of the problem to the close."""

    starts_at: datetime
    ends_at: datetime
    knew: tuple[Point, ...]
    said: tuple[SaidPoint, ...]
    ticks: tuple[Tick, ...]

    @property
    def longest_lag(self) -> timedelta:
        """The longest that something known waited for a public word."""
        return max((point.lag for point in self.said), default=timedelta())


STEPS = [timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440, 2880, 10080)]


def lanes(facts: ReviewFacts) -> Lanes:
    """What we knew above, what we said below.

    The lag of a public word: since the oldest entry that came after the word before it.
    """
    start = min(facts.opened_at, facts.issue_time or facts.opened_at, facts.detected_at)
    axis = _Axis(start, facts.until)
    knew = [Point(one.seq, one.at, one.text, axis.at(one.at)) for one in facts.known]
    said: list[SaidPoint] = []
    public = [word for word in facts.words if word.is_public]
    if facts.opened_said:
        public.insert(0, Word("Opened", facts.opened_at, None, True))
    since = start - timedelta(seconds=1)
    for word in public:
        waiting = [one.at for one in facts.known if since < one.at <= word.at]
        first = min(waiting, default=None)
        lag = word.at - first if first else timedelta()
        lag_x = axis.at(first) if first else axis.at(word.at)
        said.append(SaidPoint(word.label, word.at, word.text, axis.at(word.at), first, lag, lag_x))
        since = word.at
    return Lanes(start, facts.until, tuple(knew), tuple(said), tuple(_ticks(start, facts.until, axis)))


def _ticks(start: datetime, end: datetime, axis: _Axis) -> Iterable[Tick]:
    """At most eight round times."""
    step = next((step for step in STEPS if (end - start) / step <= 8), STEPS[-1])
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    first = day + ((start - day) // step + 1) * step
    return [Tick(at, axis.at(at)) for at in (first + n * step for n in range(9)) if at < end]


# Findings


@dataclass(frozen=True)
class Finding:
    """What the record itself shows, with its number or time."""

    text: str
    value: str = ""


def kept_findings(facts: ReviewFacts) -> list[Finding]:
    """What went as the guide has it."""
    found = []
    late = facts.opened_at - facts.detected_at
    if late <= OPENED_LATE:
        found.append(Finding("Opened within 10 min of the problem", _clock(max(late, timedelta()))))
    first = next((word.at for word in facts.words if word.is_milestone), None)
    if first and first - facts.opened_at <= FIRST_MILESTONE:
        found.append(Finding("First milestone within 20 min", _clock(first - facts.opened_at)))
    gather = next((one for one in phase_times(facts) if one.phase is Phase.GATHER), None)
    if gather and gather.lasted <= GATHER and len(facts.entered) > 1:
        found.append(Finding("Gather closed within 10 min", _clock(gather.lasted)))
    promises = _kept(facts)
    if promises.promises and promises.on_time == promises.promises:
        found.append(Finding("Every promised update came in time", f"{promises.on_time}/{promises.promises}"))
    if facts.window_ended_at and not facts.resets:
        found.append(Finding("Recovery confirmed without a setback", "0 resets"))
    is_booked = facts.booked_at and facts.after_action_at and facts.booked_at <= facts.until
    if facts.is_over and is_booked and facts.after_action_at:
        found.append(Finding("After Action booked before the close", f"{facts.after_action_at:%-d %b %H:%M}"))
    return found


def lost_findings(facts: ReviewFacts) -> list[Finding]:
    """What the record shows as lost time or a gap: the findings of domain §10."""
    return [
        *_opened_late(facts),
        *_no_milestone(facts),
        *_missed(facts),
        *_silences(facts),
        *_vacancies(facts),
        *_gaps(facts),
    ]


def _opened_late(facts: ReviewFacts) -> Iterable[Finding]:
    late = facts.opened_at - facts.detected_at
    if late > OPENED_LATE:
        yield Finding("Opened late after the problem began", _clock(late))


def _no_milestone(facts: ReviewFacts) -> Iterable[Finding]:
    first = next((word.at for word in facts.words if word.is_milestone), None)
    if first is None:
        yield Finding("No milestone was cut")
    elif first - facts.opened_at > FIRST_MILESTONE:
        yield Finding("First milestone later than 20 min", _clock(first - facts.opened_at))


def _missed(facts: ReviewFacts) -> Iterable[Finding]:
    late = [(mark.promised_for, mark.late) for mark in strip(facts) if mark.late]
    for due, by in late[:LISTED]:
        yield Finding(f"Update promised for {due:%H:%M} was late", _clock(by))


def silences(facts: ReviewFacts) -> list[tuple[datetime, timedelta]]:
    """Each time in which nobody was told anything for more than 20 min: its beginning and length."""
    moments = [facts.opened_at, *(word.at for word in facts.words), facts.until]
    return [(a, b - a) for a, b in pairwise(moments) if b - a > SILENCE]


def _silences(facts: ReviewFacts) -> Iterable[Finding]:
    for at, lasted in silences(facts)[:LISTED]:
        yield Finding(f"No word to anybody from {at:%H:%M} on", _clock(lasted))


def vacancies(facts: ReviewFacts) -> dict[CommandRole, timedelta]:
    """How long each role that the Box asks for was held by nobody, in all; one that always was is left out.

    From when the Box asks for it to the release of responders, which begins with phase 8; the MIM's to the
    close.
    """
    start = max(facts.opened_at, facts.level_at)
    released = next((at for phase, at in facts.entered if phase is Phase.RESOLUTION), facts.until)
    found = {}
    for role in CommandRole:
        if not is_role_asked(role, facts.level):
            continue
        end = facts.until if role is CommandRole.MIM else released
        held = sorted((one for one in facts.spells if one.role is role), key=lambda one: one.since)
        empty, since = timedelta(), start
        for spell in held:
            empty += max(min(spell.since, end) - since, timedelta())
            since = max(since, spell.until or end)
        empty += max(end - since, timedelta())
        if empty:
            found[role] = empty
    return found


def _vacancies(facts: ReviewFacts) -> Iterable[Finding]:
    for role, empty in vacancies(facts).items():
        if role is CommandRole.MIM or empty >= VACANT:
            yield Finding(f"{role.label} role vacant", _clock(empty))


def _gaps(facts: ReviewFacts) -> Iterable[Finding]:
    if facts.customer_count is None:
        yield Finding("Customers were not counted")
    if facts.resets:
        yield Finding("Symptoms returned, or a check failed: clean window restarted", f"{facts.resets}×")
    for run in facts.tracks[:LISTED]:
        if lost := lost_time(run, facts.until):
            yield Finding(f"{run.goal} ({run.team}): {_why_lost(run)}", _clock(lost))
    raw = sum(percent < NEARLY_UNEDITED for percent in facts.drafts)
    if raw:
        yield Finding("AI drafts published nearly as they came", f"{raw} of {len(facts.drafts)}")
    if facts.overrides:
        yield Finding("Gates overridden, each with its reason below", f"{facts.overrides}×")


def lost_time(run: TrackRun, until: datetime) -> timedelta:
    """What a track cost that did not lead to recovery: all of it, or what it ran over its last timebox."""
    end = run.closed_at or until
    if run.outcome in (TrackOutcome.FAILED, TrackOutcome.ABANDONED):
        return passed(run.started_at, end, end)
    over = end - run.expires_at if run.expires_at else timedelta()
    return max(over, timedelta())


def _why_lost(run: TrackRun) -> str:
    if run.outcome in (TrackOutcome.FAILED, TrackOutcome.ABANDONED):
        return run.outcome.value
    return "over its timebox"
