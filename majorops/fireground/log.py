"""The log line and what may be done with an entry of the timeline."""

from __future__ import annotations

from werkzeug.wrappers import Response

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
from majorops.operations.timeline import add_note, set_visibility, strike_entry
from majorops.operations.tracks import report_can
from majorops.web.context import command_context, offline_command_context


@bp.post("/<int:number>/notes")
@incident_action(add_note, Region.TIMELINE, form="log")
def note(incident) -> Response:
    checked(form := LogForm())
    text, who = form.text.data, offline_command_context()
    visibility = Visibility.INTERNAL
    match form.kind.data:
        case "can":
            report_can(incident, **can_given(form), **who)
        case "ask":
            ask(incident, **parse_ask(text), **who)
        case "decision":
            log_decision(incident, **parse_decision(text), **who)
        case "ruled_out":
            rule_out(incident, **parse_cause(text), **who)
        case _:
            visibility = seen(form.public.data)
            add_note(incident, text, visibility=visibility, **who)
    said = f"Logged, {visibility.value}, {who['now']:%H:%M:%S} UTC."
    return changed(incident, "timeline", said=said)


def can_given(form: LogForm) -> dict[str, str]:
    """A CAN as it was typed: in its fields, where they were chosen or filled, or in one line."""
    fields = {name: form[name].data for name in ("team", "conditions", "actions", "needs")}
    is_filled = fields["team"] and fields["conditions"]
    return fields if form.by_field.data or is_filled or not form.text.data else parse_can(form.text.data)


def seen(is_public: bool) -> Visibility:
    return Visibility.PUBLIC if is_public else Visibility.INTERNAL


@bp.post("/<int:number>/entries/<int:seq>/visibility")
@incident_action(set_visibility, Region.TIMELINE, form="visibility")
def visibility(incident, seq: int) -> None:
    checked(form := VisibilityForm())
    set_visibility(incident, seq, form.visibility.data or Visibility.INTERNAL, **command_context())


@bp.post("/<int:number>/entries/<int:seq>/correction")
@incident_action(strike_entry, Region.TIMELINE, form="correction")
def correct_entry(incident, seq: int) -> None:
    checked(form := CorrectionForm())
    strike_entry(incident, seq, form.text.data, **command_context())


@bp.post("/<int:number>/releases")
@incident_action(release_responder, Region.PANEL, form="release")
def release(incident) -> None:
    checked(form := NameForm())
    release_responder(incident, form.name.data, **command_context())


@bp.post("/<int:number>/asks/<int:ask>/answer")
@incident_action(answer_ask, Region.ASKS, form="answer")
def answer(incident, ask: int) -> None:
    checked(form := AnswerForm())
    answer_ask(incident, ask, form.answer.data, **command_context())


@bp.post("/<int:number>/asks/<int:ask>/deferral")
@incident_action(defer_ask, Region.ASKS, form="answer")
def defer(incident, ask: int) -> None:
    checked(form := AnswerForm())
    defer_ask(incident, ask, form.answer.data, **command_context())


@bp.post("/<int:number>/asks/<int:ask>/park")
@incident_action(park_ask, Region.ASKS, form="park")
def park(incident, ask: int) -> None:
    checked(form := MinutesForm())
    park_ask(incident, ask, form.minutes.data, **command_context())
