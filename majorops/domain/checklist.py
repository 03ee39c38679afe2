"""The rules of the checklists: what the record itself can know of a line, each as one pure function.

A rule takes the facts and returns what is still missing, as a sentence; empty when the line holds. What a
line claims must be true of everything it names: of every team, of every running track, of every responder.
The lines are those of domain §4; `domain/playbook.py` says which phase has which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from majorops.domain.alarm import roles_asked
from majorops.domain.enums import AlarmLevel, CommandRole, ExternalImpact, IncidentStatus


@dataclass(frozen=True)
class Work:
    """A running recovery track."""

    team: str
    owner: str
    goal: str
    has_timebox: bool


@dataclass(frozen=True)
class Facts:
    """What the record says, as far as the lines of the current phase look at it.

    `pressed`: keys of the lines that a person pressed and whose press still counts. `asked_teams`: whom a
    gather round or a running track names; `reported_teams`: who gave a CAN. `on_duty`: who holds a role other
    than MIM, and who owns a running track. `*_changed`: somebody wrote it after the incident was opened;
    `impact_is_current`: both impacts were written in this phase. `customer_count` None: not known;
    `promised_at` None: nothing is promised.
    """

    now: datetime
    level: AlarmLevel = AlarmLevel.BOX_3
    status: IncidentStatus = IncidentStatus.ACTIVE
    pressed: frozenset[str] = frozenset()
    has_bridge: bool = False
    systems: int = 0
    vacant: frozenset[CommandRole] = frozenset()
    asked_teams: tuple[str, ...] = ()
    reported_teams: tuple[str, ...] = ()
    gather_rounds: int = 0
    timeboxes: int = 0
    description: str = ""
    description_changed: bool = False
    severity_changed: bool = False
    external_impact: ExternalImpact = ExternalImpact.UNKNOWN
    customer_count: int | None = None
    milestones: int = 0
    promised_at: datetime | None = None
    exec_summary: str = ""
    business_impact: str = ""
    customer_impact: str = ""
    impact_is_current: bool = False
    tracks: tuple[Work, ...] = ()
    ended_tracks: int = 0
    checks: int = 0
    confirmed_checks: int = 0
    has_resolution: bool = False
    after_action_at: datetime | None = None
    on_duty: tuple[str, ...] = ()
    released: bool = False
    stood_down: bool = False


Rule = Callable[[Facts], str]


def press_counts(pressed_at: datetime, window_at: datetime | None) -> bool:
    """Whether a person's press still holds.

    What was seen before the clean window (re)started is not seen now; `window_at` None: there is no window.
    """
    return window_at is None or pressed_at >= window_at


def answered(
    cans: Iterable[tuple[str, datetime]], rounds: Iterable[tuple[str, datetime]], since: datetime | None
) -> tuple[str, ...]:
    """The teams whose newest CAN counts in phase 2, in the order of `cans`.

    It counts when it was given since the team's last gather round began, or, where nobody asked it, since the
    phase did. `cans`: team and the time of its newest; `rounds`: team and start; `since` None: whenever.
    """
    began: dict[str, datetime] = {}
    for team, at in rounds:
        began[team.casefold()] = max(at, began.get(team.casefold(), at))
    return tuple(
        team for team, at in cans if (floor := began.get(team.casefold(), since)) is None or at >= floor
    )


def bridge(f: Facts) -> str:
    """Phase 1: the bridge has a link."""
    return "" if f.has_bridge else "No link yet."


def systems(f: Facts) -> str:
    """Phase 1: an affected system is named; one is enough."""
    return "" if f.systems else "No system named."


def can(f: Facts) -> str:
    """Phase 2: every team that was asked, or runs a track, reported.

    Where nobody was asked the record knows no teams: then a person says, once there is a report, that all
    have.
    """
    if not f.reported_teams:
        return "No CAN yet."
    reported = {team.casefold() for team in f.reported_teams}
    missing = [team for team in f.asked_teams if team.casefold() not in reported]
    if missing:
        return f"Not yet from {_names(missing)}."
    if f.asked_teams or "can" in f.pressed:
        return ""
    return f"From {_names(f.reported_teams)}. Press when that is every team."


def timebox(f: Facts) -> str:
    """Phase 2: a gather round was opened; it has its timebox.

    Of another timebox only a person knows that it was for the gathering.
    """
    if f.gather_rounds or (f.timeboxes and "timebox" in f.pressed):
        return ""
    return "One is open. Press if it is for the gathering." if f.timeboxes else "No timebox yet."


def description(f: Facts) -> str:
    """Phase 2: the description was written since the opening, or pressed as still right; never when empty."""
    if not f.description:
        return "The description is empty."
    if f.description_changed or "description" in f.pressed:
        return ""
    return "As opened. Press if it still holds."


def roles(f: Facts) -> str:
    """Phase 2: nobody lacks of the roles that the Box asks for."""
    missing = [role.label for role in roles_asked(f.level) if role in f.vacant]
    return f"Vacant: {_names(missing)}." if missing else ""


def severity(f: Facts) -> str:
    """Phase 3: a change after the opening confirms it; so does a press where it stays."""
    return "" if f.severity_changed or "severity" in f.pressed else "Press if it stays."


def external_impact(f: Facts) -> str:
    """Phase 3: it is set to anything but unknown."""
    return "External impact is unknown." if f.external_impact is ExternalImpact.UNKNOWN else ""


def customer_count(f: Facts) -> str:
    """Phase 3: a number is set; approximate or 0 will do."""
    return "No count yet. A guess is kept as approximate." if f.customer_count is None else ""


def milestone(f: Facts) -> str:
    """Phase 4: a milestone was cut, public or internal, and not withdrawn."""
    return "" if f.milestones else "No milestone stands."


def update_eta(f: Facts) -> str:
    """Phase 4: the next update is promised for a time ahead; a promise that has passed is none."""
    if f.promised_at is None:
        return "No next update is promised."
    return f"Was due {f.promised_at:%H:%M:%S}." if f.promised_at <= f.now else ""


def exec_summary(f: Facts) -> str:
    """Phase 4: the exec summary has any text."""
    return "" if f.exec_summary else "The exec summary is empty."


def tracks_with_timeboxes(f: Facts) -> str:
    """Phase 5: a track was opened, and each that runs has a timebox."""
    if not (f.tracks or f.ended_tracks):
        return "No track yet."
    open_ended = [track.team for track in f.tracks if not track.has_timebox]
    return f"No timebox: {_names(open_ended)}." if open_ended else ""


def tracks_complete(f: Facts) -> str:
    """Phase 6: a track was opened, and each that runs has owner, goal and timebox."""
    if not (f.tracks or f.ended_tracks):
        return "No track yet."
    lacking = [track.team for track in f.tracks if not (track.owner and track.goal and track.has_timebox)]
    return f"Incomplete: {_names(lacking)}." if lacking else ""


def impact(f: Facts) -> str:
    """Phase 5: both impacts are there, and were written in this phase or pressed as still right."""
    missing = [
        name
        for name, text in (("business impact", f.business_impact), ("customer impact", f.customer_impact))
        if not text
    ]
    if missing:
        return f"Empty: {_names(missing)}."
    if f.impact_is_current or "impact" in f.pressed:
        return ""
    return "Written before this phase. Press if it still holds."


def systems_confirmed(f: Facts) -> str:
    """Phase 7: every affected system is confirmed; never while none is named."""
    if f.checks and f.confirmed_checks == f.checks:
        return ""
    return f"{f.confirmed_checks}/{f.checks} systems confirmed."


def monitoring(f: Facts) -> str:
    """Phase 7: the status is Monitoring, or Resolved already."""
    return f"Status is {f.status.label}." if f.status is IncidentStatus.ACTIVE else ""


def resolved(f: Facts) -> str:
    """Phase 8: the status is Resolved."""
    return "" if f.status is IncidentStatus.RESOLVED else f"Status is {f.status.label}."


def resolution(f: Facts) -> str:
    """Phase 8: a resolution milestone was cut and not withdrawn."""
    return "" if f.has_resolution else "No resolution milestone stands."


def after_action(f: Facts) -> str:
    """Phase 8: the newest resolution milestone names the date of the After Action."""
    return "" if f.after_action_at else "The resolution milestone names its date."


def released(f: Facts) -> str:
    """Phase 8: nobody but the MIM holds a role, and nobody runs a track; or the response was stood down.

    Where the record names nobody, somebody was released by name, or a person says so.
    """
    if f.stood_down:
        return ""
    if f.on_duty:
        return f"Still on: {_names(f.on_duty)}."
    return "" if f.released or "released" in f.pressed else "Press when everybody has left."


def _names(names: Iterable[str]) -> str:
    """Each once, in order; more than four are counted."""
    each = list({name.casefold(): name for name in names}.values())
    return ", ".join(each[:4]) + (f" and {len(each) - 4} more" if len(each) > 4 else "")
