"""Who can be reached: the mail server, a test message, and the people whom no message reaches. For admins."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, current_app, make_response, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from majorops import clock
from majorops.domain.access import Permission
from majorops.operations.delivery import account_of, newest_tests, unreachable
from majorops.web.access import needs
from majorops.web.selftest import try_out

bp = Blueprint("reach", __name__, url_prefix="/admin/reach")
NAMED = 20


@bp.get("")
@needs(Permission.DATA_MANAGE)
def index() -> Response:
    """Draw the page. Of the people whom no message would reach NAMED are named, the others counted."""
    url = current_app.config["SMTP_URL"]
    server = urlsplit(url) if url else None
    people = unreachable(has_mail=bool(url))
    page = render_template(
        "admin/reach.html",
        server=f"{server.hostname}:{server.port or (465 if server.scheme == 'smtps' else 25)}"
        if server
        else "",
        sender=current_app.config["MAIL_FROM"],
        delivers_here=current_app.config["WORKER"],
        tests=newest_tests(),
        people=people[:NAMED],
        more=max(len(people) - NAMED, 0),
        now=clock.now(),
    )
    return make_response(page)


@bp.post("")
@needs(Permission.DATA_MANAGE)
def test() -> Response:
    """Send a test to the address of whoever asks (half a minute at most), then back to the page."""
    try_out(current_user.actor, account_of(current_user.actor))
    return redirect(url_for(".index"), 303)
