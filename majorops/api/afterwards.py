"""What comes after the close, and what is looked up: reviews, actions, measures, search."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from majorops import clock
from majorops.api import shapes
from majorops.api.acts import AT, act
from majorops.api.records import reading
from majorops.api.route import Done, Route, incident_of
from majorops.api.shapes import Given, Line, Name, Team, Text, Time
from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import ActionKind, ActionState, Severity
from majorops.domain.errors import Invalid
from majorops.domain.measured import Apart
from majorops.domain.review import REVIEW_FIELDS
from majorops.domain.search import READ, parse
from majorops.measures.choice import chosen
from majorops.measures.files import document as measures_document
from majorops.measures.report import reports
from majorops.models import ActionItem
from majorops.operations import RequestMeta, actions, after_action, reviews
from majorops.operations.searching import KINDS, Hits, search_as_meant
from majorops.operations.similar import like_incident
from majorops.projections.measures import measured
from majorops.reviews.action_list import Filter, action_list
from majorops.reviews.exports import document as review_document
from majorops.reviews.model import build

REVIEW, ACTIONS, MEASURES, SEARCH = "Learning Review", "Actions", "Measures", "Search"
ACTION = f"{AT}/actions/<int:action_number>"


class TextGiven(Given):
    """A text of the review; `was`: the one that you read, null to compare with nothing.

    `is_sure`: you were asked about a name in it.
    """

    name: Literal[tuple(REVIEW_FIELDS)]  # type: ignore[valid-type]
    typed: Annotated[Text, Field(alias="text")]
    was: Text | None = None
    is_sure: bool = False


class QuestionGiven(Given):
    """A question for the meeting, about an entry of the timeline or about all of it."""

    text: Text
    seq: Annotated[int, Field(ge=1, lt=2**31)] | None = None


class AnswerGiven(Given):
    """The answer to a question of the review."""

    text: Text


class Held(Given):
    """Who attended, one a line, each with at most one line of theirs after a colon."""

    attended: Text


class Published(Given):
    """`seen`: the version that you read, null for any; `is_sure`: you were asked about unread drafts."""

    seen: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    is_sure: bool = False


class Appointment(Given):
    """When the After Action is held."""

    at: Time


class CalledOff(Given):
    """Why there is no After Action."""

    reason: Line


class ActionGiven(Given):
    """An action: one owner, by name or address. `is_sure`: you were asked about a verb without an end."""

    text: Line
    owner: Name
    due_on: Annotated[date, Field(strict=False)]
    kind: ActionKind
    tracker_url: Annotated[str, Field(max_length=2_000)] = ""
    is_sure: bool = False


class ActionChange(ActionGiven):
    """The action as it shall be; `seen`: its `changes` as you read it, null for any."""

    seen: Annotated[int, Field(ge=0, lt=2**31)] | None = None


class Ending(Given):
    """How an action ends: done, with the evidence, or dropped, with the reason."""

    state: ActionState
    outcome: Text
    seen: Annotated[int, Field(ge=0, lt=2**31)] | None = None


class ActionsAsked(Given):
    """Which actions: open, mine, overdue or ended; of a system, of an incident, of drills."""

    show: Literal["open", "mine", "overdue", "ended"] = "open"
    system: Team = ""
    incident: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    practice: bool = False
    page: Annotated[int, Field(ge=1, le=50)] = 1


class MeasuresAsked(Given):
    """Which incidents: opened from `since` to `until`, both among them, and more narrowly."""

    of: Apart = Apart.INCIDENT
    severity: Severity | None = None
    system: Team = ""
    team: Team = ""
    since: date | None = None
    until: date | None = None


class Sought(Given):
    """What is looked for: words, "phrases", -not, system:, severity:, before:, mim:, or a number.

    `order`: the newest first, or the best of them; `kind`: of these things alone.
    """

    q: Annotated[str, Field(max_length=READ)]
    order: Literal["newest", "best"] = "newest"
    kind: Literal[tuple(kind.name for kind in KINDS)] | None = None  # type: ignore[valid-type]


def show_review(number: int, actor: Actor) -> Done:
    """The Learning Review as it stands: what the record says, and what people wrote."""
    incident = incident_of(number, actor)
    return Done(shapes.Review(review_document(build(incident, actor, clock.now()))), incident)


def list_actions(given: ActionsAsked, actor: Actor) -> Done:
    """Actions of all incidents, what is due first at the head; of what ended the newest."""
    system = given.system or actor.only_system
    if not actor.sees([system]):
        return Done(shapes.ActionPage(actions=[], more=False))
    asked = Filter(given.show, system, given.incident, "", given.practice, given.page)
    found = action_list(asked, actor, clock.now())
    # They were read just now: the session knows them.
    rows = [db.session.get_one(ActionItem, one.id) for one in found.rows]
    shown = [shapes.ActionOut.model_validate(one) for one in rows]
    return Done(shapes.ActionPage(actions=shown, more=found.has_more))


def add_action(number: int, given: ActionGiven, meta: RequestMeta, actor: Actor) -> Done:
    """Add an action to an incident's review; its owner is told."""
    incident = incident_of(number, actor)
    who: dict[str, Any] = {"actor": actor, "now": clock.now(), "request_meta": meta}
    made = actions.add_action(incident, _planned(given), is_sure=given.is_sure, **who)
    found = made or actions.actions_of(incident.id)[-1]  # sent twice: the last one
    return Done(_shown(found), incident)


def change_action(
    number: int, action_number: int, given: ActionChange, meta: RequestMeta, actor: Actor
) -> Done:
    """Change an open action; moving its date is counted."""
    incident = incident_of(number, actor)
    who: dict[str, Any] = {"actor": actor, "now": clock.now(), "request_meta": meta}
    who |= {"is_sure": given.is_sure, "seen": given.seen}
    actions.change_action(incident, action_number, _planned(given), **who)
    return _action(incident, action_number)


def end_action(number: int, action_number: int, given: Ending, meta: RequestMeta, actor: Actor) -> Done:
    """End an action."""
    incident = incident_of(number, actor)
    who: dict[str, Any] = {"actor": actor, "now": clock.now(), "request_meta": meta, "seen": given.seen}
    actions.end_action(incident, action_number, given.state, given.outcome, **who)
    return _action(incident, action_number)


def _planned(given: ActionGiven) -> actions.Planned:
    return actions.Planned(given.text, given.owner, given.due_on, given.kind, given.tracker_url)


def _action(incident: Any, action_number: int) -> Done:
    (found,) = [one for one in actions.actions_of(incident.id) if one.number == action_number]
    return Done(_shown(found), incident)


def _shown(item: ActionItem) -> shapes.ActionOut:
    db.session.refresh(item)
    return shapes.ActionOut.model_validate(item)


def show_measures(given: MeasuresAsked, actor: Actor) -> Done:
    """Every measure of the incidents that are asked for, each with its one definition and its n."""
    if not actor.sees([given.system or actor.only_system]):
        raise Invalid({"system": f"This token measures {actor.only_system} only."})
    narrowed = given.model_copy(update={"system": given.system or actor.only_system})
    asked = {name: str(value) for name, value in narrowed.model_dump(mode="json").items() if value}
    choice, now = chosen(asked, clock.now().date()), clock.now()
    if choice.errors:
        raise Invalid(choice.errors)
    return Done(shapes.Measures(**measures_document(reports(measured(choice.asked, now)), choice, now)))


def search(given: Sought, actor: Actor) -> Done:
    """What is found in the record, by kind; and what was meant, where nothing was as it was typed."""
    typed = given.q
    if actor.only_system:  # a phrase that was not closed would take the filter for its words
        typed += '"' * (typed.count('"') % 2) + f" system:{actor.only_system}"
    query = parse(typed)
    if query.problem or not actor.sees([query.system]):
        raise Invalid({"q": query.problem or f"This token searches {actor.only_system} only."})
    names = [given.kind] if given.kind else []
    found, meant = search_as_meant(typed, actor=actor, names=names, best=given.order == "best")
    return Done(shapes.Found(found=[one for hits in found for one in _hits(hits)], meant=meant))


def _hits(hits: Hits) -> list[shapes.FoundOne]:
    return [
        shapes.FoundOne(
            kind=hits.kind.name,
            incident=hit.incident,
            seq=hit.seq,
            title="".join(text for text, _ in hit.title),
            text="".join(text for text, _ in hit.text),
            at=hit.at,
        )
        for hit in hits.rows
    ]


def list_similar(number: int, actor: Actor) -> Done:
    """Up to three earlier incidents that this one resembles, and why."""
    incident = incident_of(number, actor)
    found = [one for one in like_incident(incident, actor=actor) if actor.sees(one.case.systems)]
    rows = [
        shapes.SimilarOne(number=one.case.number, title=one.case.title, why=one.why, course=one.course)
        for one in found
    ]
    return Done(shapes.Similar(similar=rows), incident)


def own(method: str, path: str, do: Any, summary: str, body: Any, status: int = 200) -> Route:
    """A route about one action."""
    needs = Permission.TIMELINE_NOTE
    shows = shapes.ActionOut
    return Route(method, path, do.__name__, summary, ACTIONS, needs, do, shows, body=body, status=status)


QUESTION = "/review/questions"
ROUTES = (
    reading(f"{AT}/review", show_review, shapes.Review, "The Learning Review", REVIEW),
    act("/review/texts", reviews.write_text, "Write a text", REVIEW, body=TextGiven, method="PUT"),
    act(
        QUESTION,
        reviews.ask_review,
        "Ask before the meeting",
        REVIEW,
        body=QuestionGiven,
        shows=shapes.QuestionOut,
    ),
    act(
        f"{QUESTION}/<int:question_id>/answer",
        reviews.answer_review,
        "Answer a question",
        REVIEW,
        body=AnswerGiven,
    ),
    act("/review/draft", reviews.send_draft, "Send the draft to who is invited", REVIEW),
    act("/review/meeting", reviews.hold_review, "Say that the meeting was held", REVIEW, body=Held),
    act("/review/publication", reviews.publish_review, "Publish it inside", REVIEW, body=Published),
    act("/review/end", reviews.close_review, "Say that its actions were looked at again", REVIEW),
    act(
        "/after-action",
        after_action.set_after_action,
        "Schedule the After Action, or move it",
        REVIEW,
        body=Appointment,
        method="PUT",
    ),
    act(
        "/after-action/cancellation",
        after_action.call_off_after_action,
        "Call the After Action off",
        REVIEW,
        body=CalledOff,
    ),
    reading("/actions", list_actions, shapes.ActionPage, "Actions of all incidents", ACTIONS, ActionsAsked),
    own("POST", f"{AT}/actions", add_action, "Add an action", ActionGiven, 201),
    own("PUT", ACTION, change_action, "Change an action", ActionChange),
    own("POST", f"{ACTION}/end", end_action, "End an action", Ending),
    reading("/measures", show_measures, shapes.Measures, "Every measure", MEASURES, MeasuresAsked),
    reading("/search", search, shapes.Found, "Search the record", SEARCH, Sought),
    reading(f"{AT}/similar", list_similar, shapes.Similar, "Earlier incidents like this one", SEARCH),
)
