"""Phase, status, validation, checklist."""

from __future__ import annotations

from typing import cast

from majorops import clock
from majorops.domain.enums import CheckState, Phase
from majorops.domain.events import Region
from majorops.fireground.blueprint import bp
from majorops.fireground.forms import AdvanceForm, CheckForm, NoteForm, StatusForm, TickForm
from majorops.fireground.responses import checked, incident_action
from majorops.operations.checklist import set_tick
from majorops.operations.phase import advance_phase, change_status, report_symptoms_returned
from majorops.operations.validation import set_check
from majorops.web.context import current_actor


@bp.post("/<int:number>/phase")
@incident_action(advance_phase, Region.PANEL, form="advance")
def advance(incident) -> None:
    """Enter a later phase, the next one unless `to` says otherwise. Raises Invalid, Conflict, GateClosed."""
    checked(form := AdvanceForm())
    advance_phase(
        incident,
        form.to.data,
        expected=form.expected.data,
        reason=form.reason.data,
        override=form.override.data,
        actor=current_actor(),
        now=clock.now(),
    )


@bp.post("/<int:number>/status")
@incident_action(change_status, Region.PANEL, form="status")
def status(incident) -> None:
    """Set the status to monitoring or resolved. Raises Invalid, Conflict, GateClosed."""
    checked(form := StatusForm())
    given = {"override": form.override.data, "summary": form.summary.data}
    change_status(incident, form.to.data or incident.status, **given, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/symptoms")
@incident_action(report_symptoms_returned, Region.PANEL, form="symptoms")
def symptoms(incident) -> None:
    """Symptoms returned in phase 7 or 8 (domain §4). Raises Invalid, Conflict.

    The status goes back to active, and the ten clean minutes begin anew.
    """
    checked(form := NoteForm())
    report_symptoms_returned(incident, note=form.text.data, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/checks")
@incident_action(set_check, Region.PANEL, form="check")
def check(incident) -> None:
    """Set the validation of one affected system. Raises Invalid, Conflict, Forbidden.

    A responder does so for systems that they own.
    """
    checked(form := CheckForm())
    by, note = form.confirmed_by.data, form.note.data
    state = cast(CheckState, form.state.data)  # one must be chosen
    set_check(
        incident, form.system.data, state, confirmed_by=by, note=note, actor=current_actor(), now=clock.now()
    )


@bp.post("/<int:number>/ticks")
@incident_action(set_tick, Region.PANEL, form="tick")
def tick(incident) -> None:
    """Tick or untick a line of a phase's checklist. Raises Invalid, also where the record alone ticks it."""
    checked(form := TickForm())
    phase = cast(Phase, form.phase.data)  # it must be given
    set_tick(incident, phase, form.item.data, form.ticked.data, actor=current_actor(), now=clock.now())
