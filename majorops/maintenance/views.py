"""Scheduled maintenance at /admin/maintenance.

What is planned and running, and the form that plans and changes it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from majorops import clock
from majorops.db import db
from majorops.domain.access import Actor, Permission
from majorops.domain.enums import MaintenanceStatus, Repeat, by_value
from majorops.domain.errors import Conflict, Invalid, Refused
from majorops.domain.maintenance import NEXT, OVER
from majorops.domain.text import clean_text
from majorops.maintenance.form import MaintenanceForm
from majorops.maintenance.lists import maintenance_list
from majorops.models import Maintenance
from majorops.operations.maintenance import (
    Plan,
    change_maintenance,
    move_maintenance,
    plan_maintenance,
    post_maintenance_update,
)
from majorops.web.access import needs
from majorops.web.error_handlers import status_of
from majorops.web.suggestions import catalogue

bp = Blueprint("maintenance", __name__, url_prefix="/admin/maintenance")


@bp.get("")
@needs(Permission.MAINTENANCE_MANAGE)
def index() -> Response:
    """The list: running, planned, and the newest that is over."""
    return draw_list()


@bp.get("/new")
@needs(Permission.MAINTENANCE_MANAGE)
def new() -> Response:
    """The form for new maintenance, by the clock and public at first."""
    return draw_form(MaintenanceForm.empty())


@bp.post("/new")
@needs(Permission.MAINTENANCE_MANAGE)
def plan() -> Response:
    """Plan what was typed (`saved`)."""
    form = MaintenanceForm(request.form)
    return saved(form, None, lambda given, actor, now: plan_maintenance(**given, actor=actor, now=now))


@bp.get("/<int:number>/edit")
@needs(Permission.MAINTENANCE_MANAGE)
def edit(number: int) -> Response:
    """The form of one maintenance; what is over cannot be changed and leads to the list. Aborts with 404."""
    row = load(number)
    return to_list(row) if row.status in OVER else draw_form(MaintenanceForm.of(row), row)


@bp.post("/<int:number>/edit")
@needs(Permission.MAINTENANCE_MANAGE)
def change(number: int) -> Response:
    """Save what was typed (`saved`); 409 where somebody else saved since the form was opened."""
    row, form = load(number), MaintenanceForm(request.form)
    expected = form.expected.data or ""

    def change_as_typed(given: Plan, actor: Actor, now: datetime) -> None:
        change_maintenance(row, **given, expected=expected, actor=actor, now=now)

    return saved(form, row, change_as_typed)


@bp.post("/<int:number>/state")
@needs(Permission.MAINTENANCE_MANAGE)
def move(number: int) -> Response:
    """Begin, verify, finish or cancel it, with what was typed as its update. Aborts with 400 and 404."""
    row, to = load(number), by_value(MaintenanceStatus, request.form.get("to", ""))

    def move_there(text: str, actor: Actor, now: datetime) -> None:
        move_maintenance(row, to or abort(400), text=text, actor=actor, now=now)

    return said(row, move_there)


@bp.post("/<int:number>/updates")
@needs(Permission.MAINTENANCE_MANAGE)
def update(number: int) -> Response:
    """Publish what was typed as an update (`said`). Aborts with 404."""
    row = load(number)
    return said(row, lambda text, actor, now: post_maintenance_update(row, text, actor=actor, now=now))


def load(number: int) -> Maintenance:
    """The maintenance. Aborts with 404."""
    return db.session.get(Maintenance, number) or abort(404)


def to_list(row: Maintenance) -> Response:
    """On to the list, at this row."""
    return redirect(url_for("maintenance.index", _anchor=f"m{row.id}"), 303)


def saved(form: MaintenanceForm, row: Maintenance | None, operation: Callable) -> Response:
    """Call the operation with what the form holds, and on to the list.

    Refused, the form again with everything typed: 422 for wrong values, 409 for another version.
    """
    now, number = clock.now(), row.id if row else 0
    try:
        made = operation(form.accept(now), current_user.actor, now)
        return to_list(made or load(number))
    except Invalid as problem:
        return draw_form(form, row, errors=problem.errors, status=422)
    except Conflict as problem:
        form.expected.data = load(number).version  # sent once more, it is saved knowingly
        return draw_form(form, row, refused=str(problem), status=409)


def said(row: Maintenance, operation: Callable) -> Response:
    """Call the operation with the text typed, and back to the list.

    Refused, the text and the sentence stand at the row.
    """
    text, number = request.form.get("text", ""), row.id
    try:
        operation(clean_text(text), current_user.actor, clock.now())
        return to_list(load(number))
    except Refused as problem:
        return draw_list(refused=number, error=str(problem), typed=text, status=status_of(problem))


def draw_list(*, refused: int = 0, error: str = "", typed: str = "", status: int = 200) -> Response:
    """The list; after a refusal with the sentence (`error`) and the text (`typed`) at the row `refused`."""
    values: dict[str, object] = {"rows": maintenance_list(), "NEXT": NEXT, "OVER": OVER}
    values |= {"refused": refused, "error": error, "typed": typed}
    return make_response(render_template("maintenance/list.html", **values), status)


def draw_form(
    form: MaintenanceForm,
    row: Maintenance | None = None,
    *,
    errors: dict | None = None,
    refused: str = "",
    status: int = 200,
) -> Response:
    """The form with what was typed; `row`: what is being changed, none for a new one."""
    values = {"form": form, "row": row, "errors": errors or {}, "refused": refused, "names": catalogue()}
    values["units"] = list(Repeat)
    page = render_template("maintenance/form.html", **values, now=clock.now())
    return make_response(page, status)
