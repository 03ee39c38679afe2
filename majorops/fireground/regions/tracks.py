"""Tracks, timeboxes and the last CAN of each team as one list: a row is a team at work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from majorops.domain.access import Permission
from majorops.domain.enums import TrackOutcome
from majorops.domain.timebox import tone, turns_at
from majorops.fireground import reads
from majorops.fireground.view import Form, View
from majorops.models import CanReport, RecoveryTrack, Timebox


@dataclass(frozen=True)
class Can:
    """The last report of a team. `need`: what it still needs, empty for none."""

    id: int
    team: str
    need: str
    at: datetime


@dataclass(frozen=True)
class Row:
    """A track, or a timebox, or a team that only reported: `track`, `timebox` are the ids of the first two.

    `about`: what a timebox is. `turns_at`: when the row looks otherwise by time alone.
    """

    id: str  # of its element
    what: str
    team: str
    owner: str = ""
    about: str = ""
    track: int | None = None
    timebox: int | None = None
    escalated_to: str = ""
    escalated_at: datetime | None = None
    due_at: datetime | None = None
    tone: str = ""
    turns_at: datetime | None = None
    can: Can | None = None

    @property
    def is_late(self) -> bool:
        """Its time is up, and the incident runs."""
        return self.tone == "red"


@dataclass(frozen=True)
class Ended:
    """A track that is over, and how it ended."""

    id: int
    goal: str
    team: str
    owner: str
    outcome: str
    note: str
    closed_at: datetime | None


@dataclass(frozen=True)
class Tracks:
    """The response.

    `is_over`: the incident is resolved, nothing runs any more. `teams`: those that were heard of, for the
    suggestions of a form; `actor`: who owns the timebox that is opened.
    """

    address: str
    form: Form
    now: datetime
    is_over: bool
    can_command: bool
    can_meet: bool
    actor: str
    teams: tuple[str, ...]
    rows: tuple[Row, ...]
    ended: tuple[Ended, ...]


def build(view: View) -> Tracks:
    """Rows of what runs, and tracks that are over; at most 20 of each kind are read."""
    is_over = view.incident.is_resolved
    return Tracks(
        address=view.address,
        form=view.form,
        now=view.now,
        is_over=is_over,
        can_command=view.can_command,
        can_meet=view.actor.can(Permission.CAN_REPORT) and not is_over,
        actor=view.actor.name,
        teams=_teams(view),
        rows=_rows(view),
        ended=tuple(_ended(track) for track in reads.tracks(view) if not track.is_running),
    )


def _teams(view: View) -> tuple[str, ...]:
    names = [track.team for track in reads.tracks(view)] + [can.team for can in reads.cans(view).values()]
    return tuple(sorted({name.lower(): name for name in names}.values()))


def _rows(view: View) -> tuple[Row, ...]:
    """Who is due first stands first; then what has no timebox, then teams that only reported.

    Of those the newest first.
    """
    cans = {team: report for team, report in reads.cans(view).items() if not report.ended_at}
    rows = [_of_track(view, track, cans) for track in reads.tracks(view) if track.is_running]
    rows += [_of_timebox(view, box, cans) for box in reads.timeboxes(view)]
    rows.sort(key=lambda row: (row.due_at is None, row.due_at or view.now))
    at_work = {row.team.lower() for row in rows}
    reported = sorted(cans.items(), key=lambda pair: pair[1].id, reverse=True)
    return tuple(rows + [_of_can(can) for team, can in reported if team not in at_work])


def _of_track(view: View, track: RecoveryTrack, cans: dict[str, CanReport]) -> Row:
    return Row(
        f"track-{track.id}",
        track.goal,
        track.team,
        track.owner,
        track=track.id,
        escalated_to=track.escalated_to or "",
        escalated_at=track.escalated_at,
        can=_can(cans.get(track.team.lower())),
        **_clock(view, track),
    )


def _of_timebox(view: View, box: Timebox, cans: dict[str, CanReport]) -> Row:
    return Row(
        f"timebox-{box.id}",
        box.purpose,
        box.team or "",
        box.owner,
        about="Gather" if box.team else "Timebox",
        timebox=box.id,
        can=_can(cans.get((box.team or "").lower())),
        **_clock(view, box),
    )


def _of_can(can: CanReport) -> Row:
    return Row(f"can-{can.id}", can.conditions, can.team, can=_can(can))


def _can(report: CanReport | None) -> Can | None:
    return Can(report.id, report.team, report.open_need, report.at) if report else None


def _clock(view: View, it: RecoveryTrack | Timebox) -> dict:
    """How it looks by its clock: after the close it has none."""
    given = (it.expires_at, it.minutes or 0, view.now)
    shown = "" if view.incident.is_resolved else tone(*given)
    return {"due_at": it.expires_at, "tone": shown, "turns_at": turns_at(*given)}


def _ended(track: RecoveryTrack) -> Ended:
    done = track.outcome is TrackOutcome.SUCCEEDED
    words = "DONE" if done else track.outcome.label.upper()
    return Ended(track.id, track.goal, track.team, track.owner, words, track.outcome_note, track.closed_at)
