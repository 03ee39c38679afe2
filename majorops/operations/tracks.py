"""Verbs of the response: recovery tracks, timeboxes, CAN reports (domain §3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.domain.measures import short_clock
from majorops.domain.vocab import EventType, TrackOutcome
from majorops.models import CanReport, Incident, RecoveryTrack, Timebox
from majorops.operations import demand_open, operation, record

LONGEST = 720


@operation(needs=Permission.INCIDENT_COMMAND)
def open_track(
    incident: Incident, *, team: str, owner: str, goal: str, minutes: int, actor: Actor, now: datetime
) -> RecoveryTrack:
    """Open a recovery track with an owner, a goal and a timebox in minutes. Raises Invalid, Conflict."""
    demand_open(incident)
    _demand(team=(team, "Name the team."), owner=(owner, "Name the owner."), goal=(goal, "Say the goal."))
    _check_minutes(minutes)
    track = RecoveryTrack(
        incident_id=incident.id,
        team=team,
        owner=owner,
        goal=goal,
        minutes=minutes,
        started_at=now,
        expires_at=now + timedelta(minutes=minutes),
        outcome=TrackOutcome.RUNNING,
    )
    db.session.add(track)
    db.session.flush()
    title = f"Track opened: {goal} ({team}, {owner}), {minutes}:00"
    record(incident, "track.opened", title, type=EventType.ACTION, actor=actor, now=now)
    return track


@operation(needs=Permission.INCIDENT_COMMAND)
def extend_track(incident: Incident, track_id: int, minutes: int, *, actor: Actor, now: datetime) -> None:
    """Give a running track a new timebox that starts now; old and new deadline are logged. Raises Invalid, Conflict."""
    track = _running_track(incident, track_id)
    _check_minutes(minutes)
    old = track.expires_at
    track.minutes, track.started_at = minutes, now
    track.expires_at = now + timedelta(minutes=minutes)
    track.extensions += 1
    title = f"Track extended: {track.goal}, {old:%H:%M:%S} › {track.expires_at:%H:%M:%S} UTC"
    record(incident, "track.extended", title, type=EventType.ACTION, actor=actor, now=now)


@operation(needs=Permission.TRACK_OWN)
def close_track(
    incident: Incident, track_id: int, outcome: TrackOutcome, *, actor: Actor, now: datetime, note: str = ""
) -> None:
    """End a track with its outcome. A responder may end a track of their own. Raises Invalid, Conflict, Forbidden."""
    track = _running_track(incident, track_id)
    if refusal := track_refusal(track, actor):
        raise Forbidden(refusal)
    if outcome is TrackOutcome.RUNNING:
        raise Invalid({"outcome": "Choose succeeded, failed or abandoned."})
    track.outcome, track.outcome_note, track.closed_at = outcome, note, now
    title = f"Track {outcome.value}: {track.goal}"
    record(incident, "track.closed", title, detail=note, type=EventType.ACTION, actor=actor, now=now)


def track_refusal(track: RecoveryTrack, actor: Actor) -> str:
    """Why this person does not end the track; empty when they may."""
    if actor.can(Permission.INCIDENT_COMMAND) or track.owner == actor.name:
        return ""
    return "Only the track's owner or the MIM ends it."


@operation(needs=Permission.INCIDENT_COMMAND)
def open_timebox(
    incident: Incident, *, purpose: str, owner: str, minutes: int, actor: Actor, now: datetime
) -> Timebox:
    """Open a timebox without a track, as for gathering conditions. Raises Invalid, Conflict."""
    demand_open(incident)
    _demand(purpose=(purpose, "Say what the time is for."))
    _check_minutes(minutes)
    timebox = Timebox(
        incident_id=incident.id,
        purpose=purpose,
        owner=owner,
        minutes=minutes,
        started_at=now,
        expires_at=now + timedelta(minutes=minutes),
    )
    db.session.add(timebox)
    db.session.flush()
    title = f"Timebox {short_clock(timedelta(minutes=minutes))}: {purpose}"
    record(incident, "timebox.opened", title, type=EventType.ACTION, actor=actor, now=now)
    return timebox


@operation(needs=Permission.INCIDENT_COMMAND)
def close_timebox(
    incident: Incident, timebox_id: int, *, actor: Actor, now: datetime, note: str = ""
) -> None:
    """End a timebox. Raises Invalid, Conflict."""
    timebox = db.session.get(Timebox, timebox_id)
    if timebox is None or timebox.incident_id != incident.id:
        raise Invalid({"timebox": "There is no such timebox."})
    if timebox.closed_at:
        raise Conflict("This timebox is closed already.")
    timebox.closed_at = now
    title = f"Timebox closed: {timebox.purpose}"
    record(incident, "timebox.closed", title, detail=note, type=EventType.ACTION, actor=actor, now=now)


@operation(needs=Permission.CAN_REPORT)
def report_can(
    incident: Incident,
    *,
    team: str,
    conditions: str,
    actor: Actor,
    now: datetime,
    actions: str = "",
    needs: str = "",
) -> CanReport:
    """Log one team's conditions, actions, needs (guide, phase 2). Raises Invalid, Conflict."""
    demand_open(incident)
    _demand(team=(team, "Name the team."), conditions=(conditions, "Say what the team observes."))
    report = CanReport(
        incident_id=incident.id,
        team=team,
        conditions=conditions,
        actions=actions,
        needs=needs,
        by=actor.name,
        at=now,
    )
    db.session.add(report)
    db.session.flush()
    detail = f"C {conditions}\nA {actions or 'none'}\nN {needs or 'none'}"
    record(
        incident, "can.reported", f"CAN {team}", detail=detail, type=EventType.ACTION, actor=actor, now=now
    )
    return report


def _running_track(incident: Incident, track_id: int) -> RecoveryTrack:
    track = db.session.get(RecoveryTrack, track_id)
    if track is None or track.incident_id != incident.id:
        raise Invalid({"track": "There is no such track."})
    if track.outcome is not TrackOutcome.RUNNING:
        raise Conflict(f"This track ended already: {track.outcome.value}.")
    return track


def _demand(**fields: tuple[str, str]) -> None:
    missing = {name: sentence for name, (value, sentence) in fields.items() if not value}
    if missing:
        raise Invalid(missing)


def _check_minutes(minutes: int) -> None:
    if not 1 <= minutes <= LONGEST:
        raise Invalid({"minutes": f"Between 1 and {LONGEST} minutes."})
