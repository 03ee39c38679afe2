"""The coach: what must not be forgotten, each as one pure rule (domain §4).

It names the mistake before it is made, and never blocks.

A rule takes what the record says and yields its nudges, none where there is nothing to do. It says from when
on each holds. What the fireground shows, when a screen draws it, and when the MIM is reminded all follow from
that one time, so they agree to the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from majorops.domain.cadence import SOON
from majorops.domain.enums import AlarmLevel, CommandRole, IncidentStatus, Phase, Severity
from majorops.domain.gates import CLEAN_WINDOW, STRICT
from majorops.domain.measures import late_by, short_clock, words
from majorops.domain.notices import Outcome

FIRST_MILESTONE = timedelta(minutes=20)
GATHER = timedelta(minutes=10)
VACANT = timedelta(minutes=10)
NO_BRIDGE = timedelta(minutes=5)
SNOOZE = timedelta(minutes=5)
# Without a track, a timebox, a CAN or an outcome for so long, phase 2 and phase 5 have stalled.
STALLED: dict[AlarmLevel, dict[Phase, timedelta]] = {
    level: {Phase.GATHER: timedelta(minutes=gather), Phase.ISOLATION: timedelta(minutes=isolation)}
    for level, gather, isolation in (
        (AlarmLevel.BOX_3, 5, 10),
        (AlarmLevel.BOX_2, 10, 15),
        (AlarmLevel.BOX_1, 20, 30),
        (AlarmLevel.BOX_0, 60, 60),
    )
}


@dataclass(frozen=True)
class Clocked:
    """A running track, an open timebox or an open ask.

    `due_at` None: a track without a timebox. `escalated_at`: only of tracks, None for never.
    """

    id: int
    name: str
    due_at: datetime | None
    opened_at: datetime
    escalated_at: datetime | None = None


@dataclass(frozen=True)
class CoachInputs:
    """All that the rules look at, as the record has it.

    `*_at`: None for what never was. `promised_at`: when the next update is due. `level_at`: since when the
    Box is this one; `window_at`: when the clean window (re)started. `vacant`: role → since when nobody holds
    it.
    """

    severity: Severity
    level: AlarmLevel
    level_at: datetime
    status: IncidentStatus
    phase: Phase
    phase_at: datetime
    opened_at: datetime
    promised_at: datetime | None = None
    has_bridge: bool = False
    has_milestone: bool = False
    has_after_action: bool = False
    vacant: dict[CommandRole, datetime] | None = None
    tracks: tuple[Clocked, ...] = ()
    timeboxes: tuple[Clocked, ...] = ()
    asks: tuple[Clocked, ...] = ()
    moved_at: datetime | None = None  # the last track, timebox, CAN or outcome
    track_opened_at: datetime | None = None
    window_at: datetime | None = None
    window_resets: int = 0
    detected_at: datetime | None = None  # when the problem began
    reach: Outcome | None = None  # what became of the alarm's messages; None for a drill, which calls nobody
    not_told: tuple[str, ...] = ()  # the first of those whom no message reached


@dataclass(frozen=True)
class Nudge:
    """One thing to do. It holds from `at` on; `since` counts up from there, `until` counts down to it.

    `key` names the occurrence: the same cause a second time is another one. `action` settles it, on
    `subject` (the id of a track, timebox or ask, or the value of a role).
    """

    key: str
    at: datetime
    what: str
    why: str
    action: str
    subject: int | str = ""
    is_red: bool = False
    since: datetime | None = None
    until: datetime | None = None

    @property
    def tone(self) -> str:
        """The colour, `red` or `amber`; only amber ones can be snoozed (design §5)."""
        return "red" if self.is_red else "amber"


def nobody_told(inputs: CoachInputs) -> Iterator[Nudge]:
    """An alarm that reached nobody, from Box 1 on: in phase 1 it comes before all else."""
    if inputs.phase is Phase.ALERT:
        yield from _untold(inputs)


def still_nobody_told(inputs: CoachInputs) -> Iterator[Nudge]:
    """The same from phase 2 on: there more urgent rules come before it."""
    if inputs.phase > Phase.ALERT:
        yield from _untold(inputs)


def _untold(inputs: CoachInputs) -> Iterator[Nudge]:
    if inputs.level is AlarmLevel.BOX_0 or inputs.reach is None or not inputs.reach.is_nobody:
        return
    since = max(inputs.opened_at, inputs.level_at)
    left = inputs.reach.total - len(inputs.not_told)
    whom = ", ".join(inputs.not_told) + (f" and {left} more" if left else "")
    why = f"Call {whom or 'who must know'}. A message that goes out ends this."
    what = f"Nobody could be told: {inputs.reach.why_nobody}"
    yield Nudge(_key("untold", since), since, what, why, "called", "", True)


def vacant_mim(inputs: CoachInputs) -> Iterator[Nudge]:
    """The MIM role is vacant (domain §4): red, from the moment it is."""
    if since := (inputs.vacant or {}).get(CommandRole.MIM):
        yield Nudge(_key("mim", since), since, "No MIM", "Nobody has command.", "command", "", True, since)


def update_overdue(inputs: CoachInputs) -> Iterator[Nudge]:
    """The promised time has passed (domain §4): red, and one press posts the holding milestone."""
    if due := inputs.promised_at:
        why = f"Was due {due:%H:%M:%S}."
        yield Nudge(_key("overdue", due), due, "Update overdue", why, "holding", "", True, due)


def timebox_expired(inputs: CoachInputs) -> Iterator[Nudge]:
    """A timebox ran out, of a track or without one (domain §4): red, once for each.

    Not for a track that was escalated since.
    """
    for action, boxes in (("extend", inputs.tracks), ("close_timebox", inputs.timeboxes)):
        for box in boxes:
            due = box.due_at
            if due and not (box.escalated_at and box.escalated_at >= due):
                key = _key(f"expired-{action}-{box.id}", due)
                yield Nudge(key, due, "Timebox expired", box.name, action, box.id, True, due)


def window_reset(inputs: CoachInputs) -> Iterator[Nudge]:
    """Symptoms returned in phase 7 or 8: red, as a track is missing for what came back.

    It ends when a track was opened for it, or when the window ran clean after all, ten minutes later.
    """
    at = inputs.window_at
    if (
        at is None
        or inputs.phase < Phase.VALIDATION
        or not inputs.window_resets
        or (inputs.track_opened_at and inputs.track_opened_at >= at)
    ):
        return
    why = f"10:00 clean from {at:%H:%M:%S} on."
    until = at + CLEAN_WINDOW
    what = f"Clean window reset {inputs.window_resets}×"
    yield Nudge(_key("window", at), at, what, why, "open_track", "", True, until=until)


def no_milestone(inputs: CoachInputs) -> Iterator[Nudge]:
    """Twenty minutes after the opening with no milestone (domain §4), public or internal."""
    if not inputs.has_milestone:
        at = inputs.opened_at + FIRST_MILESTONE
        yield Nudge(
            _key("milestone", at),
            at,
            "No milestone",
            "Nobody outside knows.",
            "milestone",
            since=inputs.opened_at,
        )


def long_gather(inputs: CoachInputs) -> Iterator[Nudge]:
    """Ten minutes in phase 2 (domain §4)."""
    if inputs.phase is Phase.GATHER:
        at = inputs.phase_at + GATHER
        why = "Partial conditions are enough to assess."
        yield Nudge(_key("gather", at), at, "Gather", why, "advance", since=inputs.phase_at)


def update_soon(inputs: CoachInputs) -> Iterator[Nudge]:
    """The next update is due in five minutes (domain §4); ends when it is due."""
    if due := inputs.promised_at:
        why = f"Promised {due:%H:%M:%S}."
        yield Nudge(_key("soon", due), due - SOON, "Update due in", why, "write", until=due)


def opened_late(inputs: CoachInputs) -> Iterator[Nudge]:
    """Opened more than ten minutes after the problem began (guide, "Common Mistakes"): asked about once.

    A wrong time is put right, a right one is kept for the review.
    """
    if late := late_by(inputs.detected_at, inputs.opened_at):
        what = f"Opened {words(late)} after the problem began"
        why = f"Began {inputs.detected_at:%H:%M} UTC, opened {inputs.opened_at:%H:%M}: is that right?"
        yield Nudge(_key("late", inputs.opened_at), inputs.opened_at, what, why, "late")


def no_bridge(inputs: CoachInputs) -> Iterator[Nudge]:
    """From Box 2 on: no bridge link five minutes after the opening, or after the Box was set (domain §4)."""
    if inputs.level >= AlarmLevel.BOX_2 and not inputs.has_bridge:
        since = max(inputs.opened_at, inputs.level_at)
        why = f"{inputs.level.label} needs one."
        yield Nudge(_key("bridge", since), since + NO_BRIDGE, "No bridge", why, "bridge", since=since)


def track_without_timebox(inputs: CoachInputs) -> Iterator[Nudge]:
    """A running track without a timebox, from phase 5 on (domain §4); one nudge for each."""
    if inputs.phase >= Phase.ISOLATION:
        for track in inputs.tracks:
            if track.due_at is None:
                at = max(track.opened_at, inputs.phase_at)
                yield Nudge(
                    _key(f"open-{track.id}", at), at, "No timebox", track.name, "extend", track.id, since=at
                )


def ask_due(inputs: CoachInputs) -> Iterator[Nudge]:
    """The time of an open ask has passed; one nudge for each."""
    for ask in inputs.asks:
        if due := ask.due_at:
            yield Nudge(_key(f"ask-{ask.id}", due), due, "Ask due", ask.name, "ask", ask.id, since=due)


def stalled(inputs: CoachInputs) -> Iterator[Nudge]:
    """Phase 2 or 5 without a new track, timebox, CAN or outcome for as long as `STALLED` gives the Box.

    Counts from the last of them, or from when the phase was entered (domain §4).
    """
    after = STALLED[inputs.level].get(inputs.phase)
    if after:
        since = max(filter(None, (inputs.phase_at, inputs.moved_at)))
        why = f"No track, no CAN, no outcome since {since:%H:%M}."
        yield Nudge(
            _key("stalled", since),
            since + after,
            f"{inputs.phase.title} stalled",
            why,
            "open_track",
            since=since,
        )


def vacant_role(inputs: CoachInputs) -> Iterator[Nudge]:
    """A role other than MIM is empty at Box 3 for ten minutes (domain §4); the longest empty first.

    The MIM's own role has a rule without a wait.
    """
    if inputs.level is not AlarmLevel.BOX_3:
        return
    for role, empty_at in sorted((inputs.vacant or {}).items(), key=lambda pair: pair[1]):
        if role is not CommandRole.MIM:
            since = max(empty_at, inputs.level_at)
            what = f"{role.label} vacant"
            key = _key(f"vacant-{role.value}", since)
            yield Nudge(
                key, since + VACANT, what, "Box 3 asks for all five.", "assign", role.value, since=since
            )


def no_after_action(inputs: CoachInputs) -> Iterator[Nudge]:
    """Phase 8 of a Critical or High incident: no milestone names the After Action's date (domain §4)."""
    if inputs.phase is Phase.RESOLUTION and inputs.severity in STRICT and not inputs.has_after_action:
        why = "The resolution milestone names its date."
        yield Nudge(
            _key("after", inputs.phase_at),
            inputs.phase_at,
            "After Action unscheduled",
            why,
            "resolution",
            since=inputs.phase_at,
        )


# The order is that of the one slot: the first that holds is shown (design §5, nudge).
RULES: tuple[Callable[[CoachInputs], Iterator[Nudge]], ...] = (
    nobody_told,
    vacant_mim,
    update_overdue,
    timebox_expired,
    window_reset,
    still_nobody_told,
    no_milestone,
    long_gather,
    update_soon,
    opened_late,
    no_bridge,
    track_without_timebox,
    ask_due,
    stalled,
    vacant_role,
    no_after_action,
)


def nudges(watch: CoachInputs) -> list[Nudge]:
    """Every nudge that holds or will hold if nothing changes, in the order of the slot.

    None for a resolved incident.
    """
    if watch.status is IncidentStatus.RESOLVED:
        return []
    return [nudge for rule in RULES for nudge in rule(watch)]


def standing(every: list[Nudge], now: datetime) -> list[Nudge]:
    """Those that hold at `now`. What counts down ends with its countdown."""
    return [nudge for nudge in every if nudge.at <= now and not (nudge.until and nudge.until <= now)]


def next_change(every: list[Nudge], now: datetime) -> datetime | None:
    """When the next nudge begins or ends by time alone, or None."""
    times = {nudge.at for nudge in every} | {nudge.until for nudge in every if nudge.until}
    return min((at for at in times if at > now), default=None)


def reminder(nudge: Nudge, now: datetime) -> str:
    """`Update overdue 02:12. Was due 14:38:55.`: the nudge as a line of a message."""
    clock = nudge.until - now if nudge.until else now - nudge.since if nudge.since else None
    return f"{nudge.what}{f' {short_clock(clock)}' if clock is not None else ''}. {nudge.why}"


def _key(name: str, at: datetime) -> str:
    """The name of an occurrence: `overdue:20261123T143855`."""
    return f"{name}:{at:%Y%m%dT%H%M%S}"
