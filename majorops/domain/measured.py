"""The measures of incident response: one definition each (domain §11), and what one incident gives to each.

What is kept of an incident are its NUMBERS: whole seconds, or counts. A measure is made of one of them, or
the share that one is of another.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Self

from majorops.domain.enums import ActionState, Phase, Severity
from majorops.domain.measures import Moment, kept, measures, passed
from majorops.domain.review import need_of

AFTER_ACTION_WITHIN = timedelta(hours=72)

# Never reordered: rows are packed in this order. What comes new goes to the end, and FORM counts up with it.
NUMBERS = (
    "first_word",
    "silence",
    "without_mim",
    *(f"phase_{phase.value}" for phase in Phase),
    "overrides",
    "promises",
    "on_time",
    "after_action",
    "detect",
    "acknowledge",
    "first_milestone",
    "mitigate",
    "resolve",
    "actions_due",
    "actions_on_time",
)
FORM = len(NUMBERS)
NONE = -1


class Kind(StrEnum):
    """What a measure is counted in: seconds, per cent of what was promised, or how often."""

    DURATION = "duration"
    SHARE = "share"
    COUNT = "count"


class Group(StrEnum):
    """What a MIM decides, and what the whole response takes."""

    COMMAND = "What command controls"
    PHASES = "Time in each phase"
    RESPONSE = "Detection to resolution"


@dataclass(frozen=True)
class Measure:
    """One measure: its only definition stands here and beneath its chart.

    `name`: in addresses and files. `number`: which of NUMBERS it is; of a share `of` is what it is a share
    of, empty where each incident counts once. `targets`: severity → at most so many minutes (domain §11).
    """

    name: str
    label: str
    definition: str
    group: Group = Group.COMMAND
    kind: Kind = Kind.DURATION
    number: str = ""
    of: str = ""
    targets: dict[Severity, int] = field(default_factory=dict)

    @property
    def kept_as(self) -> str:
        """Which of NUMBERS it is."""
        return self.number or self.name


_PHASES = tuple(
    Measure(
        f"phase_{phase.value}",
        f"Phase {phase.title}",
        f"From entering phase {phase.title} to entering a later one, or to the resolution."
        " Skipped: not counted.",
        Group.PHASES,
    )
    for phase in Phase
)
MEASURES: dict[str, Measure] = {
    one.name: one
    for one in (
        Measure(
            "first_word",
            "Time to first public word",
            "From opening the incident to its first public update or milestone. Resolved without one: at"
            " least to the resolution.",
        ),
        Measure(
            "cadence",
            "Cadence kept",
            "Updates and milestones that came by the time promised before, of all promises that were"
            " answered. A dot: the share of one incident. Target: at least 90 %.",
            kind=Kind.SHARE,
            number="on_time",
            of="promises",
        ),
        Measure(
            "silence",
            "Longest silence",
            "The longest time without an update or milestone, public or internal, between opening and"
            " resolution.",
        ),
        Measure(
            "without_mim",
            "Time without a MIM",
            "The time between opening and resolution in which nobody held the role of MIM.",
        ),
        Measure(
            "overrides",
            "Overrides",
            "Gates opened early with a written reason, in one incident.",
            kind=Kind.COUNT,
        ),
        Measure(
            "after_action",
            "After Action within 72 h",
            "Of resolved incidents that require an After Action (Critical; High over 2 h; a repeat of a known"
            " root cause), those where it is set for at most 72 h after the resolution. Moved: the newest"
            " date counts. A dot: one incident, 100 % is yes.",
            kind=Kind.SHARE,
        ),
        Measure(
            "actions",
            "Actions done on time",
            "Of the actions of these incidents whose first due date has passed, those that were done by the"
            " end of that day, UTC. Moving the date changes nothing; dropped by then: not counted. A dot: the"
            " share of one incident.",
            kind=Kind.SHARE,
            number="actions_on_time",
            of="actions_due",
        ),
        *_PHASES,
        Measure(
            "detect",
            "Time to detect",
            "From the alert (issue time) to opening the incident. Without an alert: not counted.",
            Group.RESPONSE,
        ),
        Measure(
            "acknowledge",
            "Time to acknowledge",
            "From the alert (issue time) to entering phase 2 Gather. Target: 10 min for Critical, 20 min for"
            " High.",
            Group.RESPONSE,
            targets={Severity.CRITICAL: 10, Severity.HIGH: 20},
        ),
        Measure(
            "first_milestone",
            "Time to first milestone",
            "From opening the incident to its first milestone. Resolved without one: at least to the"
            " resolution.",
            Group.RESPONSE,
        ),
        Measure(
            "mitigate",
            "Time to mitigate",
            "From opening the incident to entering phase 7 Validation. Closed before that: not counted.",
            Group.RESPONSE,
        ),
        Measure(
            "resolve",
            "Time to resolve",
            "From detection to resolution. Target: 120 min for Critical, 240 min for High.",
            Group.RESPONSE,
            targets={Severity.CRITICAL: 120, Severity.HIGH: 240},
        ),
    )
}


@dataclass(frozen=True)
class Promised:
    """An action as far as it is measured: first due on that day; how it ended, and when, None for open."""

    first_due_on: date
    state: ActionState = ActionState.OPEN
    ended_at: datetime | None = None

    @property
    def is_in_time(self) -> bool:
        """It ended by the end of the day that was promised first, UTC."""
        return self.ended_at is not None and self.ended_at.astimezone(UTC).date() <= self.first_due_on


def actions_kept(actions: Iterable[Promised]) -> tuple[int, int]:
    """Of actions how many that ended were due, and how many of these were done on time.

    Whatever the day is: `actions_corrected` says what today changes of it.
    """
    counted = [
        one.is_in_time
        for one in actions
        if one.ended_at and not (one.state is ActionState.DROPPED and one.is_in_time)
    ]
    return len(counted), sum(counted)


def actions_corrected(action: Promised, today: date) -> tuple[int, int]:
    """What today changes of `actions_kept`: open past its first date, or done before it came."""
    if action.state is ActionState.OPEN and action.first_due_on < today:
        return 1, 0
    is_early = action.state is ActionState.DONE and action.first_due_on >= today
    return (-1, -1) if is_early else (0, 0)


@dataclass(frozen=True)
class Facts:
    """What the record says of one incident, as far as the measures ask.

    `entered`: the phases after the first that were entered, and when first. `said`: as of `measures.kept`.
    `commanded`: from when until when there was a MIM, None for still. `repeats`: as of `review.need_of`.
    `is_told`: the public is, or will be, told of it. `is_imported`: it came from elsewhere, so that the
    record holds its times alone.
    """

    moment: Moment
    severity: Severity
    entered: Sequence[tuple[Phase, datetime]] = ()
    said: Sequence[tuple[datetime, datetime | None]] = ()
    public_at: datetime | None = None
    commanded: Sequence[tuple[datetime, datetime | None]] = ()
    overrides: int = 0
    after_action_at: datetime | None = None
    repeats: str = ""
    actions: Sequence[Promised] = ()
    is_told: bool = True
    is_imported: bool = False


def at_least(value: int) -> int:
    """How a number is kept that is not over yet: it is this, or more. Undone by `seconds`."""
    return -2 - value


def is_at_least(number: int) -> bool:
    """The number is one that may still grow."""
    return number < NONE


def seconds(number: int) -> int:
    """The value of a number, over or not. Not for NONE."""
    return number if number >= 0 else -2 - number


def numbers_of(facts: Facts, now: datetime) -> list[int]:
    """NUMBERS of one incident; NONE where it has none, `at_least` where it has not ended by `now`."""
    moment = facts.moment
    found: dict[str, int] = {}
    over = _whole(measures(moment))
    waiting = {
        "Time to acknowledge": (moment.issue_time, moment.gathered_at),
        "Time to mitigate": (moment.opened_at, moment.validated_at),
        "Time to resolve": (moment.detected_at, moment.resolved_at),
    }
    for name, label in _LABELS.items():
        if label in over:
            found[name] = over[label]
        elif label in waiting and moment.resolved_at is None and (start := waiting[label][0]):
            found[name] = at_least(_seconds(passed(start, None, now)))
    if not facts.is_imported:
        found |= _of_command(facts, now)
    found["actions_due"], found["actions_on_time"] = actions_kept(facts.actions)
    return [found.get(name, NONE) for name in NUMBERS]


_LABELS = {
    "detect": "Time to detect",
    "acknowledge": "Time to acknowledge",
    "first_milestone": "Time to first milestone",
    "mitigate": "Time to mitigate",
    "resolve": "Time to resolve",
}


def _of_command(facts: Facts, now: datetime) -> dict[str, int]:
    moment = facts.moment
    opened_at, resolved_at = moment.opened_at, moment.resolved_at
    is_running, lasted = resolved_at is None, passed(opened_at, resolved_at, now)
    open_end = at_least if is_running else int
    promised = kept(opened_at, list(facts.said), resolved_at)
    last_word = max([opened_at, *(at for at, _ in facts.said)])
    silence = max(promised.longest_silence, passed(last_word, resolved_at, now))
    found = {
        "silence": open_end(_seconds(silence)),
        "without_mim": open_end(_seconds(_uncovered(facts.commanded, opened_at, opened_at + lasted))),
        "overrides": open_end(facts.overrides),
        "promises": promised.promises,
        "on_time": promised.on_time,
    }
    if facts.is_told:
        word = facts.public_at
        found["first_word"] = _seconds(word - opened_at) if word else at_least(_seconds(lasted))
    if moment.milestone_at is None:
        found["first_milestone"] = at_least(_seconds(lasted))
    need = need_of(facts.severity, lasted, has_customer_impact=False, repeats=facts.repeats)
    if resolved_at and need.is_required:
        limit = resolved_at + AFTER_ACTION_WITHIN
        found["after_action"] = int(facts.after_action_at is not None and facts.after_action_at <= limit)
    return found | _in_phases(facts, now)


def _in_phases(facts: Facts, now: datetime) -> dict[str, int]:
    steps = [(Phase.ALERT, facts.moment.opened_at), *sorted(facts.entered, key=lambda step: step[1])]
    ends = [at for _, at in steps[1:]]
    found = {
        f"phase_{phase.value}": _seconds(passed(at, end, now))
        for (phase, at), end in zip(steps, ends, strict=False)
    }
    last, since = steps[-1]
    value = _seconds(passed(since, facts.moment.resolved_at, now))
    return found | {f"phase_{last.value}": value if facts.moment.resolved_at else at_least(value)}


def _uncovered(
    spans: Iterable[tuple[datetime, datetime | None]], start: datetime, end: datetime
) -> timedelta:
    """How much of the time from `start` to `end` lies in none of the spans."""
    missing, until = timedelta(), start
    for since, to in sorted(spans, key=lambda span: span[0]):
        if since > until:
            missing += max(min(since, end) - until, timedelta())
        until = max(until, min(to or end, end))
    return missing + max(end - until, timedelta())


def _whole(found: dict[str, timedelta]) -> dict[str, int]:
    return {name: _seconds(value) for name, value in found.items()}


def _seconds(value: timedelta) -> int:
    return max(int(value.total_seconds()), 0)


def packed(numbers: Sequence[int]) -> bytes:
    """The numbers of an incident as they are kept: four bytes each, the lowest first."""
    return b"".join(number.to_bytes(4, "little", signed=True) for number in numbers)


def unpacked(rows: Iterable[bytes]) -> array[int]:
    """The numbers of many incidents in a row; those of one measure are every FORM-th."""
    found = array("i")
    found.frombytes(b"".join(rows))
    if found.itemsize != 4:  # pragma: no cover (no such machine that Python runs on)
        raise RuntimeError("an int has not four bytes here")
    return found


class Apart(StrEnum):
    """What is never counted together; the value is an address's and a row's."""

    label: str

    def __new__(cls, value: str, label: str) -> Self:
        """Make a member; `label`: its words for people."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    INCIDENT = "incident", "Incidents"
    PRIVATE = "private", "Private incidents"
    DRILL = "drill", "Drills"
    MERGED = "merged", "Duplicates"  # measured with the incident that was kept


SHOWN_APART = (Apart.INCIDENT, Apart.PRIVATE, Apart.DRILL)


def apart_of(*, is_drill: bool, is_merged: bool, is_private: bool) -> Apart:
    """Where an incident is counted."""
    if is_merged:
        return Apart.MERGED
    if is_drill:
        return Apart.DRILL
    return Apart.PRIVATE if is_private else Apart.INCIDENT
