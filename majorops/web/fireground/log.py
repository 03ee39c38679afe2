"""The log line and what may be done with an entry of the timeline."""

from __future__ import annotations

from majorops.domain.access import Permission
from majorops.domain.can import parse_can
from majorops.domain.vocab import Visibility
from majorops.operations.command import release_responder
from majorops.operations.timeline import add_note, set_visibility, strike_entry
from majorops.operations.tracks import report_can
from majorops.web.access import needs
from majorops.web.fireground import bp
from majorops.web.fireground.answering import checked, doing, doing_sometime, verb
from majorops.web.fireground.forms import CorrectionForm, LogForm, NameForm, VisibilityForm


@bp.post("/<int:number>/notes")
@needs(Permission.TIMELINE_NOTE)
@verb("log", "timeline")
def note(incident) -> None:
    checked(form := LogForm())
    if form.kind.data == "can":
        report_can(incident, **parse_can(form.text.data), **doing_sometime())
    else:
        visibility = Visibility.PUBLIC if form.public.data else Visibility.INTERNAL
        add_note(incident, form.text.data, visibility=visibility, **doing_sometime())


@bp.post("/<int:number>/entries/<int:seq>/visibility")
@needs(Permission.INCIDENT_COMMAND)
@verb("visibility", "timeline")
def visibility(incident, seq: int) -> None:
    checked(form := VisibilityForm())
    set_visibility(incident, seq, form.visibility.data or Visibility.INTERNAL, **doing())


@bp.post("/<int:number>/entries/<int:seq>/correction")
@needs(Permission.TIMELINE_NOTE)
@verb("correction", "timeline")
def correct_entry(incident, seq: int) -> None:
    checked(form := CorrectionForm())
    strike_entry(incident, seq, form.text.data, **doing())


@bp.post("/<int:number>/releases")
@needs(Permission.INCIDENT_COMMAND)
@verb("release", "team")
def release(incident) -> None:
    checked(form := NameForm())
    release_responder(incident, form.name.data, **doing())
