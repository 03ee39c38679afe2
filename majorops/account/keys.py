"""The single keys of the fireground: switched on or off for the whole account, and what each does."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from majorops import clock
from majorops.account.blueprint import bp
from majorops.domain.access import Permission
from majorops.operations.own_account import switch_single_keys
from majorops.web.access import needs


@bp.get("/keys")
@needs(Permission.INCIDENT_READ)
def keys() -> str:
    """Draw the switch and the list."""
    return render_template("account/keys.html", is_on=current_user.state.has_single_keys)


@bp.post("/keys")
@needs(Permission.INCIDENT_READ)
def switch_keys() -> Response:
    """Switch them, then back to the page."""
    is_on = request.form.get("single_keys") == "on"
    switch_single_keys(is_on, actor=current_user.actor, now=clock.now())
    flash("Single keys act." if is_on else "Single keys do nothing.", "done")
    return redirect(url_for(".keys"), 303)
