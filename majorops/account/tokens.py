"""Tokens: by one a program acts for the person, within the scopes that they gave it."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from majorops import clock
from majorops.account.blueprint import bp
from majorops.domain.access import SCOPES
from majorops.domain.errors import Invalid, Refused
from majorops.operations.own_account import own_user
from majorops.operations.tokens import add_token, own_token, revoke_token, tokens_of
from majorops.web.access import signed_in
from majorops.web.proof import proven

DAYS = {"30": "in 30 days", "90": "in 90 days", "365": "in a year", "": "never"}


@bp.get("/tokens")
@signed_in
def tokens() -> Response:
    """Draw the page."""
    return drawn_tokens({}, {"days": "90"})


@bp.post("/tokens")
@signed_in
@proven
def add() -> Response:
    """Make a token and show it, this once. 422: refused; then the form again, as it was filled in."""
    given = {name: request.form.get(name, "") for name in ("name", "system", "days")}
    scopes, actor = request.form.getlist("scopes"), current_user.actor
    try:
        row, secret = add_token(own_user(actor), **given, scopes=scopes, actor=actor, now=clock.now())
    except Invalid as problem:
        return drawn_tokens(problem.errors, given | {"scopes": scopes})
    answer = make_response(render_template("account/token.html", row=row, secret=secret))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/tokens/<int:number>/revoke")
@signed_in
def revoke(number: int) -> Response:
    """Revoke one's own token; nothing more is asked: it may have leaked."""
    actor = current_user.actor
    try:
        row = own_token(number, actor)
        revoke_token(row, actor=actor, now=clock.now())
        flash(f"The token {row.name} is revoked.", "done")
    except Refused as problem:
        flash(str(problem), "error")
    return redirect(url_for(".tokens"), 303)


def drawn_tokens(errors: dict[str, str], typed: dict) -> Response:
    """The page; with 422 and the sentences at their fields after a refusal."""
    actor, now = current_user.actor, clock.now()
    page = render_template(
        "account/tokens.html",
        tokens=tokens_of(actor.user_id),
        scopes={scope: words for scope, words in SCOPES.items() if actor.can(scope)},
        days=DAYS,
        errors=errors,
        typed=typed,
        now=now,
    )
    return make_response(page, 422 if errors else 200)
