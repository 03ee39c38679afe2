"""How requests are answered that fail, are refused, or come from a stranger.

Partials for the page's script, whole pages without it, and clear sentences in both.
"""

from __future__ import annotations

import logging
import re

from flask import Flask, current_app, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFError, generate_csrf
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from majorops import clock
from majorops.db import db, storage_problem
from majorops.domain.access import Permission
from majorops.domain.errors import (
    Asked,
    Busy,
    Conflict,
    Forbidden,
    GateClosed,
    Invalid,
    NotFound,
    Refused,
    Stale,
)
from majorops.domain.text import reference
from majorops.i18n import DEFAULT, texts_at
from majorops.operations.accounts import admins_to_ask
from majorops.operations.sign_in import SignIn
from majorops.web.access import own_start, role_map, roles_for
from majorops.web.assertions import sign_out_address
from majorops.web.posture import believe_recent, say_what_was_known
from majorops.web.session import forget_user, has_lost_proxy, refusal

log = logging.getLogger(__name__)

STATUS = {
    Invalid: 422,
    Asked: 422,
    Stale: 412,
    Conflict: 409,
    GateClosed: 409,
    Forbidden: 403,
    NotFound: 404,
    Busy: 503,
}
# Fields that a form carries for us, not for people.
OURS = {"csrf_token", "was", "expected", "request_key", "next"}
# And what nobody is shown again.
SECRETS = (
    "password",
    "again",
    "old_password",
    "code",
    "credential",
    "proof_password",
    "proof_code",
)  # as typed
WORDS = {
    400: ("Not taken", "The request could not be read. Go back, your text is kept there."),
    403: ("Not yours to open", "The fireground needs MIM sign-in."),
    404: ("Not found", "There is nothing at this address."),
    405: ("Not found", "There is nothing at this address."),
    413: ("Too long", "The text is longer than 256 KB. Nothing was saved; go back, shorten it, send again."),
    500: ("Server error", "Nothing was saved. Your text is kept: send it again."),
    507: ("Not saved", "The disk of the database is full. Nothing was saved. Your text is kept."),
    503: (
        "Database does not answer",
        "Nothing was saved. Your text is kept: send it again in a moment.",
    ),
}
PUBLIC = "web/errors/public.html"
INCIDENT = re.compile(r"(?:/[a-z]{2})?/incidents/(\d{1,9})(?:\.txt)?")
# Said of a number never used, of a private incident and of a drill alike.
NO_INCIDENT = "{ref} is not public or does not exist."


NOT_THROUGH = (
    "You signed in through the proxy in front of MajorOps, and this request did not come through it: "
    "the address does not lie behind it, or your session there has ended."
)


def wants_partial() -> bool:
    """The page's script asks, not the browser itself."""
    return "HX-Request" in request.headers


def number_of(text: str) -> int | None:
    """A number that an address carries after its `?`; None for what is none of ours."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def status_of(error: Refused) -> int:
    """The status of a refusal, by its class (STATUS)."""
    return next(code for kind, code in STATUS.items() if isinstance(error, kind))


def problem_page(code: int, title: str | None = None, text: str | None = None, **more) -> Response:
    """A clear page for an error, or its short form for the page's script.

    `title`, `text`: else those of WORDS for the code. After a failure (500 and above) a form that was sent is
    shown once more, to be sent again.
    """
    known = WORDS.get(code, WORDS[400 if code < 500 else 500])
    believe_recent() if code < 500 else say_what_was_known()
    # A refused body cannot be read again; after a failure what was typed is shown once more.
    more = {**(kept_text() if code >= 500 and request.method == "POST" else {"kept": []}), **more}
    values = {"code": code, "title": title or known[0], "text": text or known[1], "now": clock.now(), **more}
    if code == 404 and (found := INCIDENT.fullmatch(request.path)):
        values["text"] = NO_INCIDENT.format(ref=reference(int(found[1])))
    if wants_partial():
        response = make_response(render_template("web/errors/_notice.html", **values), code)
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#problem", "innerHTML"
        return response
    template = _template_for(code)
    if template == PUBLIC:
        t = texts_at(request.path)
        values |= {"t": t} | {name: t.own("error", values[name]) for name in ("title", "text")}
    return make_response(render_template(template, **values), code)


def _template_for(code: int) -> str:
    """Strangers get the public look, which needs neither session nor database."""
    inside = code < 500 and current_user.is_authenticated and current_user.actor.can(Permission.INCIDENT_READ)
    return "web/errors/inside.html" if inside else PUBLIC


def on_http_error(error: HTTPException) -> Response:
    """A page for an error of HTTP; below 400, such as Werkzeug's own redirects, the answer stays as it is."""
    if error.code is not None and error.code < 400:
        return error.get_response()
    for prefix, answer in current_app.extensions.get("errors_at", {}).items():
        if request.path.startswith(prefix):  # no view was found, so that no blueprint is asked
            found: Response = answer(error)
            return found
    return problem_page(error.code or 500)


def on_refused(error: Refused) -> Response:
    """The sentence of a rule that no view caught, with the status of `status_of`."""
    return problem_page(status_of(error), title="Not done", text=str(error))


def on_unauthorized(error: HTTPException) -> Response:
    """A stranger: asked to sign in, and brought back with what the address carried.

    Typed text is shown again.
    """
    if wants_partial():
        return problem_page(401, "Signed out", "Text kept.", sign_in=url_for("sign_in.login"))
    if refused := refusal():
        return refused_page(refused, sign_out_address())
    if has_lost_proxy():
        return refused_page(SignIn(problem=NOT_THROUGH), "")
    if request.method in ("GET", "HEAD"):
        return redirect(url_for("sign_in.login", next=request.full_path.rstrip("?")), 303)
    view = current_app.view_functions.get(request.endpoint or "")
    if address := getattr(view, "address_with_what_was_typed", None):
        return redirect(url_for("sign_in.login", next=address()), 303)
    return send_again(401, "Signed out", "Nothing was saved. Sign in, then send it again.")


def on_forbidden(error: HTTPException) -> Response:
    """Somebody who is signed in, at what is not theirs: which roles it needs, what they may open instead."""
    if wants_partial() or not current_user.is_authenticated:
        return on_http_error(error)
    believe_recent()
    *others, last = [role.label for role in roles_for(request.endpoint)] or [""]
    roles = f"{', '.join(others)} or {last}" if others else last
    given = {"roles": roles, "start": own_start(), "has_map": bool(role_map().roles), "now": clock.now()}
    return make_response(render_template("web/errors/forbidden.html", **given), 403)


def refused_page(outcome: SignIn, sign_out: str) -> Response:
    """Why somebody who has shown who they are may not come in, what is missing, and whom to ask; 403.

    `sign_out`: where the session at the provider or the proxy ends, or empty.
    """
    believe_recent()
    given = {"problem": outcome.problem, "wanted": outcome.wanted, "sign_out": sign_out}
    admins = admins_to_ask() if outcome.email else []
    page = render_template("public/sign_in/refused.html", **given, admins=admins, now=clock.now())
    return make_response(page, 403)


def on_csrf_error(error: CSRFError) -> Response:
    """The form's token is not of this session: forged, or the session changed under an open form."""
    if posted_from_elsewhere():
        return problem_page(400, "Not taken", "This form was sent from another site. Nothing was saved.")
    if wants_partial():
        response = problem_page(
            400, "Not saved", "The session changed. Text kept. Reload the page.", reload=True
        )
        if current_user.is_authenticated:
            response.headers["X-CSRF-Token"] = (
                generate_csrf()
            )  # the page's script sends the form once more with it
        return response
    return send_again(
        400, "Not saved yet", "The session changed while the form was open. Check the text and send it again."
    )


def posted_from_elsewhere() -> bool:
    """The browser says that another site sent this. Plain HTTP beyond localhost has no Sec-Fetch-Site."""
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and origin.split("://")[-1] != request.host


def send_again(code: int, title: str, text: str) -> Response:
    """A page with everything that was typed and one button that sends it once more, to the same address."""
    if posted_from_elsewhere():
        return problem_page(400, "Not taken", "This form was sent from another site. Nothing was saved.")
    sign_in = url_for("sign_in.login") if code == 401 else None
    t = texts_at(request.path)
    if t.language != DEFAULT:  # a form of the public pages
        return problem_page(code, title, text, **kept_text())
    more = {"title": title, "text": text, "sign_in": sign_in, "now": clock.now()}
    return make_response(render_template("web/errors/send_again.html", **kept_text(), **more), code)


def kept_text() -> dict:
    """What the request's form carried: `kept` to be sent again, `shown` to be read. Passwords are neither."""
    kept = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in ("csrf_token", *SECRETS)
    ]
    shown = [(name.replace("_", " "), value) for name, value in kept if name not in OURS and value]
    return {"kept": kept, "shown": shown, "address": request.path}


def on_database_error(error: DBAPIError) -> Response:
    """Answer 503 where the database does not answer, 507 with the cause where it takes nothing more.

    503 is a lost connection to the page's script, which then keeps what was typed.
    """
    log.error("database: %s", error.orig)
    forget_user()
    db.session.rollback()
    if cause := storage_problem(error):
        then = "Nothing was saved. Your text is kept: send it again when that is mended."
        return problem_page(507, WORDS[507][0], f"{cause} {then}")
    return problem_page(503)


def on_other_database_error(error: DBAPIError) -> Response:
    """Answer a full disk as `on_database_error` does; drivers disagree on what kind of error it is.

    All else is what nobody expected (`on_crash`).
    """
    if storage_problem(error):
        return on_database_error(error)
    if current_app.testing:
        raise error
    return on_crash(error)


def on_crash(error: Exception) -> Response:
    """What nobody expected: the traceback goes to the log, a plain 500 to the person."""
    log.exception("unhandled", exc_info=error)
    forget_user()
    db.session.rollback()
    return problem_page(500)


def init_app(app: Flask) -> None:
    """Register the answers to errors. Under test what nobody expected is raised instead."""
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(401, on_unauthorized)
    app.register_error_handler(403, on_forbidden)
    app.register_error_handler(CSRFError, on_csrf_error)
    app.register_error_handler(Refused, on_refused)
    app.register_error_handler(OperationalError, on_database_error)
    app.register_error_handler(DatabaseError, on_other_database_error)
    if not app.testing:
        app.register_error_handler(Exception, on_crash)
