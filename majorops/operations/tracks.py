"""Operations of the response: recovery tracks, timeboxes, CAN reports (domain §3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import CommandRole, TrackOutcome
from majorops.domain.errors import Conflict, Forbidden, Invalid
from majorops.domain.events import EventKind
from majorops.domain.measures import short_clock
from majorops.models import CanReport, Incident, RecoveryTrack, Timebox
from majorops.operations import operation, record
from majorops.operations.command import holder
from majorops.operations.reports import end_reports

LONGEST = 720
CAN_FORM = "Name the team first, such as App: 5xx 61% / rollback / deploy freeze."


@operation(needs=Permission.INCIDENT_COMMAND)
def open_track(
    incident: Incident,
    *,
    team: str,
    goal: str,
    actor: Actor,
    now: datetime,
    owner: str = "",
    minutes: int | None = None,
) -> RecoveryTrack:
    """Open a recovery track with an owner, a goal and a timebox in minutes (guide, phase 5).

    In a hurry the owner is the SRE, or else the team, and the timebox comes later. Raises Invalid, Conflict.
    """
    _demand(team=(team, "Name the team."), goal=(goal, "Say the goal."))
    _check_lengths(team=(team, 80), owner=(owner, 120), goal=(goal, 300))
    if minutes is not None:
        _check_minutes(minutes)
    sre = holder(incident, CommandRole.SRE)
    track = RecoveryTrack(
        incident_id=incident.id,
        team=team,
        owner=owner or (sre.name if sre else team),
        goal=goal,
        minutes=minutes,
        started_at=now,
        expires_at=now + timedelta(minutes=minutes) if minutes else None,
        outcome=TrackOutcome.RUNNING,
    )
    db.session.add(track)
    db.session.flush()
    box = short_clock(timedelta(minutes=minutes)) if minutes else "no timebox"
    title = f"Track opened: {goal} ({team}, {track.owner}), {box}"
    record(incident, EventKind.TRACK_OPENED, title, actor=actor, now=now)
    return track


@operation(needs=Permission.INCIDENT_COMMAND)
def extend_track(incident: Incident, track_id: int, minutes: int, *, actor: Actor, now: datetime) -> None:
    """Give a running track a new timebox that starts now; old and new deadline are logged.

    Raises Invalid, Conflict.
    """
    track = _running_track(incident, track_id)
    _check_minutes(minutes)
    old = track.expires_at
    track.minutes, track.started_at = minutes, now
    track.expires_at = now + timedelta(minutes=minutes)
    track.extensions += old is not None
    was = f"{old:%H:%M:%S}" if old else "no timebox"
    title = f"Track extended: {track.goal}, {was} › {track.expires_at:%H:%M:%S} UTC"
    record(incident, EventKind.TRACK_EXTENDED, title, actor=actor, now=now)


@operation(needs=Permission.INCIDENT_COMMAND)
def escalate_track(
    incident: Incident, track_id: int, *, actor: Actor, now: datetime, to: str = "", note: str = ""
) -> None:
    """Escalate a running track, to the Leader unless somebody else is named. Raises Invalid, Conflict.

    An expired timebox is extended or escalated (guide, "Running recovery tracks").
    """
    track = _running_track(incident, track_id)
    leader = holder(incident, CommandRole.LEADER)
    to = to or (leader.name if leader else "")
    _demand(to=(to, "The Leader's seat is vacant: name who it is escalated to."))
    track.escalated_at, track.escalated_to = now, to
    title = f"Track escalated to {to}: {track.goal}"
    record(incident, EventKind.TRACK_ESCALATED, title, detail=note, actor=actor, now=now)


@operation(needs=Permission.TRACK_OWN)
def close_track(
    incident: Incident, track_id: int, outcome: TrackOutcome, *, actor: Actor, now: datetime, note: str = ""
) -> None:
    """End a track with its outcome.

    A responder may end a track of their own. Raises Invalid, Conflict, Forbidden.
    """
    track = _running_track(incident, track_id)
    if refusal := track_refusal(track, actor):
        raise Forbidden(refusal)
    if outcome is TrackOutcome.RUNNING:
        raise Invalid({"outcome": "Choose succeeded, failed or abandoned."})
    track.outcome, track.outcome_note, track.closed_at = outcome, note, now
    need = end_reports(incident, track.team, now=now)
    title = f"Track {outcome.value}: {track.goal}"
    detail = "\n".join(part for part in (note, need and f"Open need: {need.rstrip('.')}.") if part)
    record(incident, EventKind.TRACK_CLOSED, title, detail=detail, actor=actor, now=now)


def track_refusal(track: RecoveryTrack, actor: Actor) -> str:
    """Why this person does not end the track; empty when they may."""
    if actor.can(Permission.INCIDENT_COMMAND) or track.owner == actor.name:
        return ""
    return "Only the track's owner or the MIM ends it."


@operation(needs=Permission.INCIDENT_COMMAND)
def open_timebox(
    incident: Incident, *, purpose: str, owner: str, minutes: int, actor: Actor, now: datetime
) -> Timebox:
    """Open a timebox without a track, of 1 to 720 minutes (domain §3). Raises Invalid, Conflict."""
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
    record(incident, EventKind.TIMEBOX_OPENED, title, actor=actor, now=now)
    return timebox


@operation(needs=Permission.INCIDENT_COMMAND)
def gather(incident: Incident, teams: list[str], minutes: int, *, actor: Actor, now: datetime) -> None:
    """Ask these teams for conditions: one timebox each, which the team's CAN report ends (guide, phase 2).

    At most 12 teams. Raises Invalid, Conflict.
    """
    _check_minutes(minutes)
    if not teams:
        raise Invalid({"teams": "Name the teams, such as App, Database."})
    if len(teams) > 12 or any(len(team) > 80 for team in teams):
        raise Invalid({"teams": "At most 12 teams, each with at most 80 characters."})
    for team in teams:
        db.session.add(
            Timebox(
                incident_id=incident.id,
                purpose=f"Conditions from {team}",
                team=team,
                owner=actor.name,
                minutes=minutes,
                started_at=now,
                expires_at=now + timedelta(minutes=minutes),
            )
        )
    title = f"Timebox {short_clock(timedelta(minutes=minutes))}: conditions from {', '.join(teams)}"
    record(incident, EventKind.TIMEBOX_OPENED, title, actor=actor, now=now)


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
    record(incident, EventKind.TIMEBOX_CLOSED, title, detail=note, actor=actor, now=now)


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
    """Log one team's conditions, actions, needs (guide, phase 2).

    Ends the timebox in which they were gathered from it. Raises Invalid, Conflict.
    """
    _demand(team=(team, CAN_FORM), conditions=(conditions, "Say what the team observes."))
    _check_lengths(team=(team, 80))
    waiting = select(Timebox).filter_by(incident_id=incident.id, closed_at=None)
    for timebox in db.session.scalars(waiting.where(func.lower(Timebox.team) == team.lower())):
        timebox.closed_at = now
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
    record(incident, EventKind.CAN_REPORTED, f"CAN {team}", detail=detail, actor=actor, now=now)
    return report


@operation(needs=Permission.CAN_REPORT)
def meet_need(incident: Incident, report_id: int, *, actor: Actor, now: datetime) -> None:
    """Mark what a team needed as met; who and when is kept. Raises Invalid, Conflict."""
    report = db.session.get(CanReport, report_id)
    if report is None or report.incident_id != incident.id or not report.needs:
        raise Invalid({"need": "There is no such need."})
    if report.needs_met_at:
        raise Conflict(f"{report.needs_met_by} marked this as met at {report.needs_met_at:%H:%M:%S}.")
    report.needs_met_at, report.needs_met_by = now, actor.name
    title = f"Need met: {report.team}, {report.needs}"
    record(incident, EventKind.NEED_MET, title, actor=actor, now=now)


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


def _check_lengths(**fields: tuple[str, int]) -> None:
    long = {name: most for name, (value, most) in fields.items() if len(value) > most}
    if long:
        raise Invalid({name: f"At most {most} characters." for name, most in long.items()})


def _check_minutes(minutes: int) -> None:
    if not 1 <= minutes <= LONGEST:
        raise Invalid({"minutes": f"Between 1 and {LONGEST} minutes."})
