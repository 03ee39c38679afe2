"""Which device of a person this browser is: kept in the browser, so that sign-out ends its messages too."""

from __future__ import annotations

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.access import Actor
from majorops.operations.devices import remove_left_device
from majorops.signing import keys_of

COOKIE = "majorops_device"
KEPT_FOR = 400 * 86_400  # seconds; no browser keeps a cookie longer


def remember(response: Response, number: int) -> None:
    """Keep in this browser that it is the device of this number."""
    response.set_cookie(COOKIE, _signer().dumps(number), max_age=KEPT_FOR, **_where())


def known() -> int | None:
    """The number of the device that this browser was switched on as; None for none, and for a forged one."""
    try:
        found = _signer().loads(request.cookies.get(COOKIE, ""))
    except BadSignature:
        return None
    return found if isinstance(found, int) else None


def forget(response: Response, actor: Actor | None) -> None:
    """At sign-out: nobody is told anything here any more. `actor`: who signs out, None for nobody."""
    if COOKIE not in request.cookies:
        return
    number = known()
    if number is not None and actor is not None:
        remove_left_device(number, actor=actor, now=clock.now())
    response.delete_cookie(COOKIE, **_where())


def _where() -> dict:
    secure = current_app.session_interface.get_cookie_secure(current_app)
    return {"path": "/", "secure": secure, "httponly": True, "samesite": "Lax"}


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(keys_of(current_app.config), salt="device of this browser")
