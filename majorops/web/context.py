"""What a view needs before it calls an operation.

The incident, who acts and when, and which sending of a form this is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from flask import abort, request
from flask_login import current_user

from majorops.db import db
from majorops.domain.access import Actor
from majorops.models import Incident
from majorops.operations import RequestMeta


def load(number: int) -> Incident:
    """The incident. Aborts with 404, also for a number above all of ours."""
    incident = db.session.get(Incident, number) if number < 2**31 else None
    return incident or abort(404)


def current_actor() -> Actor:
    """Who asks, as operations want it; only where somebody is signed in."""
    actor: Actor = current_user.actor
    return actor


def request_meta() -> RequestMeta | None:
    """Which sending of a form this is, for acts that may wait in the browser and be sent twice.

    Those are fields, notes and CAN. None without a usable key: the act is done each time it comes. What
    waited is taken from whoever made it only: somebody else may have signed in meanwhile. Aborts with 401.
    """
    person = str(current_actor().user_id)
    if request.form.get("person", person) != person:
        abort(401)
    key, made_at = request.form.get("request_key", ""), request.form.get("made_at", "")
    if not (key.isascii() and key.isalnum() and 16 <= len(key) <= 64):
        return None
    waited = made_at.isascii() and made_at.isdigit() and len(made_at) <= 13
    # One person's act at one address: whoever knows the key of another's cannot make theirs count as done.
    key = sha256(f"{person} {request.path} {key}".encode()).hexdigest()
    return RequestMeta(key, datetime.fromtimestamp(int(made_at) / 1000, UTC) if waited else None)
