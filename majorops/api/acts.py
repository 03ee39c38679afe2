"""What is done at an incident: each act is the operation of the screen, its body that one's arguments."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field

from majorops import clock
from majorops.api import incidents, shapes
from majorops.api.route import Done, Route, incident_of
from majorops.api.shapes import Given, Line, Minutes, Name, Team, Text
from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.briefs import SummaryAtClose
from majorops.domain.enums import CheckState, IncidentStatus, Phase, TrackOutcome, Visibility
from majorops.domain.errors import Conflict
from majorops.operations import (
    Operation,
    RequestMeta,
    asks,
    command,
    handover,
    phase,
    timeline,
    tracks,
    updates,
    validation,
)

AT = "/incidents/<int:number>"
DONE_ALREADY = "This was done already, and its answer is not kept any more."


class Nothing(Given):
    """An empty object."""


class Note(Given):
    """A note for the timeline."""

    text: Text
    visibility: Visibility = Visibility.INTERNAL


class Seen(Given):
    """Who may read an entry."""

    visibility: Visibility


class Correction(Given):
    """What is right."""

    text: Text


class CanGiven(Given):
    """Conditions, actions, needs of a team."""

    team: Team
    conditions: Text
    actions: Text = ""
    needs: Text = ""


class TrackGiven(Given):
    """A recovery track, with a timebox or without."""

    team: Team
    goal: Line
    owner: Name = ""
    minutes: Minutes | None = None


class Time(Given):
    """Minutes from now."""

    minutes: Minutes


class Escalation(Given):
    """To whom: the Leader where nobody is named."""

    to: Name = ""
    note: Text = ""


class Outcome(Given):
    """How a track ended."""

    outcome: TrackOutcome
    note: Text = ""


class TimeboxGiven(Given):
    """A promise of time without a track."""

    purpose: Line
    owner: Name
    minutes: Minutes


class Ended(Given):
    """What came of it."""

    note: Text = ""


class Gathering(Given):
    """The teams whose conditions are gathered."""

    teams: Annotated[list[Team], Field(max_length=12)]
    minutes: Minutes


class AskGiven(Given):
    """What is asked of whom."""

    whom: Name
    what: Line
    minutes: Minutes


class Answer(Given):
    """The answer."""

    answer: Text


class Reason(Given):
    """Why."""

    why: Text


class Decision(Given):
    """What was decided, by whom, against which objections."""

    proposal: Line
    decided_by: Name = ""
    objections: Text = ""


class RuledOut(Given):
    """A cause that it is not."""

    cause: Line
    why: Text


class CheckGiven(Given):
    """The validation of a system."""

    system: Team
    state: CheckState
    confirmed_by: Name = ""
    note: Text = ""


class Update(Given):
    """A status update; internal unless it says otherwise."""

    body: Text
    visibility: Visibility = Visibility.INTERNAL
    next_update_eta: AwareDatetime | None = None
    is_quiet: bool = False


class MilestoneGiven(Update):
    """A milestone: it promises the next update, or, as the resolution, names the After Action."""

    title: Annotated[str, Field(max_length=200)] = ""
    is_resolution: bool = False
    after_action_at: AwareDatetime | None = None


class NewText(Given):
    """The text that replaces an update or a milestone."""

    body: Text


class Advance(Given):
    """The phase to enter, the next one where none is named; `expected`: the one it is in, as you know it.

    `reason`: where phases are skipped. `override`: why a closed gate is passed, for the record.
    """

    to: Phase | None = None
    expected: Phase | None = None
    reason: Text = ""
    override: Text = ""


class Status(Given):
    """The status; `summary`: what becomes of the exec summary at the close, where there is one."""

    to: IncidentStatus
    override: Text = ""
    summary: SummaryAtClose | None = None


class Returned(Given):
    """What was seen."""

    note: Text = ""


class Release(Given):
    """Who is released."""

    name: Name


class Offer(Given):
    """The account that command is offered to."""

    user_id: Annotated[int, Field(ge=1, lt=2**31)]


def act(
    path: str,
    operation: Operation[..., Any],
    summary: str,
    tag: str,
    *,
    body: type[BaseModel] = Nothing,
    shows: type[shapes.Shown] = shapes.IncidentOut,
    method: str = "POST",
    **fixed: object,
) -> Route:
    """A route that calls an operation on an incident, with what the body and the address say by name.

    `shows`: what the operation returns, as a new thing (201); else the incident as it is then. `fixed`:
    arguments of the operation that a program does not choose.
    """

    def do(number: int, given: BaseModel, meta: RequestMeta, actor: Actor, **address: int) -> Done:
        incident = incident_of(number, actor)
        values = {name: getattr(given, name) for name in type(given).model_fields}
        who = {"actor": actor, "now": clock.now(), "request_meta": meta}
        made = operation(incident, **values, **address, **fixed, **who)
        if shows is shapes.IncidentOut:
            return incidents.shown(incident)
        if made is None:
            raise Conflict(DONE_ALREADY)
        db.session.refresh(made)
        return Done(shows.model_validate(made), incident)

    return Route(
        method,
        AT + path,
        operation.__name__,  # type: ignore[attr-defined]
        summary,
        tag,
        operation.needs or Permission.INCIDENT_COMMAND,
        do,
        shows,
        body=body,
        status=200 if shows is shapes.IncidentOut else 201,
    )


TRACK = "/tracks/<int:track_id>"
ASK = "/asks/<int:ask_id>"
OFFER = "/handovers/<int:handover_id>"
RESPONSE, SAID, COURSE = "Response", "Updates", "Phases and command"

ROUTES = (
    act("/notes", timeline.add_note, "Write a note", "Timeline", body=Note, shows=shapes.Entry),
    act(
        "/timeline/<int:seq>/visibility",
        timeline.set_visibility,
        "Make an entry public or internal",
        "Timeline",
        body=Seen,
        method="PUT",
    ),
    act(
        "/timeline/<int:seq>/correction",
        timeline.strike_entry,
        "Strike a note out by a correction",
        "Timeline",
        body=Correction,
        shows=shapes.Entry,
    ),
    act("/decisions", asks.log_decision, "Log a decision", "Timeline", body=Decision, shows=shapes.Entry),
    act("/ruled-out", asks.rule_out, "Log a ruled-out cause", "Timeline", body=RuledOut, shows=shapes.Entry),
    act("/can-reports", tracks.report_can, "Report CAN", RESPONSE, body=CanGiven, shows=shapes.Can),
    act("/can-reports/<int:report_id>/need-met", tracks.meet_need, "Say that a need is met", RESPONSE),
    act("/tracks", tracks.open_track, "Open a track", RESPONSE, body=TrackGiven, shows=shapes.Track),
    act(f"{TRACK}/extension", tracks.extend_track, "Give a track a new timebox", RESPONSE, body=Time),
    act(f"{TRACK}/escalation", tracks.escalate_track, "Escalate a track", RESPONSE, body=Escalation),
    act(f"{TRACK}/outcome", tracks.close_track, "End a track", RESPONSE, body=Outcome),
    act(
        "/timeboxes",
        tracks.open_timebox,
        "Open a timebox without a track",
        RESPONSE,
        body=TimeboxGiven,
        shows=shapes.TimeboxOut,
    ),
    act("/timeboxes/<int:timebox_id>/end", tracks.close_timebox, "End a timebox", RESPONSE, body=Ended),
    act("/gathering", tracks.gather, "Gather conditions from teams", RESPONSE, body=Gathering),
    act("/asks", asks.ask, "Ask somebody for something", RESPONSE, body=AskGiven, shows=shapes.AskOut),
    act(f"{ASK}/answer", asks.answer_ask, "Answer what was asked", RESPONSE, body=Answer),
    act(f"{ASK}/parking", asks.park_ask, "Park what was asked", RESPONSE, body=Time),
    act(f"{ASK}/deferral", asks.defer_ask, "Defer what was asked", RESPONSE, body=Reason),
    act(
        "/checks", validation.set_check, "Set the check of a system", RESPONSE, body=CheckGiven, method="PUT"
    ),
    act(
        "/updates",
        updates.publish_update,
        "Post a status update",
        SAID,
        body=Update,
        shows=shapes.PublicationOut,
        source="api",
    ),
    act(
        "/milestones",
        updates.publish_milestone,
        "Cut a milestone",
        SAID,
        body=MilestoneGiven,
        shows=shapes.PublicationOut,
        source="api",
    ),
    act(
        "/publications/<int:publication_id>/correction",
        updates.correct_publication,
        "Correct an update or a milestone",
        SAID,
        body=NewText,
        shows=shapes.PublicationOut,
    ),
    act("/phase", phase.advance_phase, "Enter a later phase", COURSE, body=Advance),
    act("/status", phase.change_status, "Set monitoring or resolved", COURSE, body=Status),
    act("/symptoms", phase.report_symptoms_returned, "Say that symptoms returned", COURSE, body=Returned),
    act("/command", command.take_command, "Take command", COURSE),
    act("/release", command.release_responder, "Release a responder", COURSE, body=Release),
    act("/handovers", handover.offer_handover, "Offer command to an account", COURSE, body=Offer),
    act(f"{OFFER}/acceptance", handover.accept_handover, "Accept command", COURSE),
    act(f"{OFFER}/refusal", handover.decline_handover, "Decline command", COURSE),
    act(f"{OFFER}/withdrawal", handover.withdraw_handover, "Take an offer of command back", COURSE),
)
