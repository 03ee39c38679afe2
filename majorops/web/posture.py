"""The word beside the wordmark, by the same rule on every page (guide, "The Wordmark").

Where the database does not answer, the last word that this process knew; none where it knew none.
"""

from __future__ import annotations

import time

from flask import Flask, current_app, g, session
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from majorops.db import db
from majorops.projections.posture import has_active_incident

# seconds for which an error page believes what was read last: strangers may ask for as many as they like
RECENT = 5.0


def public_posture() -> str:
    """`wartime`, `peacetime`, or nothing: what a page may say that is the same for everybody."""
    return _read(only_public=True)


def posture() -> str:
    """The same for the person who asks: accounts know of incidents that are not public.

    Where the account behind a session cannot be read, the word stands only if it is true for both.
    """
    if current_user.is_authenticated:
        return _read(only_public=False)
    word = public_posture()
    if "_user_id" in session and word != _known(only_public=False):
        return ""
    return word


def say_what_was_known() -> None:
    """For the rest of this request the database is not asked: it just failed."""
    g.posture_is_remembered = True


def believe_recent() -> None:
    """For the rest of this request what was read in the last seconds is good enough."""
    g.posture_may_be_recent = True


def _read(*, only_public: bool) -> str:
    known = current_app.extensions["posture"]
    word, at = known.get(only_public, ("", 0.0))
    is_recent = g.get("posture_may_be_recent") and word and time.monotonic() - at < RECENT
    if g.get("posture_is_remembered") or is_recent:
        return word
    began = time.monotonic()
    try:
        word = "wartime" if has_active_incident(only_public=only_public) else "peacetime"
    except SQLAlchemyError:
        db.session.rollback()
        say_what_was_known()
        return word
    known[only_public] = (word, began)
    return word


def _known(*, only_public: bool) -> str:
    return current_app.extensions["posture"].get(only_public, ("", 0.0))[0]


def init_app(app: Flask) -> None:
    """Offer both words to templates; this process knows none yet."""
    app.extensions["posture"] = {}
    app.add_template_global(posture)
    app.add_template_global(public_posture)
