"""What agents may do, as data: each tool a name, what it takes, the scope it needs, and what it calls.

None of them publishes, advances or assigns. Who acts by them stands under it with the name of the token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Literal

from flask import g
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from majorops import clock
from majorops.agents import reading
from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import Helper, Visibility
from majorops.domain.errors import NotFound
from majorops.domain.text import clean_line, clean_text
from majorops.models import Incident
from majorops.operations import Operation, RequestMeta, asks, timeline, tracks
from majorops.operations.drafts import propose_draft
from majorops.web.drafting import propose

LONGEST = 4_000  # characters of a text
DONE_BEFORE = "This was done already."

Text = Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(clean_text)]
MaybeText = Annotated[str, Field(max_length=LONGEST), AfterValidator(clean_text)]
Line = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(clean_line)]
Number = Annotated[int, Field(ge=1, lt=2**31, description="The number of the incident: 42 for INC-042.")]
Key = Annotated[
    str,
    Field(
        pattern=r"^([\x21-\x7e]{8,200})?$",
        description="Any text of your own, 8 to 200 characters: sent again with it, the act is done once.",
    ),
]


class Given(BaseModel):
    """What a tool takes: nothing that is not known, no text for a number."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Which(Given):
    """An incident."""

    incident: Number


class Whichever(Given):
    """An incident, or none: then the list of those that run."""

    incident: Number | None = None


class Acting(Which):
    """An incident that something is done at."""

    key: Key = ""


class Note(Acting):
    """A note, which only the response team reads."""

    text: Text


class Can(Acting):
    """Conditions, actions, needs of a team."""

    team: Line
    conditions: Text
    actions: MaybeText = ""
    needs: MaybeText = ""


class Answer(Acting):
    """The answer to an open ask; `ask`: its number, as read_incident tells it."""

    ask: Annotated[int, Field(ge=1, lt=2**31)]
    answer: Text


class Proposal(Acting):
    """The text of an update, of an exec brief, or of the next step; `audience`: whom an update is for."""

    kind: Literal["update", "brief", "suggestion"]
    text: Text
    audience: Literal["internal", "public"] = "internal"


@dataclass(frozen=True)
class Tool:
    """A tool. `needs`: the scope; `do`: takes what was given and who asks, answers a text. May raise Refused.

    `operation`: what it changes something by; None where it only reads.
    """

    name: str
    about: str
    takes: type[Given]
    needs: Permission
    do: Callable[[Any, Actor], str]
    operation: Operation[..., Any] | None = None


def incident_of(number: int, actor: Actor) -> Incident:
    """The incident. Raises NotFound, also where the token does not see it."""
    found = db.session.get(Incident, number)
    if found is None or not actor.sees(found.system_names):
        raise NotFound("There is no such incident.")
    return found


def read_incident(given: Whichever, actor: Actor) -> str:
    """One incident, or those that run."""
    if given.incident is None:
        return reading.running(actor)
    return reading.incident_text(incident_of(given.incident, actor), clock.now())


def find_similar(given: Which, actor: Actor) -> str:
    """Earlier incidents like this one."""
    return reading.similar_text(incident_of(given.incident, actor), actor)


def read_run_card(given: Which, actor: Actor) -> str:
    """The run card of this incident."""
    return reading.card_text(incident_of(given.incident, actor))


def log_note(given: Note, actor: Actor) -> str:
    """Write an internal note."""
    incident = incident_of(given.incident, actor)
    entry = timeline.add_note(incident, given.text, **acting(given, actor))
    return f"Entry {entry.seq} of {incident.reference}." if entry else DONE_BEFORE


def report_can(given: Can, actor: Actor) -> str:
    """Report for a team."""
    incident = incident_of(given.incident, actor)
    said: dict[str, Any] = given.model_dump(include={"team", "conditions", "actions", "needs"})
    report = tracks.report_can(incident, **said | acting(given, actor))
    return f"Reported for {given.team} at {incident.reference}." if report else DONE_BEFORE


def answer_ask(given: Answer, actor: Actor) -> str:
    """Answer what was asked."""
    incident = incident_of(given.incident, actor)
    asks.answer_ask(incident, given.ask, given.answer, **acting(given, actor))
    return f"Ask {given.ask} of {incident.reference} is answered."


def propose_a_draft(given: Proposal, actor: Actor) -> str:
    """Lay a draft before who commands."""
    incident, audience = incident_of(given.incident, actor), Visibility(given.audience)
    draft = propose(incident, Helper(given.kind), given.text, visibility=audience, **acting(given, actor))
    if draft is None:
        return DONE_BEFORE
    return f"Draft {draft.id} lies before who commands {incident.reference}. Nothing is posted by it."


def acting(given: Acting, actor: Actor) -> dict[str, Any]:
    """Who acts, when, and which sending of the act it is."""
    named = f"{g.api_token} {type(given).__name__} {given.incident} {given.key}"
    key = sha256(named.encode()).hexdigest() if given.key else ""
    return {"actor": actor, "now": clock.now(), "request_meta": RequestMeta(key)}


def act(name: str, about: str, takes: type[Given], do: Callable, operation: Operation[..., Any]) -> Tool:
    """A tool that changes something, by an operation and with the scope that this one needs."""
    return Tool(name, about, takes, operation.needs or Permission.DATA_MANAGE, do, operation)


READ = Permission.INCIDENT_READ
TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "read_incident",
            "Read an incident: how it stands, its timeline, tracks, CAN reports, open asks. "
            "Without a number: the incidents that run.",
            Whichever,
            READ,
            read_incident,
        ),
        Tool(
            "find_similar",
            "Find up to three earlier incidents like this one, with cause, what ended them, tracks "
            "and causes that were ruled out.",
            Which,
            READ,
            find_similar,
        ),
        Tool("read_run_card", "Read the run card that answers an incident.", Which, READ, read_run_card),
        act(
            "log_note",
            "Write a note into the timeline. Only the response team reads it.",
            Note,
            log_note,
            timeline.add_note,
        ),
        act(
            "report_can",
            "Report conditions, actions and needs of a team.",
            Can,
            report_can,
            tracks.report_can,
        ),
        act("answer_ask", "Answer an open ask, by its number.", Answer, answer_ask, asks.answer_ask),
        act(
            "propose_draft",
            "Lay a draft of an update, an exec brief or the next step before who commands. It goes nowhere "
            "until a person reads it and posts it as their own.",
            Proposal,
            propose_a_draft,
            propose_draft,
        ),
    )
}
