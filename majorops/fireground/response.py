"""Recovery tracks, timeboxes, and what the public reads of systems."""

from __future__ import annotations

from majorops.domain.access import Permission
from majorops.domain.entry import ASK_MINUTES, parse_gather, parse_track
from majorops.fireground.answering import checked, verb
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
from majorops.web.access import needs
from majorops.web.context import doing


@bp.post("/<int:number>/tracks")
@needs(Permission.INCIDENT_COMMAND)
@verb("track", "tracks")
def new_track(incident) -> None:
    checked(form := TrackForm())
    given = {name: form[name].data for name in ("team", "owner", "goal", "minutes")}
    open_track(incident, **(parse_track(form.line.data) if form.line.data else given), **doing())


@bp.post("/<int:number>/tracks/<int:track>/extension")
@needs(Permission.INCIDENT_COMMAND)
@verb("extend", "tracks")
def extend(incident, track: int) -> None:
    checked(form := MinutesForm())
    extend_track(incident, track, form.minutes.data, **doing())


@bp.post("/<int:number>/tracks/<int:track>/escalation")
@needs(Permission.INCIDENT_COMMAND)
@verb("escalate", "tracks")
def escalate(incident, track: int) -> None:
    checked(form := EscalationForm())
    escalate_track(incident, track, to=form.to.data, note=form.note.data, **doing())


@bp.post("/<int:number>/tracks/<int:track>/outcome")
@needs(Permission.TRACK_OWN)
@verb("outcome", "tracks")
def outcome(incident, track: int) -> None:
    checked(form := OutcomeForm())
    close_track(incident, track, form.outcome.data, note=form.note.data, **doing())


@bp.post("/<int:number>/timeboxes")
@needs(Permission.INCIDENT_COMMAND)
@verb("timebox", "tracks")
def new_timebox(incident) -> None:
    checked(form := TimeboxForm())
    given = {name: form[name].data for name in ("purpose", "owner", "minutes")}
    open_timebox(incident, **given, **doing())


@bp.post("/<int:number>/gathering")
@needs(Permission.INCIDENT_COMMAND)
@verb("gather", "tracks")
def gather_conditions(incident) -> None:
    checked(form := GatherForm())
    teams, minutes = parse_gather(form.teams.data)
    gather(incident, teams, form.minutes.data or minutes or ASK_MINUTES, **doing())


@bp.post("/<int:number>/needs/<int:report>")
@needs(Permission.CAN_REPORT)
@verb("need", "tracks")
def met(incident, report: int) -> None:
    meet_need(incident, report, **doing())


@bp.post("/<int:number>/timeboxes/<int:timebox>/end")
@needs(Permission.INCIDENT_COMMAND)
@verb("timebox_end", "tracks")
def end_timebox(incident, timebox: int) -> None:
    close_timebox(incident, timebox, **doing())


@bp.post("/<int:number>/systems")
@needs(Permission.INCIDENT_COMMAND)
@verb("system", "info")
def system_status(incident) -> None:
    checked(form := SystemForm())
    set_system_status(incident, form.system.data, form.status.data, **doing())
