"""The blueprint of one's own account, and who has local sign-in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from flask import Blueprint, abort, current_app
from flask_login import current_user

from majorops.web.access import signed_in

bp = Blueprint("account", __name__, url_prefix="/admin/account")


def is_local() -> bool:
    """This person signs in here: to who came by single sign-on nothing of passwords is shown."""
    return current_app.config["LOCAL_LOGIN"] and current_user.state.has_local


def local(view: Callable) -> Callable:
    """Only who signs in with a password or a passkey of ours may use this view; others get 404."""

    @signed_in
    @wraps(view)
    def checked(*args, **kwargs):
        if not is_local():
            abort(404)
        return view(*args, **kwargs)

    return checked
