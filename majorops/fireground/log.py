"""The log line and what may be done with an entry of the timeline."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.can import parse_can
from majorops.domain.entry import parse_ask, parse_cause, parse_decision
from majorops.domain.enums import Visibility
from majorops.domain.events import Region
from majorops.fireground.blueprint import bp
from majorops.fireground.forms import (
    AnswerForm,
    CorrectionForm,
    LogForm,
    MinutesForm,
    NameForm,
    VisibilityForm,
)
from majorops.fireground.responses import changed, checked, incident_action
from majorops.operations.asks import answer_ask, ask, defer_ask, log_decision, park_ask, rule_out
from majorops.operations.command import release_responder
from majorops.operations.reviews import mark_entry
from majorops.operations.timeline import add_note, set_visibility, strike_entry
from majorops.operations.tracks import report_can
from majorops.web.context import current_actor, request_meta


@bp.post("/<int:number>/notes")
@incident_action(add_note, Region.TIMELINE, form="log")
def note(incident) -> Response:
    """Log a CAN, an ask, a decision, a cause that is ruled out, or a note; only a note may be public.

    The operation of each kind asks for its own permission. Raises Forbidden, Invalid, Conflict.
    """
    checked(form := LogForm())
    text, actor, now, sent = form.text.data, current_actor(), clock.now(), request_meta()
    visibility = Visibility.INTERNAL
    match form.kind.data:
        case "can":
            report_can(incident, **can_given(form), actor=actor, now=now, request_meta=sent)
        case "ask":
            ask(incident, **parse_ask(text), actor=actor, now=now, request_meta=sent)
        case "decision":
            log_decision(incident, **parse_decision(text), actor=actor, now=now, request_meta=sent)
        case "ruled_out":
            rule_out(incident, **parse_cause(text), actor=actor, now=now, request_meta=sent)
        case _:
            visibility = seen(form.public.data)
            add_note(incident, text, visibility=visibility, actor=actor, now=now, request_meta=sent)
    said = f"Logged, {visibility.value}, {now:%H:%M:%S} UTC."
    return changed(incident, "timeline", said=said)


def can_given(form: LogForm) -> dict[str, str]:
    """A CAN as it was typed: in its fields, where they were chosen or filled, or in one line."""
    fields = {name: form[name].data for name in ("team", "conditions", "actions", "needs")}
    is_filled = fields["team"] and fields["conditions"]
    return fields if form.by_field.data or is_filled or not form.text.data else parse_can(form.text.data)


def seen(is_public: bool) -> Visibility:
    """The visibility that the box of the log line stands for; internal unless it was ticked (domain §6)."""
    return Visibility.PUBLIC if is_public else Visibility.INTERNAL


@bp.post("/<int:number>/entries/<int:seq>/visibility")
@incident_action(set_visibility, Region.TIMELINE, form="visibility")
def visibility(incident, seq: int) -> None:
    """Make entry `seq` public or internal; an update's entry takes the update along. Raises Invalid."""
    checked(form := VisibilityForm())
    set_visibility(
        incident, seq, form.visibility.data or Visibility.INTERNAL, actor=current_actor(), now=clock.now()
    )


@bp.post("/<int:number>/entries/<int:seq>/correction")
@incident_action(strike_entry, Region.TIMELINE, form="correction")
def correct_entry(incident, seq: int) -> None:
    """Strike out the note that is entry `seq` by a correction (domain §3). Raises Invalid, Conflict."""
    checked(form := CorrectionForm())
    strike_entry(incident, seq, form.text.data, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/entries/<int:seq>/mark")
@incident_action(mark_entry, Region.TIMELINE, form="mark")
def mark(incident, seq: int) -> None:
    """Mark entry `seq` for the review, or take the mark off, as `marked` says. Raises Invalid."""
    is_marked = request.form.get("marked") == "y"
    mark_entry(incident, seq, is_marked, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/releases")
@incident_action(release_responder, Region.PANEL, form="release")
def release(incident) -> None:
    """Release a responder from the bridge by name. Raises Invalid, Conflict.

    A command role that they hold, but MIM, becomes vacant while the incident runs.
    """
    checked(form := NameForm())
    release_responder(incident, form.name.data, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/asks/<int:ask>/answer")
@incident_action(answer_ask, Region.ASKS, form="answer")
def answer(incident, ask: int) -> None:
    """Close an ask with its answer. Raises Invalid, Conflict."""
    checked(form := AnswerForm())
    answer_ask(incident, ask, form.answer.data, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/asks/<int:ask>/deferral")
@incident_action(defer_ask, Region.ASKS, form="answer")
def defer(incident, ask: int) -> None:
    """Close an ask without an answer, with the reason. Raises Invalid, Conflict."""
    checked(form := AnswerForm())
    defer_ask(incident, ask, form.answer.data, actor=current_actor(), now=clock.now())


@bp.post("/<int:number>/asks/<int:ask>/park")
@incident_action(park_ask, Region.ASKS, form="park")
def park(incident, ask: int) -> None:
    """Give an ask a new time, 1 to 720 minutes from now. Raises Invalid, Conflict."""
    checked(form := MinutesForm())
    park_ask(incident, ask, form.minutes.data, actor=current_actor(), now=clock.now())
