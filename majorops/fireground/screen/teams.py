"""Tracks, timeboxes and the last CAN of each team as one list: a row is a team at work (design §4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from majorops.domain.timebox import tone, turns_at
from majorops.models import Ask, CanReport, RecoveryTrack, Timebox


@dataclass(frozen=True)
class Row:
    """A track, or a timebox, or a team that only reported; `can` is the team's last report."""

    team: str
    track: RecoveryTrack | None = None
    box: Timebox | None = None
    can: CanReport | None = None

    @property
    def clocked(self) -> RecoveryTrack | Timebox | None:
        return self.track or self.box

    @property
    def due_at(self) -> datetime | None:
        return self.clocked.expires_at if self.clocked else None

    def tone(self, now: datetime) -> str:
        return tone(self.due_at, self.clocked.minutes or 0, now) if self.clocked else ""

    def turns_at(self, now: datetime) -> datetime | None:
        """When the row looks otherwise by time alone."""
        return turns_at(self.due_at, self.clocked.minutes or 0, now) if self.clocked else None


def team_rows(tracks: list[RecoveryTrack], boxes: list[Timebox], cans: dict[str, CanReport]) -> list[Row]:
    """Who is due first stands first; then what has no timebox, then teams that only reported,
    the newest first.
    """
    rows = [
        Row(track.team, track=track, can=cans.get(track.team.lower())) for track in tracks if track.is_running
    ]
    rows += [Row(box.team or "", box=box, can=cans.get((box.team or "").lower())) for box in boxes]
    rows.sort(key=lambda row: (row.due_at is None, row.due_at or 0))
    at_work = {row.team.lower() for row in rows}
    reported = sorted(cans.items(), key=lambda pair: pair[1].id, reverse=True)
    return rows + [Row(can.team, can=can) for team, can in reported if team not in at_work]


def ask_tone(ask: Ask, now: datetime) -> str:
    """As for a timebox; a parked one is quiet until its time is up."""
    shown = tone(ask.due_at, _minutes(ask), now)
    return "" if ask.parked and shown != "red" else shown


def ask_turns_at(ask: Ask, now: datetime) -> datetime | None:
    """When the ask looks otherwise by time alone."""
    return turns_at(ask.due_at, _minutes(ask), now)


def _minutes(ask: Ask) -> int:
    return int((ask.due_at - ask.asked_at).total_seconds() // 60)
