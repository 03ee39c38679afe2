"""Actions: the list of all, and each one: added at a review, changed, ended, as a calendar file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from flask import abort, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from majorops import clock
from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import ActionKind, ActionState, by_value
from majorops.domain.errors import Refused
from majorops.models import ActionItem
from majorops.operations.actions import Planned, add_action, change_action, end_action
from majorops.operations.calendars import action_calendar
from majorops.reviews.action_list import SHOWN, Filter, action_list, systems_with_actions
from majorops.reviews.acts import line, review_action, text
from majorops.reviews.blueprint import action_bp, bp
from majorops.reviews.forms import Typed
from majorops.reviews.model import NewAction, action_of
from majorops.reviews.page import calendar_file
from majorops.web.access import needs
from majorops.web.context import current_actor
from majorops.web.error_handlers import number_of, status_of
from majorops.web.suggestions import suggestions


@bp.post("/actions")
@review_action(add_action, "action", "actions")
def add(incident) -> None:
    """Add an action to the review. Raises Invalid, Asked, Conflict."""
    add_action(incident, planned(), is_sure="sure" in request.form, actor=current_actor(), now=clock.now())


@action_bp.get("")
@needs(Permission.INCIDENT_READ)
def index() -> str:
    """All actions, as the filters in the address say."""
    page = action_list(Filter.of(request.args), current_actor(), clock.now())
    given = {"shown": SHOWN, "systems": systems_with_actions()}
    return render_template("reviews/actions.html", page=page, **given)


@action_bp.get("/<int:number>")
@needs(Permission.INCIDENT_READ)
def show(number: int) -> Response:
    """One action, with its forms for who may change it; 404 for none."""
    return draw(load_action(number))


@action_bp.get("/<int:number>.ics")
@needs(Permission.INCIDENT_READ)
def calendar(number: int) -> Response:
    """The action as a day in a calendar; 404 for none."""
    item = load_action(number)
    file = action_calendar(item, current_app.config["BASE_URL"] or "")
    return calendar_file(file, f"{item.incident.reference}-{item.reference}.ics")


@action_bp.post("/<int:number>")
@needs(change_action)
def change(number: int) -> Response:
    """Change an action; refused, its page with what was typed. 404 for none."""
    item, seen, is_sure = load_action(number), number_of(line("seen")), "sure" in request.form

    def change_it(actor: Actor, now: datetime) -> None:
        given = planned()
        change_action(item.incident, item.number, given, seen=seen, is_sure=is_sure, actor=actor, now=now)

    return said(item, "action", change_it)


@action_bp.post("/<int:number>/end")
@needs(end_action)
def end(number: int) -> Response:
    """End an action, done or dropped; refused, its page with what was typed. 404 for none."""
    item = load_action(number)
    state, seen = by_value(ActionState, line("state")) or ActionState.OPEN, number_of(line("seen"))

    def end_it(actor: Actor, now: datetime) -> None:
        outcome = text("outcome")
        end_action(item.incident, item.number, state, outcome, seen=seen, actor=actor, now=now)

    return said(item, "end", end_it)


def load_action(number: int) -> ActionItem:
    """The action. Aborts with 404."""
    return db.session.get(ActionItem, number) or abort(404)


def planned() -> Planned:
    """An action as it was typed."""
    try:
        due_on = date.fromisoformat(line("due_on"))
    except ValueError:
        due_on = None
    return Planned(
        line("text"), line("owner"), due_on, by_value(ActionKind, line("kind")), line("tracker_url")
    )


def said(item: ActionItem, form: str, operation: Callable[[Actor, datetime], None]) -> Response:
    """Call the operation and go back to the action's review; refused, the page with the sentence."""
    incident, number = item.incident_id, item.id
    try:
        operation(current_actor(), clock.now())
    except Refused as problem:
        return draw(load_action(number), Typed(form, request.form, problem))
    return redirect(url_for("review.show", number=incident, _anchor=f"action-{number}"), 303)


def draw(item: ActionItem, form: Typed | None = None) -> Response:
    """The page of an action; 200, or the status of the refusal in `form`."""
    action = action_of(item, current_actor(), clock.now().date())
    now = NewAction(item.text, item.owner_name, f"{item.due_on}", item.kind.value, item.tracker_url)
    shown = {"action": action, "item": item, "form": form or Typed(), "kinds": list(ActionKind)}
    page = render_template("reviews/action.html", **shown, given=now, people=suggestions("people"))
    return make_response(page, status_of(form.problem) if form and form.problem else 200)
