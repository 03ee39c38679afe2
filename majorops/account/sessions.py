"""Where one is signed in, and what happened to the account."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from majorops import clock
from majorops.account.blueprint import bp
from majorops.domain.browsers import describe
from majorops.domain.errors import Conflict
from majorops.domain.security_history import ALARMING, words_for
from majorops.domain.text import count
from majorops.models import UserSession
from majorops.operations.own_account import (
    SEEN_EVERY,
    SHOWN,
    end_other_sessions,
    end_own_session,
    own_history,
    own_sessions,
)
from majorops.web.access import signed_in
from majorops.web.session import oldest_session


@bp.get("/sessions")
@signed_in
def sessions() -> str:
    """Draw the sessions that may still be used, and the history."""
    return render_template(
        "account/sessions.html",
        sessions=running(),
        here=current_user.state.id,
        describe=describe,
        history=own_history(current_user.actor),
        shown=SHOWN,
        words_for=words_for,
        alarming=ALARMING,
        now=clock.now(),
    )


def running() -> list[UserSession]:
    """The sessions of who asks that may still be used."""
    idle = timedelta(hours=current_app.config["SESSION_IDLE_HOURS"])
    return own_sessions(current_user.actor, oldest_session(), clock.now() - idle - SEEN_EVERY)


@bp.post("/sessions/<int:number>/end")
@signed_in
def end_one(number: int) -> Response:
    """End one session, its streams in all processes too. One's own is ended by signing out."""
    if number == current_user.state.id:
        return redirect(url_for(".sessions"), 303)
    try:
        end_own_session(number, actor=current_user.actor, now=clock.now())
        flash("The session has ended.", "done")
    except Conflict as problem:
        flash(str(problem), "error")
    return redirect(url_for(".sessions"), 303)


@bp.post("/sessions/end-others")
@signed_in
def end_others() -> Response:
    """End all sessions but this one, their streams in all processes too."""
    ended = end_other_sessions(current_user.token, actor=current_user.actor, now=clock.now())
    flash(f"{count(ended, 'other session')} ended.", "done")
    return redirect(url_for(".sessions"), 303)
