"""Recovery tracks, timeboxes, and what the public reads of systems."""

from __future__ import annotations

from typing import cast

from majorops import clock
from majorops.domain.entry import ASK_MINUTES, parse_gather, parse_track
from majorops.domain.enums import TrackOutcome
from majorops.domain.events import Region
from majorops.fireground.blueprint import bp
from majorops.fireground.forms import (
    EscalationForm,
    GatherForm,
    MinutesForm,
    OutcomeForm,
    SystemForm,
    TimeboxForm,
    TrackForm,
)
from majorops.fireground.responses import checked, incident_action
from majorops.operations.systems import set_system_status
from majorops.operations.tracks import (
    close_timebox,
    close_track,
    escalate_track,
    extend_track,
    gather,
    meet_need,
    open_timebox,
    open_track,
)
from majorops.web.context import current_actor


@bp.post("/<int:number>/tracks")
@incident_action(open_track, Region.TRACKS, form="track")
def new_track(incident) -> None:
    """Open a recovery track from one line or four fields. Raises Invalid, Conflict."""
    checked(form := TrackForm())
    given = {name: form[name].data for name in ("team", "owner", "goal", "minutes")}
    open_track(
        incident,
        **(parse_track(form.line.data) if form.line.data else given),
        actor=current_actor(),
        now=clock.now(),
    )


@bp.post("/<int:number>/tracks/<int:track>/extension")
@incident_action(extend_track, Region.TRACKS, form="extend")
def extend(incident, track: int) -> None:
    """Give a running track a new timebox, 1 to 720 minutes from now. Raises Invalid, Conflict."""
    checked(form := MinutesForm())
    extend_track(incident, track, form.minutes.data, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/tracks/<int:track>/escalation")
@incident_action(escalate_track, Region.TRACKS, form="escalate")
def escalate(incident, track: int) -> None:
    """Escalate a running track, to the Leader unless somebody is named. Raises Invalid, Conflict."""
    checked(form := EscalationForm())
    escalate_track(
        incident, track, to=form.to.data, note=form.note.data, actor=current_actor(), now=clock.now()
    )


@bp.post("/<int:number>/tracks/<int:track>/outcome")
@incident_action(close_track, Region.TRACKS, form="outcome")
def outcome(incident, track: int) -> None:
    """End a running track, a responder only one they own. Raises Invalid, Conflict, Forbidden."""
    checked(form := OutcomeForm())
    outcome = cast(TrackOutcome, form.outcome.data)  # one must be chosen
    close_track(incident, track, outcome, note=form.note.data, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/timeboxes")
@incident_action(open_timebox, Region.TRACKS, form="timebox")
def new_timebox(incident) -> None:
    """Open a timebox without a track, of 1 to 720 minutes. Raises Invalid, Conflict."""
    checked(form := TimeboxForm())
    given = {name: form[name].data for name in ("purpose", "owner", "minutes")}
    open_timebox(incident, **given, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/gathering")
@incident_action(gather, Region.TRACKS, form="gather")
def gather_conditions(incident) -> None:
    """Ask at most 12 teams for conditions, each with a timebox of `ASK_MINUTES` unless said otherwise.

    Raises Invalid, Conflict.
    """
    checked(form := GatherForm())
    teams, minutes = parse_gather(form.teams.data)
    gather(
        incident, teams, form.minutes.data or minutes or ASK_MINUTES, actor=current_actor(), now=clock.now()
    )


@bp.post("/<int:number>/needs/<int:report>")
@incident_action(meet_need, Region.TRACKS, form="need")
def met(incident, report: int) -> None:
    """What a team needed in CAN `report` is there. Raises Invalid, Conflict."""
    meet_need(incident, report, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/timeboxes/<int:timebox>/end")
@incident_action(close_timebox, Region.TRACKS, form="timebox_end")
def end_timebox(incident, timebox: int) -> None:
    """End a timebox that has no track. Raises Invalid, Conflict."""
    close_timebox(incident, timebox, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/systems")
@incident_action(set_system_status, Region.INFO, form="system")
def system_status(incident) -> None:
    """Say what the public reads of one affected system. Raises Invalid, Conflict."""
    checked(form := SystemForm())
    set_system_status(incident, form.system.data, form.status.data, actor=current_actor(), now=clock.now())
