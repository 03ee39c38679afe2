"""Recovery tracks and timeboxes."""

from __future__ import annotations

from majorops.domain.access import Permission
from majorops.operations.tracks import close_timebox, close_track, extend_track, open_timebox, open_track
from majorops.web.access import needs
from majorops.web.fireground import bp
from majorops.web.fireground.answering import checked, doing, verb
from majorops.web.fireground.forms import MinutesForm, OutcomeForm, TimeboxForm, TrackForm


@bp.post("/<int:number>/tracks")
@needs(Permission.INCIDENT_COMMAND)
@verb("track", "tracks")
def new_track(incident) -> None:
    checked(form := TrackForm())
    given = {name: form[name].data for name in ("team", "owner", "goal", "minutes")}
    open_track(incident, **given, **doing())


@bp.post("/<int:number>/tracks/<int:track>/extension")
@needs(Permission.INCIDENT_COMMAND)
@verb("extend", "tracks")
def extend(incident, track: int) -> None:
    checked(form := MinutesForm())
    extend_track(incident, track, form.minutes.data, **doing())


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


@bp.post("/<int:number>/timeboxes/<int:timebox>/end")
@needs(Permission.INCIDENT_COMMAND)
@verb("timebox_end", "tracks")
def end_timebox(incident, timebox: int) -> None:
    close_timebox(incident, timebox, **doing())
